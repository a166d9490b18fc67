//===- LoopPlan.cpp - the loop nest of a linalg op ----------------------------------===//

#include "compiler/cpu/LoopPlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc::cpu;

// An operand's step in memory, in elements, when `loop` advances by one; none if it varies.
static std::optional<int64_t> strideAlong(MemRefType type, AffineMap map, unsigned loop) {
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

// How badly a loop suits the innermost place: strided reads, worse strided writes, worst an extent of 1.
static int64_t innermostCost(linalg::LinalgOp op, unsigned loop, ArrayRef<int64_t> extents) {
  int64_t cost = extents[loop] == 1 ? 1000 : 0;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type)
      continue;
    std::optional<int64_t> step = strideAlong(type, op.getMatchingIndexingMap(&operand), loop);
    if (!step || (*step != 0 && *step != 1))
      cost += op.isDpsInit(&operand) ? 20 : 10;
  }
  return cost;
}

// Elementwise on whole buffers: any walk over the elements is the same walk for all operands.
static bool isContiguous(linalg::LinalgOp op) {
  if (op.getNumLoops() == 0 || op.getNumParallelLoops() != op.getNumLoops() || op.hasIndexSemantics())
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    AffineMap map = op.getMatchingIndexingMap(&operand);
    return type ? map.isIdentity() && type.getLayout().isIdentity() : map.getNumResults() == 0;
  });
}

LoopPlan dlc::cpu::planLoops(linalg::LinalgOp op) {
  LoopPlan plan;
  unsigned loops = op.getNumLoops();
  plan.order = llvm::to_vector(llvm::seq(0u, loops));
  if (isContiguous(op)) {
    plan.contiguous = true;
    plan.flattened = loops;
    return plan;
  }
  if (loops == 0)
    return plan;
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  auto cost = [&](unsigned loop) { return innermostCost(op, loop, extents); };
  unsigned best = loops - 1;
  for (unsigned loop = loops - 1; loop-- > 0;)
    if (cost(loop) < cost(best))
      best = loop;
  llvm::erase(plan.order, best);
  plan.order.push_back(best);
  auto iterators = op.getIteratorTypesArray();
  while (plan.flattened < loops && iterators[plan.order[plan.flattened]] == utils::IteratorType::parallel)
    ++plan.flattened;
  if (plan.flattened == loops && loops > 1 && extents[best] != 1)
    --plan.flattened;
  return plan;
}

int64_t dlc::cpu::getFlopsPerItem(linalg::LinalgOp op, const LoopPlan &plan) {
  int64_t flops = 0;
  for (Operation &inner : op.getBlock()->without_terminator())
    flops += isa<math::MathDialect>(inner.getDialect()) ? 10 : 1;
  flops = std::max<int64_t>(flops, 1);
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  for (unsigned loop : ArrayRef(plan.order).drop_front(plan.flattened))
    if (!ShapedType::isDynamic(extents[loop]))
      flops *= extents[loop];
  return flops;
}
