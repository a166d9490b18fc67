//===- LoopPlan.cpp - the loop nest of a linalg op ----------------------------------===//

#include "compiler/loops/LoopPlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc::loops;

std::optional<int64_t> dlc::loops::getStride(MemRefType type, AffineMap map, unsigned loop) {
  auto [strides, offset] = type.getStridesAndOffset();
  SmallVector<int64_t> point(map.getNumDims(), 0);
  SmallVector<int64_t> origin = map.compose(point);
  point[loop] = 1;
  SmallVector<int64_t> next = map.compose(point);
  int64_t step = 0;
  for (auto [dim, stride] : llvm::enumerate(strides)) {
    if (!map.getResult(dim).isFunctionOfDim(loop))
      continue;
    if (!map.getResult(dim).isPureAffine() || ShapedType::isDynamic(stride))
      return std::nullopt;
    step += (next[dim] - origin[dim]) * stride;
  }
  return step;
}

// How badly a loop suits the innermost place: an extent of 1 worst, then strided writes and reads,
// then a reduction, whose lanes need folding.
static int64_t innermostCost(linalg::LinalgOp op, unsigned loop, ArrayRef<int64_t> extents) {
  int64_t cost = extents[loop] == 1 ? 1000 : 0;
  cost += op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type)
      continue;
    std::optional<int64_t> step = getStride(type, op.getMatchingIndexingMap(&operand), loop);
    if (!step || (*step != 0 && *step != 1))
      cost += op.isDpsInit(&operand) ? 20 : 10;
  }
  return cost;
}

bool dlc::loops::isContiguous(linalg::LinalgOp op) {
  if (op.getNumLoops() == 0 || op.getNumParallelLoops() != op.getNumLoops() ||
      op.hasIndexSemantics())
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    AffineMap map = op.getMatchingIndexingMap(&operand);
    return type ? map.isIdentity() && type.getLayout().isIdentity() : map.getNumResults() == 0;
  });
}

Operation *dlc::loops::getCombiner(linalg::LinalgOp op, unsigned index) {
  Block *body = op.getBlock();
  BlockArgument accumulator = body->getArgument(op.getNumDpsInputs() + index);
  Operation *combiner = body->getTerminator()->getOperand(index).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MinimumFOp,
                       math::FmaOp>(combiner) ||
      !accumulator.hasOneUse() || *accumulator.user_begin() != combiner || !combiner->hasOneUse())
    return nullptr;
  if (isa<math::FmaOp>(combiner) && combiner->getOperand(2) != accumulator)
    return nullptr;
  return combiner;
}

bool dlc::loops::hasVectorPayload(linalg::LinalgOp op) {
  auto isPlain = [](Type type) { return type.isSignlessIntOrIndexOrFloat(); };
  return llvm::all_of(op.getBlock()->without_terminator(),
                      [&](Operation &inner) {
                        return OpTrait::hasElementwiseMappableTraits(&inner) ||
                               inner.hasTrait<OpTrait::ConstantLike>() ||
                               isa<linalg::IndexOp>(inner);
                      }) &&
         llvm::all_of(op.getBlock()->getArgumentTypes(), isPlain);
}

bool dlc::loops::hasVectorAccess(linalg::LinalgOp op, OpOperand &operand, unsigned inner) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (!type || !map.isFunctionOfDim(inner))
    return true;
  return getStride(type, map, inner) == 1 && map.getResults().back().isFunctionOfDim(inner) &&
         !map.dropResult(map.getNumResults() - 1).isFunctionOfDim(inner) &&
         type.getStridesAndOffset().first.back() == 1;
}

static bool isVectorizable(linalg::LinalgOp op, const LoopPlan &plan) {
  if (!plan.inner || !hasVectorPayload(op))
    return false;
  if (!plan.contiguous && !llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
        return hasVectorAccess(op, operand, *plan.inner);
      }))
    return false;
  return !plan.innerReduces() ||
         llvm::all_of(llvm::seq(0l, op.getNumDpsInits()),
                      [&](int64_t index) { return getCombiner(op, index) != nullptr; });
}

unsigned dlc::loops::chooseInner(linalg::LinalgOp op, ArrayRef<unsigned> candidates) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  unsigned best = candidates.back();
  for (unsigned loop : llvm::reverse(candidates))
    if (innermostCost(op, loop, extents) < innermostCost(op, best, extents))
      best = loop;
  return best;
}

LoopPlan dlc::loops::planLoops(linalg::LinalgOp op) {
  LoopPlan plan;
  plan.contiguous = isContiguous(op);
  if (op.getNumLoops() > 0)
    plan.inner = chooseInner(op, llvm::to_vector(llvm::seq(op.getNumLoops())));
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
    if (loop != plan.inner || plan.contiguous)
      (iterator == utils::IteratorType::parallel ? plan.items : plan.reductions).push_back(loop);
  if (plan.inner && !plan.contiguous) {
    if (op.getIteratorTypesArray()[*plan.inner] == utils::IteratorType::reduction)
      plan.reductions.push_back(*plan.inner);
    else if (plan.items.empty())
      plan.items.push_back(*plan.inner);
  }
  plan.vector = isVectorizable(op, plan);
  return plan;
}

int64_t dlc::loops::getFlopsPerItem(linalg::LinalgOp op, const LoopPlan &plan) {
  int64_t flops = 0;
  for (Operation &inner : op.getBlock()->without_terminator())
    flops += isa<math::MathDialect>(inner.getDialect()) ? 10 : 1;
  flops = std::max<int64_t>(flops, 1);
  for (auto [loop, extent] : llvm::enumerate(op.getStaticLoopRanges()))
    if (!llvm::is_contained(plan.items, loop) && !ShapedType::isDynamic(extent))
      flops *= std::max<int64_t>(extent, 1);
  return flops;
}
