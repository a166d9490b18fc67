//===- CompleteGradients.cpp - tells of each gradient as soon as it is complete -------===//
//
// Several processes that train together add up their gradients. They need not wait for the last
// one: the runtime is told of each as soon as no op of @gradients touches it any more, and may send
// and change it from there on. The walk back makes those of the last layers first.
//
//   func @gradients(..., %g: memref<4xf32> {nn.gradient = "w"}, ...) {
//     linalg.generic ... outs(%g)              ->   linalg.generic ... outs(%g)
//     linalg.generic ins(%g) outs(%dx)              linalg.generic ins(%g) outs(%dx)
//                                                   kernel.gradient_done 0
//
// Gradients that are computed elsewhere (as part of a padded vector) are copied to their place by
// the last ops of the function. Such a copy moves up to where its source is complete.
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace dlc::memory {
#define GEN_PASS_DEF_COMPLETEGRADIENTS
#include "compiler/memory/Passes.h.inc"
} // namespace dlc::memory

using namespace mlir;
using namespace dlc;

static Value rootOf(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  return buffer;
}

// The last op before `end` (a null one: the end of the block) that touches the memory of `root`; a
// view of it touches nothing. Null: none does.
static Operation *lastToucher(Value root, Block &block, Operation *end) {
  Operation *last = nullptr;
  SmallVector<Value> aliases = {root};
  while (!aliases.empty())
    for (Operation *user : aliases.pop_back_val().getUsers()) {
      if (isa<ViewLikeOpInterface>(user)) {
        aliases.push_back(user->getResult(0));
        continue;
      }
      Operation *op = block.findAncestorOpInBlock(*user);
      if ((!end || op->isBeforeInBlock(end)) && (!last || last->isBeforeInBlock(op)))
        last = op;
    }
  return last;
}

static void moveBehind(Operation *op, Operation *place) {
  if (place && place->isBeforeInBlock(op))
    op->moveAfter(place);
}

// Behind the last op that touches either buffer, and behind what makes the views of them.
static void moveUp(memref::CopyOp copy, Block &block) {
  Operation *last = nullptr;
  auto follow = [&](Operation *op) {
    if (op && (!last || last->isBeforeInBlock(op)))
      last = op;
  };
  for (Value buffer : {copy.getSource(), copy.getTarget()}) {
    follow(buffer.getDefiningOp());
    follow(lastToucher(rootOf(buffer), block, copy));
  }
  moveBehind(copy, last);
}

namespace {

struct CompleteGradients : memory::impl::CompleteGradientsBase<CompleteGradients> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    // @backward adds to the gradients of earlier calls, and later ones may add more.
    if (function.isExternal() || function.getSymName() != "gradients")
      return;
    Block &block = function.getBody().front();
    int64_t index = 0;
    for (BlockArgument gradient : function.getArguments()) {
      if (!function.getArgAttr(gradient.getArgNumber(), nn::kGradientAttr))
        continue;
      for (memref::CopyOp copy : llvm::to_vector(block.getOps<memref::CopyOp>()))
        if (rootOf(copy.getTarget()) == gradient)
          moveUp(copy, block);
      OpBuilder builder(&getContext());
      if (Operation *last = lastToucher(gradient, block, nullptr))
        builder.setInsertionPointAfter(last);
      else
        builder.setInsertionPointToStart(&block);
      kernel::GradientDoneOp::create(builder, gradient.getLoc(), index++);
    }
  }
};

} // namespace
