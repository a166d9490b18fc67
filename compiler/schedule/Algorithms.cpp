//===- Algorithms.cpp - direct or Winograd ------------------------------------------===//

#include "compiler/schedule/Algorithms.h"
#include "compiler/schedule/Tiles.h"
#include "dialects/kernel/Shapes.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <limits>

using namespace dlc;
using namespace dlc::schedule;
using kernel::shapeOf;
using kernel::WinogradForm;

// Tiles of a block of kernel.winograd: fewer read the weights again too often, more gain nothing.
// Fewer blocks leave threads without work.
static constexpr int64_t kLeastTiles = 24, kMostTiles = 39, kLeastBlocks = 5;

WinogradForm dlc::schedule::formOf(size_t index, int64_t window, int64_t stride) {
  int64_t taps = WinogradForm{0, window, stride}.taps();
  return {kForms[index] + 3 - std::max<int64_t>(taps, 3), window, stride};
}

static WinogradForm winogradOf(const ConvSizes &conv, int64_t m) {
  return {m, conv.window, conv.stride};
}

static bool hasWinograd(const ConvShape &conv) {
  auto is = [](llvm::ArrayRef<int64_t> have, int64_t want) {
    return llvm::all_of(have, [&](int64_t value) { return value == want; });
  };
  llvm::ArrayRef<int64_t> window = shapeOf(conv.kernel).take_front(2);
  return window[0] == window[1] && window[0] >= 3 && window[0] <= 5 &&
         (is(conv.strides, 1) || (window[0] == 3 && is(conv.strides, 2))) &&
         is(conv.dilations, 1) && conv.groups == 1 &&
         llvm::all_of(conv.padding, [](int64_t p) { return p >= 0; });
}

static ConvSizes sizesOf(const ConvShape &conv) {
  llvm::ArrayRef<int64_t> in = shapeOf(conv.input), kernel = shapeOf(conv.kernel);
  return {in[1],           in[2],     conv.result[1], conv.result[2], conv.padding[0],
          conv.padding[2], kernel[2], kernel[3],      kernel[0],      conv.strides[0]};
}

// The same of the convolution over squares.
static ConvSizes sizesOf(const ConvShape &conv, const SpaceToDepth &squares) {
  return {squares.extents[0], squares.extents[1], conv.result[1],
          conv.result[2],     squares.padding[0], squares.padding[2],
          squares.channels,   conv.result[3],     squares.window};
}

// Taps of a window that lie in the image, on average over `result` windows.
static double meanTaps(int64_t result, int64_t extent, int64_t before, int64_t window,
                       int64_t stride) {
  int64_t inside = 0;
  for (int64_t i = 0, at = -before; i < result; ++i, at += stride)
    for (int64_t tap = at; tap < at + window; ++tap)
      inside += tap >= 0 && tap < extent;
  return double(inside) / result;
}

static int64_t tilesOf(const ConvSizes &conv, int64_t m) {
  return llvm::divideCeil(conv.rows, m) * llvm::divideCeil(conv.cols, m);
}

// So few filters of one channel have little to share the input transform with, and direct sums put
// several pixels into a vector.
static constexpr int64_t kFewFilters = 8;

// Images of one channel have a kernel of their own, whose lanes are tiles.
static bool isPlane(const TargetFacts &facts, const ConvSizes &conv, int64_t m) {
  return conv.channels == 1 && conv.stride == 1 && (m == 2 || m == 4) && conv.inCols >= facts.lanes;
}

