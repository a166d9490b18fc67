//===- Loss.cpp - losses with a shape of their own -----------------------------------===//

#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Loss.cpp.inc"

// A loss has one number for each row of `x`; a batch of single rows keeps its batch.
static LogicalResult inferRows(std::optional<Location> loc, Value x, Value target,
                               SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(x.getType());
  auto labels = cast<RankedTensorType>(target.getType());
  if (type.getRank() < 2)
    return emitOptionalError(loc, "needs rows within a batch, not ", type);
  if (failed(checkStatic(loc, x, {})))
    return failure();
  ArrayRef<int64_t> rows = type.getShape().drop_back();
  bool isSparse = labels.getElementType().isInteger();
  ArrayRef<int64_t> due = isSparse ? rows : type.getShape();
  if (labels.getShape() != due)
    return emitOptionalError(loc, isSparse ? "classes need" : "a distribution needs",
                             " one extent for each of ", type, isSparse ? " but its last" : "",
                             ", unlike ", labels);
  types.push_back(type.clone(rows));
  return success();
}

LogicalResult CrossEntropyOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                               Adaptor adaptor, SmallVectorImpl<Type> &types) {
  if (adaptor.getFromLogits() && adaptor.getNormalize())
    return emitOptionalError(loc, "normalizes probabilities, not logits");
  int64_t classes = cast<RankedTensorType>(adaptor.getX().getType()).getShape().back();
  if (Value weights = adaptor.getClassWeights())
    if (cast<RankedTensorType>(weights.getType()).getDimSize(0) != classes)
      return emitOptionalError(loc, "needs ", classes, " class weights, one a class");
  return inferRows(loc, adaptor.getX(), adaptor.getTarget(), types);
}

// A softmax's logarithm has itself as logits: its exponentials sum to 1.
OpFoldResult CrossEntropyOp::fold(FoldAdaptor) {
  auto softmax = getX().getDefiningOp<SoftmaxOp>();
  if (!softmax || softmax.getLog() != getFromLogits())
    return {};
  getXMutable().assign(softmax.getX());
  setFromLogits(true);
  setNormalize(false);
  return getResult();
}

LogicalResult ClassHitsOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  return inferRows(loc, adaptor.getX(), adaptor.getTarget(), types);
}
