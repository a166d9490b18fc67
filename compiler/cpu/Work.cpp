//===- Work.cpp - the ops that compute, and how much --------------------------------===//

#include "compiler/cpu/Work.h"
#include "compiler/loops/LoopPlan.h"
#include "dialects/kernel/Kernel.h"

using namespace mlir;
using namespace dlc;

bool cpu::computes(Operation *op) {
  if (isa<kernel::KernelOpInterface>(op))
    return true;
  return isa<linalg::LinalgOp, memref::CopyOp>(op) &&
         llvm::any_of(op->getOperandTypes(), llvm::IsaPred<MemRefType>);
}

cpu::Work cpu::workOf(OpBuilder &builder, Operation *op) {
  if (auto kernelOp = dyn_cast<kernel::KernelOpInterface>(op))
    return {kernelOp.getItemExtents(builder, op->getLoc()), kernelOp.getFlopsPerItem()};
  auto linalgOp = cast<linalg::LinalgOp>(op);
  loops::LoopPlan plan = loops::planLoops(linalgOp);
  SmallVector<Range> ranges = linalgOp.createLoopRanges(builder, op->getLoc());
  Work work;
  for (unsigned loop : plan.items)
    work.extents.push_back(ranges[loop].size);
  work.flopsPerItem = loops::getFlopsPerItem(linalgOp, plan);
  return work;
}
