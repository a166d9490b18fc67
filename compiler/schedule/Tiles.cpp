//===- Tiles.cpp - register tiles ---------------------------------------------------===//

#include "compiler/schedule/Tiles.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;

// Pixels of the largest tile with `cols` vectors. Registers hold the accumulators, a weight vector
// a column and one broadcast; without fused multiply-add also a product. Of 32 registers three stay
// free: LLVM's scheduler moves loads ahead and spills an accumulator in a fuller tile.
static int64_t maxRows(const TargetFacts &facts, int64_t cols) {
  int64_t spare = facts.registers >= 32 ? 3 : 0;
  int64_t room = facts.registers - spare - cols - 1 - (facts.fma ? 0 : 1);
  return std::max<int64_t>(room / cols, 1);
}

// Splits `width` into near-equal tiles of at most `limit`.
static int64_t splitEvenly(int64_t width, int64_t limit) {
  return llvm::divideCeil(width, llvm::divideCeil(width, limit));
}

// With two multiply-add pipes and two load ports: the multiply-adds, or their latency, or the loads
// (weights come from farther than the first cache); and what out-of-order execution does not hide.
int64_t dlc::schedule::stepCost(TileShape tile) {
  auto [rows, cols] = tile;
  return std::max({rows * cols, int64_t(8), rows + 3 * cols}) + 1;
}

namespace {
struct Choice {
  TileShape shape;
  int64_t cost;
};
} // namespace

// Time of one step over a whole output row and all blocks of channels, in hundredths. Tiles of two
// widths cost a twentieth more: they double the code.
static int64_t rowCost(int64_t width, int64_t tiles, int64_t blocks, int64_t cols) {
  int64_t rows = llvm::divideCeil(width, tiles), narrow = tiles * rows - width;
  auto group = [&](int64_t columns) {
    return (tiles - narrow) * stepCost({rows, columns}) + narrow * stepCost({rows - 1, columns});
  };
  int64_t rest = blocks % cols;
  return (blocks / cols * group(cols) + (rest ? group(rest) : 0)) * (narrow ? 105 : 100);
}

// The best split of a row into tiles: as few as registers allow, or up to twice as many.
static Choice chooseRows(const TargetFacts &facts, int64_t width, int64_t blocks, int64_t cols) {
  int64_t fewest = llvm::divideCeil(width, maxRows(facts, cols));
  Choice best{{0, cols}, std::numeric_limits<int64_t>::max()};
  for (int64_t tiles = fewest; tiles <= std::min(2 * fewest, width); ++tiles) {
    int64_t cost = rowCost(width, tiles, blocks, cols);
    if (cost < best.cost)
      best = {{static_cast<int64_t>(llvm::divideCeil(width, tiles)), cols}, cost};
  }
  return best;
}

TileShape dlc::schedule::chooseTileShape(const TargetFacts &facts, int64_t width, int64_t blocks,
                                         bool dividing) {
  std::optional<Choice> best;
  // Two columns stream the fewest weights a multiply-add; others must gain a twentieth.
  for (int64_t cols : {2, 3, 4, 1}) {
    if (cols > blocks || (dividing && blocks % cols))
      continue;
    Choice choice = chooseRows(facts, width, blocks, cols);
    if (!best || choice.cost * 20 < best->cost * 19)
      best = choice;
  }
  return best->shape;
}

// Steps of the reduction in one iteration of its loop: about a hundred multiply-adds keep its
// loop's cost and its code small. Eight lanes take a whole block: LLVM spoils a loop of two
// iterations.
static int64_t chooseUnroll(const TargetFacts &facts) {
  return facts.registers >= 32 ? 4 : facts.lanes;
}

kernel::TileAttr dlc::schedule::chooseTile(MLIRContext *context, const TargetFacts &facts,
                                           int64_t width, int64_t blocks, bool dividing) {
  TileShape shape = chooseTileShape(facts, width, blocks, dividing);
  return kernel::TileAttr::get(context, shape.rows, shape.cols, chooseUnroll(facts));
}

kernel::TileAttr dlc::schedule::chooseGemmTile(MLIRContext *context, const TargetFacts &facts,
                                               int64_t blocks) {
  int64_t cols = std::min<int64_t>(blocks, 2);
  // Columns of the busier of two threads: groups of three share five or six blocks better.
  auto busier = [&](int64_t width) {
    return llvm::divideCeil(llvm::divideCeil(blocks, width), 2) * width;
  };
  if (busier(3) * 10 < busier(2) * 9)
    cols = 3;
  // Heights of which 8, 4, 2 and 1, the heights of the remainders, leave little at usual batches.
  int64_t rows = std::min<int64_t>(12, maxRows(facts, cols));
  // LLVM then loads the inputs of all steps of a body as one vector a row; that vector and the
  // row's address want registers too.
  if (facts.byElement)
    rows = std::min<int64_t>(rows, 6);
  return kernel::TileAttr::get(context, rows, cols, chooseUnroll(facts));
}

