//===- GpuTiles.cpp - how blocks of a GPU share a matrix product ---------------------===//
//
// A plan's time is that of its blocks, one after another on each multiprocessor:
//
//   waves * (start + steps * m n k / (rate * efficiency)), waves = blocks / multiprocessors,
//   rounded up
//
// A small tile reads more of its operands for each product, but makes more blocks. Where even these
// leave multiprocessors idle, parts of K make more still; adding these up is another launch, which
// reads all parts. Times are cycles.
//
// Warpgroups start once for all of a multiprocessor's tiles. Their step takes as long as its
// products or its copies do:
//
//   start + waves * (store + steps * max(m n k / rate, bytes of both tiles / bytes a cycle))
//
//===--------------------------------------------------------------------------------===//

#include "compiler/schedule/GpuTiles.h"
#include "llvm/Support/MathExtras.h"

using namespace dlc;
using namespace dlc::schedule;
using kernel::Math;

namespace {

struct Tile {
  int64_t m, n, k, warpsM, warpsN, stages;
  int64_t efficiency; // percent of the rate, with as many blocks as there is room for
};

// What a multiprocessor multiplies and adds a cycle: the peak of its pipes, seven eighths of that of
// bf16, of operands that lie in memory so. The times of a launch and of a block's start and end are
// about those that data sheets and published measurements give. None of it was measured by dlc.
constexpr double kSimtRate = 128, kTf32Rate = 512, kBf16Rate = 896;
constexpr double kLaunch = 4000, kBlockStart = 1500, kBytes = 8;
constexpr int64_t kMostParts = 16, kStepsOfPart = 4;
// Of warpgroups: four fifths of the peak, what a multiprocessor copies a cycle from the second
// level cache, and what a tile takes between its last product and the next one's first.
constexpr double kWgmmaTf32Rate = 820, kWgmmaBf16Rate = 1640, kCopied = 48, kStore = 1000;
constexpr int64_t kMostStages = 8;

struct Choice {
  kernel::CtaAttr cta; // null: no tile fits
  double time;
};

class Chooser {
public:
  Chooser(mlir::MLIRContext *context, const Chip &chip, Precision precision,
          const ProductShape &shape)
      : context(context), chip(chip), precision(precision), shape(shape) {}
  Choice ofWarps(int64_t parts) const;
  Choice ofWarpgroups(int64_t parts) const;

private:
  double timeOf(const Tile &tile, int64_t parts) const;
  Choice warpgroupsOf(int64_t columns, int64_t parts) const;
  int64_t waves(int64_t m, int64_t n, int64_t parts) const;
  double timeOfAdding(int64_t parts) const;
  double timeOfTransposing() const;

  mlir::MLIRContext *context;
  const Chip &chip;
  Precision precision;
  const ProductShape &shape;
};

} // namespace

// Efficiency follows a thread's, or a warp's, part of the tile: of 8 x 8, of 64 x 64, each element
// read from shared memory is used most often.
static constexpr Tile kSimtTiles[] = {
    {128, 128, 8, 4, 2, 4, 100}, {128, 64, 8, 2, 2, 4, 95}, {64, 128, 8, 2, 2, 4, 95},
    {64, 64, 8, 2, 2, 4, 75},    {64, 32, 8, 2, 1, 4, 65},  {32, 64, 8, 2, 1, 4, 65},
    {32, 32, 8, 2, 1, 4, 45},
};
static constexpr Tile kTensorTiles[] = {
    {128, 256, 32, 2, 4, 3, 100}, {128, 128, 32, 2, 4, 3, 90}, {128, 64, 32, 2, 2, 3, 80},
    {64, 128, 32, 2, 2, 3, 80},   {64, 64, 32, 2, 2, 3, 65},   {128, 32, 32, 4, 1, 3, 55},
    {32, 128, 32, 1, 4, 3, 55},   {64, 32, 32, 2, 1, 4, 45},   {32, 64, 32, 1, 2, 4, 45},
    {32, 32, 32, 1, 2, 4, 30},
};
// Copies of single elements: half the steps keeps the places of a thread's lines in registers.
static constexpr Tile kElementTiles[] = {
    {128, 64, 16, 4, 2, 4, 60}, {128, 32, 16, 4, 1, 4, 50}, {64, 64, 16, 2, 2, 4, 50},
    {64, 32, 16, 2, 1, 4, 40},  {32, 32, 16, 1, 2, 4, 30},
};

