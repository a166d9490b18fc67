//===- SplitDestinations.cpp - a destination of its own for every op ----------------===//
//
// Two reductions that start from the same fill share one tensor after CSE; as buffers they would need a
// copy. Empty tensors and fills cost nothing to repeat, so each op that writes gets its own.
//
//   %f = linalg.fill %zero into %e              %f1 = linalg.fill %zero into %e1
//   %a = linalg.generic outs(%f)          ->    %a = linalg.generic outs(%f1)
//   %b = linalg.generic outs(%f)                %f2 = ... ; %b = linalg.generic outs(%f2)
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

namespace dlc::memory {
#define GEN_PASS_DEF_SPLITDESTINATIONS
#include "compiler/memory/Passes.h.inc"
} // namespace dlc::memory

using namespace mlir;
using namespace dlc;

// Clones what makes an uninitialised or constant destination, right before `user`.
static void splitDestination(OpOperand &destination) {
  Operation *maker = destination.get().getDefiningOp();
  if (!isa_and_nonnull<tensor::EmptyOp, linalg::FillOp>(maker))
    return;
  OpBuilder builder(destination.getOwner());
  Operation *clone = builder.clone(*maker);
  destination.set(clone->getResult(0));
  if (auto fill = dyn_cast<linalg::FillOp>(clone))
    splitDestination(fill.getDpsInitsMutable()[0]);
}

namespace {

struct SplitDestinations : memory::impl::SplitDestinationsBase<SplitDestinations> {
  void runOnOperation() override {
    SmallVector<DestinationStyleOpInterface> ops;
    getOperation().walk([&](DestinationStyleOpInterface op) {
      // An insertion keeps the rest of its destination, which others may hold slices of.
      if (!isa<linalg::FillOp, tensor::InsertSliceOp>(op))
        ops.push_back(op);
    });
    for (DestinationStyleOpInterface op : ops)
      for (OpOperand &destination : op.getDpsInitsMutable())
        splitDestination(destination);
  }
};

} // namespace
