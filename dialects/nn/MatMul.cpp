//===- MatMul.cpp - dense layers ----------------------------------------------------===//

#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/MatMul.cpp.inc"

LogicalResult DenseOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  auto kernel = cast<RankedTensorType>(adaptor.getKernel().getType());
  int64_t units = kernel.getDimSize(1);
  if (x.getRank() < 2)
    return emitOptionalError(loc, "a dense layer needs an input of rank 2 or more");
  if (failed(checkStatic(loc, adaptor.getX(), {adaptor.getKernel(), adaptor.getBias()})))
    return failure();
  if (x.getShape().back() != kernel.getDimSize(0))
    return emitOptionalError(loc, "the kernel takes ", kernel.getDimSize(0),
                             " features but the input has ", x.getShape().back());
  if (Value bias = adaptor.getBias();
      bias && cast<RankedTensorType>(bias.getType()).getDimSize(0) != units)
    return emitOptionalError(loc, "the bias needs ", units, " elements, one a unit");
  SmallVector<int64_t> shape(x.getShape());
  shape.back() = units;
  types.push_back(x.clone(shape));
  return success();
}

int64_t DenseOp::getFlopsPerSample() {
  auto x = getX().getType();
  int64_t rows = 1;
  for (int64_t extent : x.getShape().drop_front().drop_back())
    rows *= extent;
  auto kernel = getKernel().getType();
  return 2 * rows * kernel.getDimSize(0) * kernel.getDimSize(1);
}

Value dlc::nn::scaledBias(OpBuilder &builder, Location loc, Value bias, Value scale, Value shift) {
  return bias ? AffineOp::create(builder, loc, bias, scale, shift).getResult() : shift;
}

Value DenseOp::buildScaled(OpBuilder &builder, Value scale, Value shift) {
  Value kernel = AffineOp::create(builder, getLoc(), getKernel(), scale, Value());
  Value bias = scaledBias(builder, getLoc(), getBias(), scale, shift);
  return DenseOp::create(builder, getLoc(), getX(), kernel, bias);
}

LogicalResult DenseBackwardKernelOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                      Adaptor adaptor,
                                                      SmallVectorImpl<Type> &types) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  auto g = cast<RankedTensorType>(adaptor.getG().getType());
  if (failed(checkStatic(loc, adaptor.getX(), {})) || failed(checkStatic(loc, adaptor.getG(), {})))
    return failure();
  if (x.getShape().drop_back() != g.getShape().drop_back())
    return emitOptionalError(loc, "x and g need the same rows, unlike ", x, " and ", g);
  types.push_back(x.clone({x.getShape().back(), g.getShape().back()}));
  return success();
}

int64_t DenseBackwardKernelOp::getFlopsPerSample() {
  int64_t rows = 1;
  for (int64_t extent : getX().getType().getShape().drop_back().drop_front())
    rows *= extent;
  return 2 * rows * getType().getNumElements();
}
