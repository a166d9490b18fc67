//===- Nn.cpp - the nn dialect: registration and shared shape rules ---------------===//

#include "dialects/nn/Nn.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc::nn;

#include "dialects/nn/NnDialect.cpp.inc"
#include "dialects/nn/NnEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/nn/NnAttrs.cpp.inc"
#include "dialects/nn/NnInterfaces.cpp.inc"

void NnDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/nn/NnAttrs.cpp.inc"
      >();
#include "dialects/nn/NnRegistrations.inc"
}

int64_t dlc::nn::windowedExtent(int64_t extent, int64_t window, int64_t stride, int64_t dilation,
                                int64_t low, int64_t high, bool ceilMode) {
  int64_t span = extent + low + high - ((window - 1) * dilation + 1);
  if (span < 0)
    return 0;
  if (!ceilMode)
    return span / stride + 1;
  int64_t out = (span + stride - 1) / stride + 1;
  return (out - 1) * stride >= extent + low ? out - 1 : out;
}

Value dlc::nn::findBatch(FunctionOpInterface function) {
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), kBatchAttr))
      return argument;
  return {};
}

LogicalResult dlc::nn::checkStatic(std::optional<Location> loc, Value x, ValueRange parameters) {
  if (x && ShapedType::isDynamic(cast<RankedTensorType>(x.getType()).getShape().back()))
    return emitOptionalError(loc, "the input needs a static last dimension, unlike ", x.getType());
  for (Value parameter : parameters)
    if (parameter && !cast<RankedTensorType>(parameter.getType()).hasStaticShape())
      return emitOptionalError(loc, "a parameter needs a static shape, unlike ",
                               parameter.getType(), "; only the batch may vary");
  return success();
}