// Step by step all weights are read once, but the points of an image go through memory twice.
// Worth it where they stay in the second-level cache or where an image has few tiles.
static int64_t chooseBlocks(const TargetFacts &facts, const ConvSizes &conv, int64_t m) {
  int64_t inBlocks = llvm::divideCeil(conv.channels, facts.lanes),
          outBlocks = llvm::divideCeil(conv.filters, facts.lanes), tiles = tilesOf(conv, m);
  WinogradForm form = winogradOf(conv, m);
  int64_t l2 = facts.costs.l2, point = 4 * facts.lanes; // bytes of a block of channels
  // Products: of about two blocks at a time.
  int64_t fitting = l2 / (point * (form.planes() * inBlocks + form.points() * 2));
  int64_t most = std::clamp(fitting, kLeastTiles, kMostTiles);
  int64_t blocks = llvm::divideCeil(tiles, most);
  bool large = point * tiles * (form.planes() * inBlocks + form.points() * outBlocks) > l2;
  return large && blocks >= kLeastBlocks ? blocks : 0;
}

// Time of `steps` of the reduction for each of `rows` rows and all filters.
static double productOf(const TargetFacts &facts, const ConvSizes &conv, int64_t rows,
                        double steps) {
  int64_t blocks = llvm::divideCeil(conv.filters, facts.lanes);
  TileShape tile = chooseTileShape(facts, rows, blocks, /*dividing=*/false);
  return double(rows) / tile.rows * blocks / tile.cols * steps * stepCost(tile);
}

// Bytes of weights with `points` rows for each channel. In all but small networks those of other
// layers are read between two uses: no cache near the core still holds them.
static double bytesOf(const TargetFacts &facts, const ConvSizes &conv, int64_t points) {
  return 4.0 * points * conv.channels * llvm::alignTo(conv.filters, facts.lanes);
}

// Blocks of an image whose points would stay in the cache in either form. Step by step one core
// reads what another wrote, and each step ends in waiting for the slowest; for that each core reads
// all weights, which must be few and near. One thread takes as long in either form, if blocks fill
// their register tiles, so estimates know nothing of it. An even number suits two threads.
static int64_t chooseSmallBlocks(const TargetFacts &facts, const ConvSizes &conv, int64_t m) {
  int64_t tiles = tilesOf(conv, m);
  if (!facts.costs.hasWeightsNear() ||
      bytesOf(facts, conv, winogradOf(conv, m).planes()) >= facts.costs.l2 / 4)
    return 0;
  int64_t most = std::max<int64_t>(kLeastBlocks - 1, llvm::divideCeil(tiles, kMostTiles));
  most += most % 2;
  double whole = productOf(facts, conv, tiles, 1);
  for (int64_t blocks : {most, int64_t(2)}) {
    int64_t rows = llvm::divideCeil(tiles, blocks);
    if (blocks <= tiles && blocks * productOf(facts, conv, rows, 1) <= 1.1 * whole)
      return blocks;
  }
  return 0;
}

// Vectors of points that go through memory beyond the second-level cache. Step by step: all, where
// they are more than it holds. In blocks of tiles: those in, again for each group of output
// channels, where a block's are more.
static double vectorsFromBeyond(const TargetFacts &facts, const ConvSizes &conv, int64_t m,
                                int64_t blocks) {
  WinogradForm form = winogradOf(conv, m);
  int64_t in = form.planes() * tilesOf(conv, m) * llvm::divideCeil(conv.channels, facts.lanes);
  int64_t outBlocks = llvm::divideCeil(conv.filters, facts.lanes);
  int64_t out = form.points() * tilesOf(conv, m) * outBlocks;
  double bytes = 4.0 * facts.lanes;
  if (!blocks)
    return bytes * (in + out) > facts.costs.l2 ? in + out : 0;
  if (bytes * in / blocks <= facts.costs.l2)
    return 0;
  int64_t rows = llvm::divideCeil(tilesOf(conv, m), blocks);
  int64_t cols = chooseTileShape(facts, rows, outBlocks, /*dividing=*/false).cols;
  return double(in) * llvm::divideCeil(outBlocks, cols);
}

// How long a vector takes beside one of 6 x 6 points: a point is a sum along the tile's side,
// twice. Those of F(2x2) take as long as those of F(4x4), for they wait for memory more.
static double effortOf(const WinogradForm &form) {
  return std::max(1.0, std::sqrt(double(form.points())) / 6);
}