static Math mathOf(Precision precision) {
  switch (precision) {
  case Precision::Fp32:
    return Math::Simt;
  case Precision::Tf32:
    return Math::Tf32;
  case Precision::Bf16:
    return Math::Bf16;
  }
  llvm_unreachable("every precision has its math");
}

static llvm::ArrayRef<Tile> tilesOf(Math math, bool vectors) {
  if (math == Math::Simt)
    return kSimtTiles;
  return vectors ? llvm::ArrayRef(kTensorTiles) : llvm::ArrayRef(kElementTiles);
}

int64_t Chooser::waves(int64_t m, int64_t n, int64_t parts) const {
  int64_t tiles = llvm::divideCeil(shape.rows, m) * llvm::divideCeil(shape.columns, n);
  return llvm::divideCeil(tiles * parts, chip.multiprocessors);
}

double Chooser::timeOfAdding(int64_t parts) const {
  double bytes = 4.0 * (2 * parts + 1) * shape.rows * shape.columns;
  return parts == 1 ? 0 : kLaunch + bytes / (kBytes * chip.multiprocessors);
}

// One side of it has sectors of 32 bytes for each element.
double Chooser::timeOfTransposing() const {
  return kLaunch + (4.0 + 32.0) * shape.depth * shape.columns / (kCopied * chip.multiprocessors);
}

double Chooser::timeOf(const Tile &tile, int64_t parts) const {
  Math math = mathOf(precision);
  double rate = math == Math::Simt ? kSimtRate : math == Math::Tf32 ? kTf32Rate : kBf16Rate;
  double steps = llvm::divideCeil(llvm::divideCeil(shape.depth, tile.k), parts);
  double step = tile.m * tile.n * tile.k / (rate * tile.efficiency / 100);
  return waves(tile.m, tile.n, parts) * (kBlockStart + steps * step) + timeOfAdding(parts);
}

Choice Chooser::ofWarps(int64_t parts) const {
  Choice best{{}, 0};
  auto f32 = mlir::Float32Type::get(context);
  Math math = mathOf(precision);
  for (const Tile &tile : tilesOf(math, shape.vectors)) {
    auto cta = kernel::CtaAttr::get(context, tile.m, tile.n, tile.k, tile.warpsM, tile.warpsN,
                                    tile.stages);
    if (kernel::getSharedBytes(cta, math, f32, f32) > chip.blockSharedBytes ||
        (parts > 1 && parts * kStepsOfPart > int64_t(llvm::divideCeil(shape.depth, tile.k))))
      continue;
    double time = timeOf(tile, parts);
    if (!best.cta || time < best.time)
      best = {cta, time};
  }
  return best;
}

// As many stages as there is room for.
Choice Chooser::warpgroupsOf(int64_t columns, int64_t parts) const {
  bool bf16 = precision == Precision::Bf16;
  Math math = bf16 ? Math::WgmmaBf16 : Math::WgmmaTf32;
  int64_t m = 128, k = bf16 ? 64 : 32, stages = kMostStages;
  int64_t steps = shape.depth / shape.channels * llvm::divideCeil(shape.channels, k);
  if (parts > 1 && parts * kStepsOfPart > steps)
    return {{}, 0};
  auto withStages = [&](int64_t stages) {
    return kernel::CtaAttr::get(context, m, columns, k, 8, 1, stages);
  };
  while (kernel::WarpgroupMemory(withStages(stages), math).bytes > chip.blockSharedBytes)
    --stages;
  kernel::WarpgroupMemory memory(withStages(stages), math);
  double products = m * columns * k / (bf16 ? kWgmmaBf16Rate : kWgmmaTf32Rate);
  double step = std::max(products, (memory.tileOfA + memory.tileOfB) / kCopied);
  double tile = kStore + llvm::divideCeil(steps, parts) * step;
  double transposing = shape.transposes ? timeOfTransposing() : 0;
  return {withStages(stages),
          kBlockStart + waves(m, columns, parts) * tile + timeOfAdding(parts) + transposing};
}

