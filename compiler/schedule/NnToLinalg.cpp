//===- NnToLinalg.cpp - the ops that have no kernel ---------------------------------===//
//
// Asks each nn op for its linalg form and names no operator:
//
//   %0 = nn.relu %x : tensor<?x8xf32>
//   ->
//   %d = tensor.empty(%batch) : tensor<?x8xf32>
//   %0 = linalg.generic {...} ins(%x) outs(%d) { arith.maximumf }
//
// Every dynamic extent is the function's argument marked nn.batch.
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_NNTOLINALG
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;

namespace {

bool isDynamic(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped && !shaped.hasStaticShape();
}

LogicalResult lowerOp(Operation *op, Value batch) {
  auto lowering = dyn_cast<nn::LinalgLoweringOpInterface>(op);
  if (!lowering)
    return op->emitOpError("has no lowering to linalg");
  if (!batch && llvm::any_of(op->getResultTypes(), isDynamic))
    return op->emitOpError("has a dynamic extent, but no argument of the function is marked ")
           << nn::kBatchAttr;
  OpBuilder builder(op);
  FailureOr<SmallVector<Value>> values = lowering.buildLinalg(builder, batch);
  if (failed(values))
    return failure();
  op->replaceAllUsesWith(*values);
  op->erase();
  return success();
}

struct NnToLinalg : schedule::impl::NnToLinalgBase<NnToLinalg> {
  void runOnOperation() override {
    // An op with a body lowers that itself.
    SmallVector<Operation *> ops;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isa_and_present<nn::NnDialect>(op->getDialect()))
        return WalkResult::advance();
      ops.push_back(op);
      return WalkResult::skip();
    });
    Value batch = nn::findBatch(getOperation());
    for (Operation *op : ops)
      if (failed(lowerOp(op, batch)))
        return signalPassFailure();
  }
};

} // namespace
