//===- Reduce.cpp - reductions along a dimension ------------------------------------===//

#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Reduce.cpp.inc"

LogicalResult ReduceSumOp::verify() {
  if (isSingleNumber(getType()) || getType().getDimSize(0) == getX().getType().getShape().back())
    return success();
  return emitOpError("sums ") << getX().getType()
                              << " to a vector along its last dimension or to one number, not to "
                              << getType();
}

LogicalResult AverageOp::verify() {
  if (getPerSample() < 1)
    return emitOpError("needs a per_sample of at least 1, not ") << getPerSample();
  return success();
}