// Tiles that are as equal as can be.
Choice Chooser::ofWarpgroups(int64_t parts) const {
  Choice best{{}, 0};
  if (!chip.wgmma || !shape.warpgroups || precision == Precision::Fp32)
    return best;
  for (int64_t widest : {256, 192, 128, 96, 64, 32}) {
    int64_t tiles = llvm::divideCeil(shape.columns, widest);
    Choice choice = warpgroupsOf(llvm::alignTo(llvm::divideCeil(shape.columns, tiles), 8), parts);
    if (choice.cta && (!best.cta || choice.time < best.time))
      best = choice;
  }
  return best;
}

ProductPlan dlc::schedule::choosePlan(mlir::MLIRContext *context, const Chip &chip,
                                      Precision precision, const ProductShape &shape) {
  ProductPlan best{{}, mathOf(precision), 1};
  Chooser chooser(context, chip, precision, shape);
  double least = 0;
  for (int64_t parts = 1; parts <= kMostParts; parts *= 2) {
    Choice warps = chooser.ofWarps(parts), warpgroups = chooser.ofWarpgroups(parts);
    if (!warps.cta)
      continue;
    double time = warpgroups.cta ? std::min(warps.time, warpgroups.time) : warps.time;
    if (best.cta && time >= least)
      continue;
    best.cta = warps.cta;
    best.parts = parts;
    least = time;
  }
  return best;
}

kernel::CtaAttr dlc::schedule::narrowTile(kernel::CtaAttr cta, int64_t depth) {
  constexpr int64_t kStepBytes = 128, kStep = kStepBytes / 2;
  // Steps of less are those of copies of single elements, for which they were chosen.
  bool isWhole = cta.getK() * 4 == kStepBytes;
  if (!isWhole || 5 * depth < 4 * int64_t(llvm::alignTo(depth, kStep)))
    return cta;
  return kernel::CtaAttr::get(cta.getContext(), cta.getM(), cta.getN(), kStep, cta.getWarpsM(),
                              cta.getWarpsN(), cta.getStages());
}

kernel::CtaAttr dlc::schedule::chooseWarpgroups(mlir::MLIRContext *context, const Chip &chip,
                                                Precision precision, const ProductShape &shape,
                                                int64_t parts) {
  Chooser chooser(context, chip, precision, shape);
  Choice warps = chooser.ofWarps(parts), warpgroups = chooser.ofWarpgroups(parts);
  bool better = warpgroups.cta && (!warps.cta || warpgroups.time <= warps.time);
  return better ? warpgroups.cta : kernel::CtaAttr();
}

bool dlc::schedule::transposesKernel(mlir::Value kernel, Precision precision) {
  auto func = kernel.getParentRegion()->getParentOfType<mlir::func::FuncOp>();
  return precision == Precision::Tf32 && func.getName() != "forward" &&
         !kernel.getDefiningOp<nn::FlipKernelOp>();
}

bool dlc::schedule::fitsTensorMaps(mlir::ShapedType image, llvm::ArrayRef<int64_t> out,
                                   llvm::ArrayRef<int64_t> strides,
                                   llvm::ArrayRef<int64_t> padding) {
  return kernel::whyNoTensorMap(image, out.slice(1, 2), strides, padding).empty() &&
         (!image.getElementType().isBF16() || out[3] % 8 == 0);
}
