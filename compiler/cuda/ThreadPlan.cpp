//===- ThreadPlan.cpp - which thread computes what of a linalg op --------------------===//

#include "compiler/cuda/ThreadPlan.h"
#include "compiler/loops/LoopPlan.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

// Points of a sample that keep a GPU busy with a thread each; with fewer, threads share reductions.
static constexpr int64_t kManyPoints = 16384;
// Shorter reductions are not worth a tree: those that one thread would walk side by side with its
// neighbours, and those whose rows it would walk alone, each access far from its neighbours'.
static constexpr int64_t kLongAcross = 128, kLongRow = 32;
// Longer ones take a whole block.
static constexpr int64_t kVeryLongReduction = 512;
static constexpr int64_t kWarp = 32;
static constexpr int64_t kWidth = 4;

// Elements of the loops in one sample; `open` stands for an extent that is not known.
static int64_t countElements(linalg::LinalgOp op, ArrayRef<unsigned> loops, int64_t open) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  int64_t count = 1;
  for (unsigned loop : loops)
    count *= ShapedType::isDynamic(extents[loop]) ? open : extents[loop];
  return count;
}

static bool isDivisible(int64_t value) {
  return !ShapedType::isDynamic(value) && value % kWidth == 0;
}

// Vectors of the operand lie at multiples of their size, given that its buffer does.
static bool isAligned(linalg::LinalgOp op, OpOperand &operand, unsigned inner) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (!type || !map.isFunctionOfDim(inner))
    return true;
  auto [strides, offset] = type.getStridesAndOffset();
  if (!isDivisible(offset) || map.getResults().back() != getAffineDimExpr(inner, op.getContext()))
    return false;
  // Each dimension but the last is a whole number of vectors.
  return llvm::all_of(ArrayRef(strides).drop_back(), isDivisible);
}

static bool hasWideOperand(linalg::LinalgOp op) {
  return llvm::any_of(op->getOperands(), [](Value operand) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    return type && type.getElementTypeBitWidth() > 32;
  });
}

static bool takesVectors(linalg::LinalgOp op, const ThreadPlan &plan) {
  if (plan.points.empty() || op.hasIndexSemantics() || !loops::hasVectorPayload(op) ||
      hasWideOperand(op))
    return false;
  if (plan.contiguous)
    return countElements(op, plan.points, 1) % kWidth == 0;
  unsigned inner = plan.points.back();
  if (!isDivisible(op.getStaticLoopRanges()[inner]))
    return false;
  if (!plan.reductions.empty() && !plan.across && countElements(op, plan.points, 1) < kManyPoints)
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    return loops::hasVectorAccess(op, operand, inner) && isAligned(op, operand, inner);
  });
}

static bool canSplitReductions(linalg::LinalgOp op) {
  return llvm::all_of(llvm::seq<unsigned>(0, op.getNumDpsInits()),
                      [&](unsigned index) { return loops::getCombiner(op, index) != nullptr; });
}

static void chooseLanes(linalg::LinalgOp op, ThreadPlan &plan) {
  int64_t length = countElements(op, plan.reductions, kVeryLongReduction);
  unsigned inner = loops::chooseInner(op, llvm::to_vector(llvm::seq(op.getNumLoops())));
  bool across = llvm::is_contained(plan.points, inner);
  if (length < (across ? kLongAcross : kLongRow) ||
      countElements(op, plan.points, 1) >= kManyPoints || !canSplitReductions(op))
    return;
  bool isVeryLong = length >= kVeryLongReduction;
  plan.across = across;
  plan.threads = across && isVeryLong ? 512 : 256;
  plan.lanes = isVeryLong ? plan.threads : kWarp;
  if (across)
    return;
  // The reduction with unit strides runs fastest.
  llvm::erase(plan.reductions, inner);
  plan.reductions.push_back(inner);
}

ThreadPlan cuda::planThreads(linalg::LinalgOp op) {
  ThreadPlan plan;
  plan.contiguous = loops::isContiguous(op);
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
    (iterator == utils::IteratorType::parallel ? plan.points : plan.reductions).push_back(loop);
  if (!plan.contiguous && !plan.points.empty()) {
    unsigned inner = loops::chooseInner(op, plan.points);
    llvm::erase(plan.points, inner);
    plan.points.push_back(inner);
  }
  if (!plan.reductions.empty())
    chooseLanes(op, plan);
  if ((plan.lanes == 1 || plan.across) && takesVectors(op, plan))
    plan.width = kWidth;
  // Neighbours of 32 points either way: they are 128 bytes of float32.
  if (plan.across)
    plan.lanes = plan.threads * plan.width / kWarp;
  return plan;
}
