//===- ConvDepthwise.cpp - verifier, effects and items of the pair -------------------===//

#include "dialects/kernel/Checks.h"

using namespace mlir;
using namespace dlc::kernel;
using namespace dlc::kernel::checks;

LogicalResult ConvDepthwiseOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())) ||
      failed(verifyImages(*this, getInput(), getOut())) ||
      failed(verifyConvWeights(*this, getInput(), getWeights(), getOut(), getInChannels(),
                               getTile())) ||
      failed(verifyDepthwiseWeights(*this, getDepthwiseWeights(), getOut())) ||
      failed(verifyEpilogue(*this, getEpilogue(), getBias(), {}, getOut(), 1)) ||
      failed(verifyEpilogue(*this, getDepthwiseEpilogue(), getDepthwiseBias(), {}, getOut(), 1)))
    return failure();
  int64_t rows = getStepRows(), columns = getStepColumns(), band = getBandRows();
  if (rows < 1 || columns < 1 || band < rows)
    return emitOpError("needs steps of at least 1 output and bands of at least a step");
  if (failed(verifySlides(*this, getStrides(), getPadding(), getDilations())))
    return failure();
  SmallVector<int64_t> middle = getMiddleShape();
  if (middle[2] < 1 || middle[3] < 1)
    return emitOpError("needs an image that the windows of its convolution fit into");
  return verifyWindow(*this, middle, shapeOf(getOut()), shapeOf(getDepthwiseWeights()).slice(1, 2),
                      getDepthwiseStrides(), getDepthwisePadding(), getDepthwiseDilations());
}

SmallVector<int64_t> ConvDepthwiseOp::getMiddleShape() {
  ArrayRef<int64_t> in = shapeOf(getInput()), window = shapeOf(getWeights()).slice(2, 2);
  SmallVector<int64_t> shape(shapeOf(getOut()));
  for (int dim : {0, 1})
    shape[2 + dim] =
        dlc::nn::windowedExtent(in[2 + dim], window[dim], getStrides()[dim], getDilations()[dim],
                                getPadding()[2 * dim], getPadding()[2 * dim + 1]);
  return shape;
}

SmallVector<int64_t> ConvDepthwiseOp::getRingShape() {
  SmallVector<int64_t> middle = getMiddleShape();
  auto extent = [&](int dim, int64_t outputs) {
    int64_t taps = shapeOf(getDepthwiseWeights())[1 + dim];
    int64_t window = (taps - 1) * getDepthwiseDilations()[dim] + 1;
    return std::min((outputs - 1) * getDepthwiseStrides()[dim] + window, middle[2 + dim]);
  };
  return {1, getTile().getCols(), extent(0, getStepRows()), extent(1, getStepColumns()), middle[4]};
}

// A multiple of a cache line.
int64_t ConvDepthwiseOp::getScratchBytes() {
  return llvm::alignTo(4 * ShapedType::getNumElements(getRingShape()), 64);
}

SmallVector<OpFoldResult> ConvDepthwiseOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getOut(), {0});
  items.push_back(builder.getIndexAttr(shapeOf(getWeights())[0]));
  items.push_back(builder.getIndexAttr(llvm::divideCeil(shapeOf(getOut())[2], getBandRows())));
  return items;
}

int64_t ConvDepthwiseOp::getFlopsPerItem() {
  ArrayRef<int64_t> w = shapeOf(getWeights()), out = shapeOf(getOut());
  ArrayRef<int64_t> window = shapeOf(getDepthwiseWeights()).slice(1, 2);
  SmallVector<int64_t> middle = getMiddleShape();
  int64_t image = 2 * w[5] * w[6] *
                  (middle[2] * middle[3] * getInChannels() * w[2] * w[3] +
                   out[2] * out[3] * window[0] * window[1]);
  return image / llvm::divideCeil(out[2], getBandRows());
}

void ConvDepthwiseOp::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }
