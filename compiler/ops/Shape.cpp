//===- Shape.cpp - ops that move data -----------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

static LoweredValues lowerReshape(nn::ReshapeOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  return SmallVector<Value>{build.reshaped(op.getX(), op.getType())};
}

static LoweredValues lowerPad(nn::PadOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  return SmallVector<Value>{
      build.padded(op.getX(), op.getLow(), op.getHigh(), op.getValue().convertToDouble())};
}

// Inserts into one destination, so that producers can write their slice of it in place.
static LoweredValues lowerConcat(nn::ConcatOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  RankedTensorType type = op.getType();
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
  Value result = build.empty(type);
  int64_t position = 0;
  for (Value x : op.getXs()) {
    auto part = cast<RankedTensorType>(x.getType());
    offsets[op.getAxis()] = builder.getIndexAttr(position);
    result = tensor::InsertSliceOp::create(builder, op.getLoc(), x, result, offsets,
                                           build.extents(part), strides);
    position += part.getDimSize(op.getAxis());
  }
  return SmallVector<Value>{result};
}

static LoweredValues lowerTranspose(nn::TransposeOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto transpose = linalg::TransposeOp::create(builder, op.getLoc(), op.getX(),
                                               build.empty(op.getType()), op.getPerm());
  return SmallVector<Value>(transpose->getResults());
}

static LoweredValues lowerDropout(nn::DropoutOp op, OpBuilder &, Value) {
  return SmallVector<Value>{op.getX()};
}

void dlc::ops::addShapeModels(MLIRContext *context) {
  addLinalg<nn::ReshapeOp, lowerReshape>(context);
  addLinalg<nn::PadOp, lowerPad>(context);
  addLinalg<nn::ConcatOp, lowerConcat>(context);
  addLinalg<nn::TransposeOp, lowerTranspose>(context);
  addLinalg<nn::DropoutOp, lowerDropout>(context);
}
