//===- Algorithms.cpp - direct or Winograd ------------------------------------------===//

#include "compiler/schedule/Algorithms.h"
#include "compiler/schedule/Tiles.h"
#include "dialects/kernel/Shapes.h"
#include "llvm/Support/MathExtras.h"

using namespace dlc;
using namespace dlc::schedule;
using kernel::shapeOf;

static bool hasWinograd(const ConvShape &conv) {
  auto is = [](llvm::ArrayRef<int64_t> have, int64_t want) {
    return llvm::all_of(have, [&](int64_t value) { return value == want; });
  };
  return is(shapeOf(conv.kernel).take_front(2), 3) && is(conv.strides, 1) &&
         is(conv.dilations, 1) && conv.groups == 1 &&
         llvm::all_of(conv.padding, [](int64_t p) { return p >= 0; });
}

namespace {

// Tiles of a block of kernel.winograd: fewer read the weights again too often, more gain nothing.
// Fewer blocks leave threads without work.
constexpr int64_t kLeastTiles = 12, kMostTiles = 39, kLeastBlocks = 5;

// What the estimate takes from measurements of one row of the target facts, in half cycles of a
// core with two multiply-add pipes (the unit of stepCost).
struct Measured {
  int64_t lanes;
  double vector; // to transform one vector of a point, into or out of the Winograd domain
  double byte;   // to read a byte of weights that the second-level cache does not hold
  double launch; // to start a kernel
};

// Fitted to 3x3 layers at batch 1 on one core of an AMD Zen 5 (half a cycle: 0.13 ns): what they
// took beyond their matrix products at the peak. 64 channels at 56x56 took 80 us more by F4 for
// 56,000 vectors and 91 us by F2 for 100,000; 512 at 7x7 took 400 to 700 us more for 16.8 (F2)
// to 37.7 MB (F4) of weights. The machine was shared, and the rows of 4 and 8 lanes rest on few
// layers: measure again before tuning.
constexpr Measured kMeasured[] = {{4, 9, 0.15, 2000}, {8, 11, 0.15, 2000}, {16, 11, 0.15, 2000}};

// Half cycles of one image by either form.
class Estimate {
public:
  Estimate(const TargetFacts &facts, const ConvShape &conv)
      : facts(facts), conv(conv), in(shapeOf(conv.input)), channels(shapeOf(conv.kernel)[2]),
        outBlocks(llvm::divideCeil(shapeOf(conv.kernel)[3], facts.lanes)) {
    for (const Measured &row : kMeasured)
      if (row.lanes == facts.lanes)
        measured = row;
  }

  double direct() const {
    double taps = meanTaps(1) * meanTaps(2);
    return product(conv.result[2], conv.result[1] * taps * channels, 9 * channels) +
           measured.launch;
  }

  double winograd(int64_t m) const {
    int64_t points = (m + 2) * (m + 2), inBlocks = llvm::divideCeil(channels, facts.lanes);
    return product(tiles(m), double(points) * channels, points * channels) +
           measured.vector * points * tiles(m) * (inBlocks + outBlocks) + 3 * measured.launch;
  }

  // Step by step all weights are read once, but the points of an image go through memory twice.
  // Worth it where they stay in the second-level cache or where an image has few tiles.
  int64_t blocks(int64_t m) const {
    int64_t inBlocks = llvm::divideCeil(channels, facts.lanes);
    int64_t point = 4 * (m + 2) * (m + 2) * facts.lanes; // bytes of a tile and block of channels
    int64_t fitting =
        facts.l2 / (point * (inBlocks + 2)); // products: of about two blocks at a time
    int64_t most = std::clamp(fitting, kLeastTiles, kMostTiles);
    int64_t blocks = llvm::divideCeil(tiles(m), most);
    bool large = point * tiles(m) * (inBlocks + outBlocks) > facts.l2;
    return large && blocks >= kLeastBlocks ? blocks : 0;
  }

private:
  int64_t tiles(int64_t m) const {
    return llvm::divideCeil(conv.result[1], m) * llvm::divideCeil(conv.result[2], m);
  }

  // Taps of a window that lie in the image, on average along y (1) or x (2).
  double meanTaps(int dim) const {
    int64_t inside = 0, before = conv.padding[dim == 1 ? 0 : 2];
    for (int64_t at = 0; at < conv.result[dim]; ++at)
      for (int64_t tap = at - before; tap < at - before + 3; ++tap)
        inside += tap >= 0 && tap < in[dim];
    return double(inside) / conv.result[dim];
  }

  // `steps` of the reduction for each of `rows` rows and all channels; the weights have `depth`
  // rows.
  double product(int64_t rows, double steps, int64_t depth) const {
    kernel::TileAttr tile = chooseTile(conv.kernel.getContext(), facts, rows, outBlocks, false);
    double tiles = double(rows) / tile.getRows() * outBlocks / tile.getCols();
    double bytes = 4.0 * depth * outBlocks * facts.lanes;
    double reading = bytes > facts.l2 ? measured.byte * bytes : 0;
    return tiles * steps * stepCost(tile.getRows(), tile.getCols()) + reading;
  }

  const TargetFacts &facts;
  const ConvShape &conv;
  llvm::ArrayRef<int64_t> in;
  int64_t channels, outBlocks;
  Measured measured = kMeasured[0];
};

} // namespace

std::optional<Estimates> dlc::schedule::estimateForms(const TargetFacts &facts,
                                                      const ConvShape &conv) {
  if (!hasWinograd(conv))
    return std::nullopt;
  Estimate estimate(facts, conv);
  return Estimates{estimate.direct(), estimate.winograd(2), estimate.winograd(4)};
}

static int64_t chooseTileSize(const TargetFacts &facts, Winograd use, const ConvShape &conv) {
  std::optional<Estimates> estimates = estimateForms(facts, conv);
  if (use == Winograd::Never || !estimates)
    return 0;
  if (use != Winograd::Auto)
    return use == Winograd::F2 ? 2 : 4;
  // Fewer channels than lanes fill no vector of the transforms, and the direct form reads them
  // unblocked.
  if (shapeOf(conv.kernel)[2] < facts.lanes)
    return 0;
  // A twentieth must be gained: direct sums are closer to exact ones.
  if (std::min(estimates->f2, estimates->f4) >= estimates->direct * 0.95)
    return 0;
  return estimates->f4 <= estimates->f2 ? 4 : 2;
}

WinogradChoice dlc::schedule::chooseWinograd(const TargetFacts &facts, Winograd use,
                                             const ConvShape &conv) {
  int64_t tileSize = chooseTileSize(facts, use, conv);
  return {tileSize, tileSize ? Estimate(facts, conv).blocks(tileSize) : 0};
}