FormWork dlc::schedule::workOf(const TargetFacts &facts, const ConvSizes &conv, int64_t m) {
  FormWork work;
  if (m == 0) {
    double taps = meanTaps(conv.rows, conv.inRows, conv.top, conv.window, conv.stride) *
                  meanTaps(conv.cols, conv.inCols, conv.left, conv.window, conv.stride);
    work.direct = productOf(facts, conv, conv.cols, conv.rows * taps * conv.channels);
    work.bytes = bytesOf(facts, conv, conv.window * conv.window);
    work.launches = 1;
    return work;
  }
  WinogradForm form = winogradOf(conv, m);
  int64_t points = form.points(), planes = form.planes(), tiles = tilesOf(conv, m);
  if (isPlane(facts, conv, m)) {
    // Output points are formed and transformed in two cycles each, for they wait for no memory.
    // Pixels are put into their lanes as often as they are read.
    int64_t rows = llvm::divideCeil(conv.rows, m), columns = llvm::divideCeil(conv.cols, m);
    work.product = 4.0 * points * tiles * llvm::divideCeil(conv.filters, facts.lanes);
    work.vectors = 2 * effortOf(form) * points * rows * llvm::divideCeil(columns, facts.lanes);
    work.launches = 1;
    return work;
  }
  int64_t inBlocks = llvm::divideCeil(conv.channels, facts.lanes);
  int64_t outBlocks = llvm::divideCeil(conv.filters, facts.lanes);
  int64_t blocks = chooseBlocks(facts, conv, m);
  work.product = productOf(facts, conv, tiles, double(planes) * conv.channels);
  work.vectors = effortOf(form) * (tiles * (planes * inBlocks + points * outBlocks) +
                                   vectorsFromBeyond(facts, conv, m, blocks));
  work.bytes = bytesOf(facts, conv, planes);
  work.launches = blocks ? 1 : 3;
  return work;
}

static constexpr Price kPrices[] = {{&FormWork::direct, &CostTable::direct},
                                    {&FormWork::product, &CostTable::product},
                                    {&FormWork::vectors, &CostTable::vector},
                                    {&FormWork::bytes, &CostTable::byte},
                                    {&FormWork::launches, &CostTable::launch}};

llvm::ArrayRef<Price> dlc::schedule::prices() { return kPrices; }

// Matrix products run while their weights are prefetched: what takes longer shows. Direct sums wait
// for theirs.
FormWork dlc::schedule::visibleWork(const CostTable &costs, FormWork work) {
  bool waits = costs.product * work.product < costs.byte * work.bytes;
  if (waits)
    work.product = 0;
  else if (work.product)
    work.bytes = 0;
  return work;
}

double dlc::schedule::timeOf(const CostTable &costs, const FormWork &work) {
  double time = 0;
  FormWork visible = visibleWork(costs, work);
  for (const Price &price : kPrices)
    time += visible.*price.quantity * costs.*price.time;
  return time;
}

// Memory that is read by one thread in less than the products take is not by several: two thirds of
// their time are what two threads need of it.
static constexpr double kWaits = 1.5;
// Reading words of fixed point costs so little that it pays before threads wait.
static constexpr double kNearlyWaits = 2.4;

static bool waitsForWeights(const TargetFacts &facts, const FormWork &work, double by) {
  return by * facts.costs.byte * work.bytes > facts.costs.product * work.product;
}

Estimates dlc::schedule::estimateForms(const TargetFacts &facts, const ConvSizes &conv) {
  Estimates estimates;
  estimates.fill(std::numeric_limits<double>::infinity());
  estimates[0] = timeOf(facts.costs, workOf(facts, conv, 0));
  for (size_t i = 1; i < estimates.size(); ++i) {
    WinogradForm form = formOf(i, conv.window, conv.stride);
    if (!form.exists())
      continue;
    FormWork work = workOf(facts, conv, form.tile);
    // A stride makes more weights of the same ones, and has no form of these with fewer bytes.
    if (conv.stride == 1 || !waitsForWeights(facts, work, kWaits))
      estimates[i] = timeOf(facts.costs, work);
  }
  return estimates;
}

