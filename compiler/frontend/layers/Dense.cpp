//===- Dense.cpp - the dense layer --------------------------------------------------===//

#include "compiler/frontend/layers/Layers.h"

using namespace mlir;

namespace dlc::frontend {

FailureOr<Tensor> buildDense(LayerBuilder &b) {
  FailureOr<Value> x = b.logical();
  if (failed(x))
    return failure();
  int64_t features = cast<RankedTensorType>(x->getType()).getShape().back();
  int64_t units = b.integer("units");
  FailureOr<Value> kernel = b.parameter("kernel", {features, units});
  if (failed(kernel))
    return failure();
  SmallVector<Value> operands = {*x, *kernel};
  if (b.flag("use_bias")) {
    FailureOr<Value> bias = b.parameter("bias", units);
    if (failed(bias))
      return failure();
    operands.push_back(*bias);
  }
  FailureOr<Value> y = b.create<nn::DenseOp>(operands);
  if (failed(y) || failed(b.checkWork(*y, features)) || failed(y = b.activate(*y)))
    return failure();
  return Tensor{*y};
}

} // namespace dlc::frontend
