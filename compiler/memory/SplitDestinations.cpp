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

// Clones what makes an uninitialised or constant tensor at the builder's place, or returns null.
static Value cloneMaker(OpBuilder &builder, Value tensor) {
  Operation *maker = tensor.getDefiningOp();
  if (!isa_and_nonnull<tensor::EmptyOp, linalg::FillOp>(maker))
    return {};
  auto fill = dyn_cast<linalg::FillOp>(maker);
  Value own = fill ? cloneMaker(builder, fill.getDpsInits()[0]) : Value();
  Operation *clone = builder.clone(*maker);
  if (own)
    cast<linalg::FillOp>(clone).getDpsInitsMutable()[0].set(own);
  return clone->getResult(0);
}

static void splitDestination(OpOperand &destination) {
  OpBuilder builder(destination.getOwner());
  if (Value own = cloneMaker(builder, destination.get()))
    destination.set(own);
}

// eliminate-empty-tensors looks through linalg.copy and would let the producer of a copied value
// write to the copy's destination. Where others read the value too, that costs a copy elsewhere;
// where the value was put together by insertions, they would move and their slices would not.
static void keepSharedCopies(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  function.walk([&](linalg::CopyOp copy) {
    Value input = copy.getInputs()[0];
    if (input.hasOneUse() && !input.getDefiningOp<tensor::InsertSliceOp>())
      return;
    rewriter.setInsertionPoint(copy);
    (void)linalg::generalizeNamedOp(rewriter, copy);
  });
}

// What is written into a slice and inserted: the slice and the insertion share a destination of
// their own. An empty one stands early, so that what computes a part can write it in place.
static void splitInsertion(tensor::InsertSliceOp insertion) {
  Value whole = insertion.getDest();
  auto writer = insertion.getSource().getDefiningOp<DestinationStyleOpInterface>();
  if (!writer)
    return;
  auto slice = writer.getDpsInitOperand(0)->get().getDefiningOp<tensor::ExtractSliceOp>();
  if (!slice || slice.getSource() != whole)
    return;
  OpBuilder builder(whole.getDefiningOp<tensor::EmptyOp>() ? whole.getDefiningOp() : slice);
  Value own = cloneMaker(builder, whole);
  if (!own)
    return;
  builder.setInsertionPointAfter(slice);
  auto ownSlice = cast<tensor::ExtractSliceOp>(builder.clone(*slice));
  ownSlice.getSourceMutable().assign(own);
  writer.setDpsInitOperand(0, ownSlice.getResult());
  insertion.getDestMutable().assign(own);
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

// The originals of what was cloned. As buffers, unread fills would count as writes and stay.
static void eraseUnused(func::FuncOp function) {
  for (Block &block : function.getBody())
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
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
    getOperation().walk(splitInsertion);
    getOperation().walk(assembleInPlace);
    eraseUnused(getOperation());
  }
};

} // namespace
