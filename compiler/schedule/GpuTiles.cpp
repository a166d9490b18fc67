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
//===--------------------------------------------------------------------------------===//

#include "compiler/schedule/GpuTiles.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace dlc;
using namespace dlc::schedule;
using kernel::Math;

namespace {

struct Tile {
  int64_t m, n, k, warpsM, warpsN, stages;
  int64_t efficiency; // percent of the rate, with as many blocks as there is room for
};

// What a multiprocessor multiplies and adds a cycle: the peak of its pipes, less what reading
// operands of float32 from shared memory leaves of that of bf16. The times of a launch and of a
// block's start and end are about those that data sheets and published measurements give. None of
// it was measured by dlc.
constexpr double kSimtRate = 128, kTf32Rate = 512, kBf16Rate = 768;
constexpr double kLaunch = 4000, kBlockStart = 1500, kBytes = 8;
constexpr int64_t kMostParts = 16, kStepsOfPart = 4;

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

static double timeOf(const Chip &chip, Math math, const Tile &tile, const ProductShape &shape,
                     int64_t parts) {
  double rate = math == Math::Simt ? kSimtRate : math == Math::Tf32 ? kTf32Rate : kBf16Rate;
  double blocks = double(llvm::divideCeil(shape.rows, tile.m)) *
                  llvm::divideCeil(shape.columns, tile.n) * parts;
  double steps = llvm::divideCeil(llvm::divideCeil(shape.depth, tile.k), parts);
  double step = tile.m * tile.n * tile.k / (rate * tile.efficiency / 100);
  double time = std::ceil(blocks / chip.multiprocessors) * (kBlockStart + steps * step);
  if (parts == 1)
    return time;
  double bytes = 4.0 * (2 * parts + 1) * shape.rows * shape.columns;
  return time + kLaunch + bytes / (kBytes * chip.multiprocessors);
}

ProductPlan dlc::schedule::choosePlan(mlir::MLIRContext *context, const Chip &chip,
                                      Precision precision, const ProductShape &shape) {
  ProductPlan best{{}, mathOf(precision), 1};
  auto f32 = mlir::Float32Type::get(context);
  double least = 0;
  for (const Tile &tile : tilesOf(best.math, shape.vectors)) {
    auto cta = kernel::CtaAttr::get(context, tile.m, tile.n, tile.k, tile.warpsM, tile.warpsN,
                                    tile.stages);
    if (kernel::getSharedBytes(cta, best.math, f32, f32) > chip.blockSharedBytes)
      continue;
    int64_t most = llvm::divideCeil(shape.depth, tile.k) / kStepsOfPart;
    for (int64_t parts = 1; parts == 1 || parts <= std::min(most, kMostParts); parts *= 2) {
      double time = timeOf(chip, best.math, tile, shape, parts);
      if (best.cta && time >= least)
        continue;
      best.cta = cta;
      best.parts = parts;
      least = time;
    }
  }
  return best;
}