kernel::TileAttr dlc::schedule::chooseDepthwiseTile(MLIRContext *context, const TargetFacts &facts,
                                                    int64_t width, int64_t taps) {
  // More outputs than the latency needs only crowd out the weights.
  int64_t rows = std::clamp<int64_t>(facts.registers - 2 - taps, 1, 8);
  return kernel::TileAttr::get(context, splitEvenly(width, rows), 1, 1);
}

WeightsTile dlc::schedule::chooseWeightsTile(MLIRContext *context, const TargetFacts &facts,
                                             int64_t channels, int64_t taps, int64_t blocks,
                                             bool dividing) {
  TileShape best{0, 0};
  bool bestWhole = false;
  int64_t bestCost = std::numeric_limits<int64_t>::max();
  auto consider = [&](int64_t cols, bool whole) {
    int64_t limit = maxRows(facts, cols), span = whole ? channels * taps : channels;
    if (cols > blocks || (dividing && blocks % cols) || (whole && span > limit))
      return;
    int64_t rows = splitEvenly(span, limit), tiles = llvm::divideCeil(span, rows),
            rest = blocks % cols;
    int64_t cost = blocks / cols * stepCost({rows, cols}) + (rest ? stepCost({rows, rest}) : 0);
    cost *= tiles * (whole ? 1 : taps);
    if (cost < bestCost) {
      best = {whole ? channels : rows, cols};
      bestWhole = whole;
      bestCost = cost;
    }
  };
  for (int64_t cols : {2, 3, 4, 1}) {
    consider(cols, false);
    // Pixels at the edges are code of their own, of which few channels make little.
    if (taps > 1 && channels * 2 <= facts.lanes)
      consider(cols, true);
  }
  return {kernel::TileAttr::get(context, best.rows, best.cols, 1), bestWhole};
}

// Two registers are left for a pixel of the image and a product. Under four neighbours a row of
// three taps reads six pixels, not twelve.
TapsTile dlc::schedule::chooseTapsTile(const TargetFacts &facts, int64_t rows, int64_t columns) {
  constexpr int64_t pixels = 4;
  int64_t registers = facts.registers - 2;
  int64_t tapRows = rows * columns + pixels <= registers ? rows : 1;
  return {tapRows, std::clamp<int64_t>(registers - tapRows * columns, 1, pixels)};
}

// Each band but the first computes some rows again, so there are few: about eight parts of work let
// threads end together. Fewer than that are cut so that two and four threads get equal shares.
static constexpr int64_t kEnoughParts = 8;

static int64_t chooseBand(int64_t groups, int64_t rows) {
  int64_t bands = groups >= kEnoughParts ? 1 : llvm::divideCeil(kEnoughParts, groups);
  while (bands > 1 && groups * bands % 4)
    ++bands;
  return llvm::divideCeil(rows, std::min(bands, rows));
}

// Where several rows are made at a time, bands differ in what is made beside what they need: of
// those that leave four threads something to do, one with the least of it.
static int64_t chooseBand(const kernel::RowMaker &maker, const WindowsShape &shape) {
  int64_t best = shape.out[0], least = std::numeric_limits<int64_t>::max();
  for (int64_t parts = kEnoughParts; parts >= 4; --parts) {
    int64_t band = llvm::divideCeil(shape.out[0], parts);
    int64_t needed = (band - 1) * shape.strides[0] + shape.window[0];
    int64_t made = llvm::divideCeil(shape.out[0], band) * llvm::divideCeil(needed, maker.rows);
    if (made < least) {
      best = band;
      least = made;
    }
  }
  return best;
}

// Outputs along a dimension whose windows span at most so many pixels.
static int64_t outputsWithin(const WindowsShape &shape, int dim, int64_t pixels) {
  if (pixels >= shape.middle[dim])
    return shape.out[dim];
  return std::max<int64_t>((pixels - shape.window[dim]) / shape.strides[dim] + 1, 1);
}

Steps dlc::schedule::chooseSteps(const kernel::RowMaker &maker, int64_t pixelBytes,
                                 const WindowsShape &shape) {
  if (maker.whole)
    return {1, shape.out[1], chooseBand(maker, shape)};
  // Rows are kept while they leave an eighth of a small first cache to what streams by. Strips
  // compute the pixels between them twice: a row is cut where a step of it would fill all of that
  // cache.
  constexpr int64_t cacheBytes = 32 << 10, nearBytes = 28 << 10, narrowest = 8;
  int64_t columns = outputsWithin(shape, 1, cacheBytes / pixelBytes / shape.window[0]);
  columns = splitEvenly(shape.out[1], std::max(columns, narrowest));
  int64_t width = std::min((columns - 1) * shape.strides[1] + shape.window[1], shape.middle[1]);
  int64_t band = chooseBand(maker.groups, shape.out[0]);
  return {std::min(outputsWithin(shape, 0, nearBytes / pixelBytes / width), band), columns, band};
}
