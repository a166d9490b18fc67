//===- Elementwise.cpp - activations and arithmetic --------------------------------===//

#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Elementwise.cpp.inc"

LogicalResult ReluOp::verify() {
  if (auto max = getMaxValue(); max && max->isNegative())
    return emitOpError("needs a max_value of at least 0, not ") << max->convertToDouble();
  return success();
}

LogicalResult RReluOp::verify() {
  double lower = getLower().convertToDouble(), upper = getUpper().convertToDouble();
  if (!(lower >= 0 && lower <= upper))
    return emitOpError("needs slopes from 0 on in ascending order, not ")
           << lower << " and " << upper;
  return success();
}

LogicalResult AffineOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  int64_t channels = x.getShape().back();
  if (failed(checkStatic(loc, adaptor.getX(), {adaptor.getScale(), adaptor.getShift()})))
    return failure();
  for (Value vector : {adaptor.getScale(), adaptor.getShift()})
    if (vector && cast<RankedTensorType>(vector.getType()).getDimSize(0) != channels)
      return emitOptionalError(loc, "scale and shift need ", channels,
                               " elements, the extent of the last dimension");
  types.push_back(x);
  return success();
}

LogicalResult CastOp::inferReturnTypes(MLIRContext *context, std::optional<Location>,
                                       Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  types.push_back(x.clone(Float32Type::get(context)));
  return success();
}
