//===- ConvBackward.cpp - plain forms of the convolutions' backward ops --------------===//
//
// The gradient of an image gathers: pixel i collects, for each tap k, the gradient of the window
// whose tap k saw it, from a copy of g in which windows lie a stride apart. The gradient of a
// kernel is a sum over all windows of all samples.
//
//===------------------------------------------------------------------------------===//

#include "compiler/ops/Models.h"
#include "compiler/ops/Spread.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

// Tap k of pixel i meets window (i + padding - k * dilation) / stride. A reach that is no less than
// the padding and the last tap's offset keeps every place on the spread image.
Spread::Spread(const Build &build, Value values, RankedTensorType image, Windows windows,
               double fill)
    : windows(windows) {
  auto type = cast<RankedTensorType>(values.getType());
  SmallVector<int64_t> shape(type.getShape());
  auto index = [&](int64_t i) { return OpFoldResult(build.builder.getIndexAttr(i)); };
  SmallVector<OpFoldResult> offsets(4, index(0)), strides(4, index(1));
  for (int dim : {0, 1}) {
    int64_t padding = windows.padding[2 * dim];
    reach[dim] = std::max((windows.taps[dim] - 1) * windows.dilations[dim], padding);
    int64_t first = reach[dim] - padding;
    int64_t last = first + (shape[1 + dim] - 1) * windows.strides[dim];
    shape[1 + dim] = std::max(image.getDimSize(1 + dim) + reach[dim], last + 1);
    offsets[1 + dim] = index(first);
    strides[1 + dim] = index(windows.strides[dim]);
  }
  value = build.inserted(values, build.filled(type.clone(shape), fill), offsets, strides);
}

template <typename OpTy> static Windows windowsOf(OpTy op, RankedTensorType kernel) {
  return {kernel.getShape().take_front(2), op.getStrides(), op.getPadding(), op.getDilations()};
}

// The last dimension as `groups` times the rest.
static RankedTensorType typeInGroups(RankedTensorType type, int64_t groups) {
  SmallVector<int64_t> shape(type.getShape());
  shape.back() /= groups;
  shape.insert(shape.end() - 1, groups);
  return type.clone(shape);
}

static Value inGroups(const Build &build, Value x, int64_t groups) {
  return build.splitLast(x, typeInGroups(cast<RankedTensorType>(x.getType()), groups));
}

// Loops (n, h, w, g, c, kh, kw, o).
static LoweredValues lowerConvData(nn::Conv2DBackwardDataOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  int64_t groups = op.getGroups();
  Spread spread(build, op.getG(), op.getType(), windowsOf(op, op.getKernel().getType()), 0);
  auto d = [&](unsigned i) { return build.dim(i); };
  AffineMap maps[] = {
      build.map(8, {d(0), spread.place(0, d(1), d(5)), spread.place(1, d(2), d(6)), d(3), d(7)}),
      build.map(8, {d(5), d(6), d(4), d(3), d(7)}), build.leadingDims(8, 5)};
  Value dx = build.generic(
      {inGroups(build, spread.value, groups), inGroups(build, op.getKernel(), groups)},
      build.filled(typeInGroups(op.getType(), groups), 0), maps, multiplyAddBody);
  return SmallVector<Value>{build.mergeLast(dx, op.getType())};
}

// Loops (n, h, w, c, kh, kw, m).
static LoweredValues lowerDepthwiseData(nn::DepthwiseConv2DBackwardDataOp op, OpBuilder &builder,
                                        Value batch) {
  Build build{builder, op.getLoc(), batch};
  Spread spread(build, op.getG(), op.getType(), windowsOf(op, op.getKernel().getType()), 0);
  auto d = [&](unsigned i) { return build.dim(i); };
  AffineMap maps[] = {
      build.map(7, {d(0), spread.place(0, d(1), d(4)), spread.place(1, d(2), d(5)), d(3), d(6)}),
      build.map(7, {d(4), d(5), d(3), d(6)}), build.leadingDims(7, 4)};
  Value g = inGroups(build, spread.value, op.getType().getDimSize(3));
  return SmallVector<Value>{
      build.generic({g, op.getKernel()}, build.filled(op.getType(), 0), maps, multiplyAddBody)};
}

// Loops (kh, kw, c, g, o, n, oh, ow).
static LoweredValues lowerConvKernel(nn::Conv2DBackwardKernelOp op, OpBuilder &builder,
                                     Value batch) {
  Build build{builder, op.getLoc(), batch};
  int64_t groups = op.getGroups();
  auto d = [&](unsigned i) { return build.dim(i); };
  AffineMap maps[] = {
      build.map(8, {d(5), pixel(op, 0, d(6), d(0)), pixel(op, 1, d(7), d(1)), d(3), d(2)}),
      build.map(8, {d(5), d(6), d(7), d(3), d(4)}), build.leadingDims(8, 5)};
  Value dw = build.generic(
      {inGroups(build, paddedInput(build, op), groups), inGroups(build, op.getG(), groups)},
      build.filled(typeInGroups(op.getType(), groups), 0), maps, multiplyAddBody);
  return SmallVector<Value>{build.mergeLast(dw, op.getType())};
}

// Loops (kh, kw, c, m, n, oh, ow).
static LoweredValues lowerDepthwiseKernel(nn::DepthwiseConv2DBackwardKernelOp op,
                                          OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto d = [&](unsigned i) { return build.dim(i); };
  AffineMap maps[] = {
      build.map(7, {d(4), pixel(op, 0, d(5), d(0)), pixel(op, 1, d(6), d(1)), d(2)}),
      build.map(7, {d(4), d(5), d(6), d(2), d(3)}), build.leadingDims(7, 4)};
  Value g = inGroups(build, op.getG(), op.getType().getDimSize(2));
  return SmallVector<Value>{build.generic({paddedInput(build, op), g},
                                          build.filled(op.getType(), 0), maps, multiplyAddBody)};
}

void dlc::ops::addConvBackwardModels(MLIRContext *context) {
  addLinalg<nn::Conv2DBackwardDataOp, lowerConvData>(context);
  addLinalg<nn::Conv2DBackwardKernelOp, lowerConvKernel>(context);
  addLinalg<nn::DepthwiseConv2DBackwardDataOp, lowerDepthwiseData>(context);
  addLinalg<nn::DepthwiseConv2DBackwardKernelOp, lowerDepthwiseKernel>(context);
}