// Direct sums read the image as it is.
static Estimates estimateSpaceToDepth(const TargetFacts &facts, const ConvShape &conv,
                                      const SpaceToDepth &squares) {
  ConvSizes sizes = sizesOf(conv, squares);
  Estimates estimates = estimateForms(facts, sizes);
  estimates[0] = timeOf(facts.costs, workOf(facts, sizesOf(conv), 0));
  double vectors =
      double(sizes.inRows) * sizes.inCols * llvm::divideCeil(sizes.channels, facts.lanes);
  double other = facts.costs.vector * vectors + facts.costs.launch;
  for (double &time : llvm::drop_begin(estimates))
    time += other;
  // Over as many taps 6x6 outputs leave errors above 1e-5 of the largest, for a few percent of
  // time.
  if (squares.window == 3)
    estimates.back() = std::numeric_limits<double>::infinity();
  return estimates;
}

std::optional<ConvForms> dlc::schedule::formsOf(const TargetFacts &facts, const ConvShape &conv) {
  if (hasWinograd(conv))
    return ConvForms{std::nullopt, sizesOf(conv), estimateForms(facts, sizesOf(conv))};
  if (std::optional<SpaceToDepth> squares = planSpaceToDepth(conv))
    return ConvForms{squares, sizesOf(conv, *squares), estimateSpaceToDepth(facts, conv, *squares)};
  return std::nullopt;
}

size_t dlc::schedule::fastestForm(const Estimates &estimates) {
  // A twentieth must be gained: the smaller a form's tiles, the closer to exact sums it is.
  size_t best = 0;
  for (size_t form = 1; form < estimates.size(); ++form)
    if (estimates[form] < estimates[best] * 0.95)
      best = form;
  return best;
}

static int64_t tileSizeOf(Winograd use) {
  switch (use) {
  case Winograd::F2:
    return 2;
  case Winograd::F3:
    return 3;
  case Winograd::F4:
    return 4;
  case Winograd::F5:
    return 5;
  case Winograd::F6:
    return 6;
  default:
    return 0;
  }
}

WinogradChoice dlc::schedule::chooseWinograd(const TargetFacts &facts, Winograd use,
                                             const ConvShape &conv) {
  std::optional<ConvForms> forms = formsOf(facts, conv);
  if (use == Winograd::Never || !forms)
    return {};
  auto &[squares, sizes, times] = *forms;
  int64_t tileSize = tileSizeOf(use);
  if (tileSize && !winogradOf(sizes, tileSize).exists())
    return {};
  if (!tileSize) {
    // Fewer channels than lanes fill no vector of the transforms, and the direct form reads them
    // unblocked.
    bool few = sizes.filters <= kFewFilters;
    for (size_t form = 1; form < times.size(); ++form)
      if (!squares && sizes.channels < facts.lanes &&
          (few || !isPlane(facts, sizes, formOf(form, sizes.window, sizes.stride).tile)))
        times[form] = std::numeric_limits<double>::infinity();
    size_t form = fastestForm(times);
    if (form == 0)
      return {};
    tileSize = formOf(form, sizes.window, sizes.stride).tile;
  }
  if (isPlane(facts, sizes, tileSize))
    return {tileSize, 0, true, squares};
  int64_t blocks = chooseBlocks(facts, sizes, tileSize);
  if (!blocks)
    blocks = chooseSmallBlocks(facts, sizes, tileSize);
  return {tileSize, blocks, false, squares,
          waitsForWeights(facts, workOf(facts, sizes, tileSize), kNearlyWaits)};
}

WeightsHome dlc::schedule::findWeights(const CostTable &costs, double bytes, double total) {
  if (total > costs.l3)
    return WeightsHome::Memory;
  // Half of a cache is for what else passes by. Two threads share a small network's layers.
  return bytes > costs.l2 / 2 || total > 2 * costs.l2 ? WeightsHome::LastCache : WeightsHome::Near;
}
