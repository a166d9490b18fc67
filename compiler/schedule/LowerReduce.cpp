//===- LowerReduce.cpp - sums over blocked images -----------------------------------===//
//
// Sums of each channel over pixels and batch, vector by vector: first those of each sample's
// pixels, which threads share, then over the batch, in an order that depends on shapes alone.
//
//   %s = nn.reduce_sum %x : (tensor<?x8x8x20xf32>) -> tensor<20xf32>
//   ->
//   %samples = linalg.generic {addf} ins(%x1 : tensor<?x2x8x8x16xf32>) -> tensor<?x2x16xf32>
//   %sum = linalg.generic {addf} ins(%samples) -> tensor<2x16xf32>
//   %s = tensor.extract_slice (tensor.collapse_shape %sum) [0] [20] [1]
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Lower.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::Layout;

Value dlc::schedule::sumOver(Blocker &blocker, Location loc, ValueRange inputs,
                             ArrayRef<AffineMap> maps, AffineMap kept, ArrayRef<int64_t> shape,
                             Element element) {
  OpBuilder &builder = blocker.builder;
  Value zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
  Value out = linalg::FillOp::create(builder, loc, zero, blocker.empty(loc, shape)).getResult(0);
  SmallVector<AffineMap> all(maps);
  all.push_back(kept);
  SmallVector<utils::IteratorType> iterators;
  for (unsigned loop = 0; loop < kept.getNumDims(); ++loop)
    iterators.push_back(kept.isFunctionOfDim(loop) ? utils::IteratorType::parallel
                                                   : utils::IteratorType::reduction);
  auto body = [&](OpBuilder &inner, Location at, ValueRange elements) {
    Value value = element(inner, at, elements.drop_back());
    value = arith::AddFOp::create(inner, at, elements.back(), value);
    linalg::YieldOp::create(inner, at, value);
  };
  return linalg::GenericOp::create(builder, loc, out.getType(), inputs, out, all, iterators, body)
      .getResult(0);
}

// Inputs are blocked images and vectors; the result is a plain vector of `channels`.
static Value sumChannels(Blocker &blocker, Location loc, ValueRange inputs, int64_t channels,
                         Element element) {
  OpBuilder &builder = blocker.builder;
  AffineMap image = builder.getMultiDimIdentityMap(5), sample = builder.getMultiDimIdentityMap(3);
  SmallVector<AffineMap> maps;
  for (Value input : inputs)
    maps.push_back(typeOf(input).getRank() == 5 ? image : image.getSubMap({1, 4}));
  ArrayRef<int64_t> shape = typeOf(inputs.front()).getShape();
  Value samples = sumOver(blocker, loc, inputs, maps, image.getSubMap({0, 1, 4}),
                          {shape[0], shape[1], shape[4]}, element);
  Value sum = sumOver(blocker, loc, samples, sample, sample.getSubMap({1, 2}), {shape[1], shape[4]},
                      [](OpBuilder &, Location, ValueRange elements) { return elements[0]; });
  SmallVector<ReassociationIndices> together = {{0, 1}};
  Value flat = tensor::CollapseShapeOp::create(builder, loc, sum, together);
  if (typeOf(flat).getDimSize(0) == channels)
    return flat;
  auto index = [&](int64_t value) {
    return SmallVector<OpFoldResult>{builder.getIndexAttr(value)};
  };
  return tensor::ExtractSliceOp::create(builder, loc, flat, index(0), index(channels), index(1));
}

Value dlc::schedule::lowerReduceSum(Blocker &blocker, nn::ReduceSumOp op) {
  RankedTensorType type = typeOf(op.getX());
  int64_t channels = type.getShape().back();
  if (type.getRank() != 4 || !blocker.isBlocked(op.getX()) ||
      op.getType().getDimSize(0) != channels)
    return {};
  return sumChannels(blocker, op.getLoc(), blocker.pack(op.getLoc(), op.getX(), Layout::Image),
                     channels,
                     [](OpBuilder &, Location, ValueRange elements) { return elements[0]; });
}

// The mean first, then the mean square of what is left: one pass over both would cancel digits.
SmallVector<Value> dlc::schedule::lowerMoments(Blocker &blocker, nn::MomentsOp op) {
  Location loc = op.getLoc();
  RankedTensorType type = typeOf(op.getX());
  if (type.getRank() != 4 || !blocker.isBlocked(op.getX()))
    return {};
  int64_t channels = type.getDimSize(3), pixels = type.getDimSize(1) * type.getDimSize(2);
  auto average = [&](Value sum) -> Value {
    return nn::AverageOp::create(blocker.builder, loc, sum.getType(), sum, pixels);
  };
  Value image = blocker.pack(loc, op.getX(), Layout::Image);
  Value mean =
      average(sumChannels(blocker, loc, image, channels,
                          [](OpBuilder &, Location, ValueRange elements) { return elements[0]; }));
  Value squares =
      sumChannels(blocker, loc, {image, blocker.pack(loc, mean, Layout::Vector)}, channels,
                  [](OpBuilder &builder, Location at, ValueRange elements) -> Value {
                    Value centred = arith::SubFOp::create(builder, at, elements[0], elements[1]);
                    return arith::MulFOp::create(builder, at, centred, centred);
                  });
  return {mean, average(squares)};
}
