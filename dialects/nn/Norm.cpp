//===- Norm.cpp - normalisation -----------------------------------------------------===//

#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Norm.cpp.inc"

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  int64_t channels = x.getShape().back();
  Value statistics[] = {adaptor.getGamma(), adaptor.getBeta(), adaptor.getMean(),
                        adaptor.getVariance()};
  if (failed(checkStatic(loc, adaptor.getX(), statistics)))
    return failure();
  for (Value statistic : statistics)
    if (cast<RankedTensorType>(statistic.getType()).getDimSize(0) != channels)
      return emitOptionalError(loc, "gamma, beta, mean and variance need ", channels,
                               " elements, the extent of the last dimension");
  types.push_back(x);
  return success();
}

LogicalResult BatchNormAffineOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                  Adaptor adaptor, SmallVectorImpl<Type> &types) {
  Type vector = adaptor.getGamma().getType();
  if (failed(checkStatic(loc, {}, adaptor.getGamma())))
    return failure();
  for (Value statistic : {adaptor.getBeta(), adaptor.getMean(), adaptor.getVariance()})
    if (statistic.getType() != vector)
      return emitOptionalError(loc, "gamma, beta, mean and variance need the same extent");
  types.assign(2, vector);
  return success();
}

LogicalResult LrnOp::verify() {
  if (getSize() < 1 || getSize() % 2 == 0)
    return emitOpError("needs an odd window size of at least 1, not ") << getSize();
  return success();
}

LogicalResult MomentsOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  if (failed(checkStatic(loc, adaptor.getX(), {})))
    return failure();
  types.assign(2, x.clone({x.getShape().back()}));
  return success();
}
