//===- SplitDestinations.cpp - a destination of its own for every op ----------------===//
//
// Two reductions that start from the same fill share one tensor after CSE; as buffers they would
// need a copy. Empty tensors and fills cost nothing to repeat, so each op that writes gets its own.
//
//   %f = linalg.fill %zero into %e              %f1 = linalg.fill %zero into %e1
//   %a = linalg.generic outs(%f)          ->    %a = linalg.generic outs(%f1)
//   %b = linalg.generic outs(%f)                %f2 = ... ; %b = linalg.generic outs(%f2)
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
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

// eliminate-empty-tensors looks through linalg.copy and would let the producer of a copied value
// write to the copy's destination. Where others read the value too, that costs a copy elsewhere.
static void keepSharedCopies(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  function.walk([&](linalg::CopyOp copy) {
    if (copy.getInputs()[0].hasOneUse())
      return;
    rewriter.setInsertionPoint(copy);
    (void)linalg::generalizeNamedOp(rewriter, copy);
  });
}

// A concatenation's first part is written into a slice of its destination: both get their own.
static void splitConcatenation(tensor::InsertSliceOp insertion) {
  auto empty = insertion.getDest().getDefiningOp<tensor::EmptyOp>();
  auto writer = insertion.getSource().getDefiningOp<DestinationStyleOpInterface>();
  if (!empty || !writer)
    return;
  auto slice = writer.getDpsInitOperand(0)->get().getDefiningOp<tensor::ExtractSliceOp>();
  if (!slice || slice.getSource() != insertion.getDest())
    return;
  OpBuilder builder(slice);
  Value whole = builder.clone(*empty)->getResult(0);
  auto own = cast<tensor::ExtractSliceOp>(builder.clone(*slice));
  own.getSourceMutable().assign(whole);
  writer.setDpsInitOperand(0, own.getResult());
  insertion.getDestMutable().assign(whole);
}

// A result that parts were inserted into is put together in the caller's buffer.
// eliminate-empty-tensors would move the insertions there, but not the slices.
static void assembleInPlace(bufferization::MaterializeInDestinationOp result) {
  Value whole = result.getSource();
  while (auto insertion = whole.getDefiningOp<tensor::InsertSliceOp>())
    whole = insertion.getDest();
  auto empty = whole.getDefiningOp<tensor::EmptyOp>();
  if (!empty || whole == result.getSource())
    return;
  OpBuilder builder(empty);
  auto buffer = bufferization::ToTensorOp::create(builder, result.getLoc(), whole.getType(),
                                                  result.getDest(), /*restrict=*/true,
                                                  /*writable=*/true);
  whole.replaceAllUsesWith(buffer);
  result.setRestrict(false);
}

namespace {

struct SplitDestinations : memory::impl::SplitDestinationsBase<SplitDestinations> {
  void runOnOperation() override {
    keepSharedCopies(getOperation());
    SmallVector<DestinationStyleOpInterface> ops;
    getOperation().walk([&](DestinationStyleOpInterface op) {
      // An insertion keeps the rest of its destination, which others may hold slices of.
      if (!isa<linalg::FillOp, tensor::InsertSliceOp>(op))
        ops.push_back(op);
    });
    for (DestinationStyleOpInterface op : ops)
      for (OpOperand &destination : op.getDpsInitsMutable())
        splitDestination(destination);
    getOperation().walk(splitConcatenation);
    getOperation().walk(assembleInPlace);
  }
};

} // namespace
