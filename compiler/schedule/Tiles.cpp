//===- Tiles.cpp - register tiles ---------------------------------------------------===//

#include "compiler/schedule/Tiles.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;

std::optional<TargetFacts> dlc::schedule::lookupTarget(llvm::StringRef march) {
  struct Row {
    llvm::StringLiteral name;
    TargetFacts facts;
  };
  static constexpr Row rows[] = {
      {"x86-64-v2", {4, 16, false, 32 << 10, 256 << 10}},
      {"x86-64-v3", {8, 16, true, 32 << 10, 512 << 10}},
      {"x86-64-v4", {16, 32, true, 32 << 10, 1 << 20}},
  };
  for (const Row &row : rows)
    if (row.name == march)
      return row.facts;
  return std::nullopt;
}

// Pixels of the largest tile with `cols` vectors: accumulators, one weight vector a column and one
// broadcast, with one register to spare.
static int64_t maxRows(const TargetFacts &facts, int64_t cols) {
  return (facts.registers - 2 - cols) / cols;
}

// Splits `width` into near-equal tiles of at most `limit`.
static int64_t splitEvenly(int64_t width, int64_t limit) {
  return llvm::divideCeil(width, llvm::divideCeil(width, limit));
}

// A register tile of rows x cols loads rows + cols operands for rows * cols multiply-adds; columns past
// the last block are wasted.
kernel::TileAttr dlc::schedule::chooseTile(MLIRContext *context, const TargetFacts &facts,
                                           int64_t width, int64_t blocks, bool dividing) {
  int64_t bestRows = 1, bestCols = 1;
  double bestCost = std::numeric_limits<double>::max();
  for (int64_t cols : {1, 2, 4}) {
    if (cols > blocks || (dividing && blocks % cols))
      continue;
    int64_t rows = splitEvenly(width, std::max<int64_t>(1, maxRows(facts, cols)));
    // Fewer than 8 accumulators leave the multiply-add units waiting for one another.
    double starved = std::max(1.0, 8.0 / (rows * cols));
    double wasted = double(llvm::divideCeil(blocks, cols) * cols) / blocks;
    double cost = double(rows + cols) / (rows * cols) * starved * wasted;
    if (cost < bestCost)
      std::tie(bestCost, bestRows, bestCols) = std::tuple(cost, rows, cols);
  }
  return kernel::TileAttr::get(context, bestRows, bestCols, 4);
}

kernel::TileAttr dlc::schedule::chooseGemmTile(MLIRContext *context, const TargetFacts &facts,
                                               int64_t blocks) {
  int64_t cols = blocks >= 2 ? 2 : 1;
  return kernel::TileAttr::get(context, std::min<int64_t>(12, maxRows(facts, cols)), cols, 8);
}

kernel::TileAttr dlc::schedule::chooseDepthwiseTile(MLIRContext *context, const TargetFacts &facts,
                                                    int64_t width, int64_t taps) {
  int64_t rows = std::max<int64_t>(1, facts.registers - 2 - taps);
  return kernel::TileAttr::get(context, splitEvenly(width, std::min<int64_t>(rows, 14)), 1, 1);
}
