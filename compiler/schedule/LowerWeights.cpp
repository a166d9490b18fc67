//===- LowerWeights.cpp - gradients of kernels ---------------------------------------===//
//
// A kernel's gradient reads the blocked images that the layers around left and writes the plain
// kernel, as the optimiser reads it. Where a layer has too few filters, channels and taps for many
// threads, parts of the batch have sums of their own, in a number that depends on the layer alone:
//
//   %dw = nn.conv2d_backward_kernel %x, %g
//   ->
//   %parts = kernel.conv_weights ins(%x1, %g1) outs(... : tensor<6x3x3x16x16xf32>)
//   %dw = linalg.generic {reduction over the first dimension} ins(%parts)
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Lower.h"
#include "compiler/schedule/Tiles.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::Layout;
using kernel::shapeOf;

namespace {

struct WeightsShape {
  Value input, gradient; // blocked
  SmallVector<int64_t> kernel, strides, padding, dilations;
  int64_t groups;
};

} // namespace

// Channels of one item: a block, or some of those that stand side by side.
static int64_t chooseChannels(const WeightsShape &shape) {
  constexpr int64_t most = 16;
  return std::min(shapeOf(shape.input).back(), most);
}

// Parts of the batch with sums of their own: more for threads to share, where items are few.
static int64_t chooseParts(int64_t items) {
  constexpr int64_t enough = 16, most = 8;
  return items >= enough ? 1 : std::min<int64_t>(llvm::divideCeil(enough, items), most);
}

// The sum over the first dimension.
static Value addParts(Blocker &blocker, Location loc, Value parts) {
  ArrayRef<int64_t> shape = shapeOf(parts).drop_front();
  AffineMap all = blocker.builder.getMultiDimIdentityMap(shape.size() + 1);
  return sumOver(blocker, loc, parts, all, all.dropResult(0), shape,
                 [](OpBuilder &, Location, ValueRange elements) { return elements[0]; });
}

static Value buildWeights(Blocker &blocker, Location loc, const WeightsShape &shape) {
  OpBuilder &builder = blocker.builder;
  int64_t channels = chooseChannels(shape), blocks = shapeOf(shape.gradient)[1];
  WeightsTile tile =
      chooseWeightsTile(builder.getContext(), blocker.facts, std::min(channels, shape.kernel[2]),
                        shape.kernel[1], blocks / shape.groups, shape.groups > 1);
  int64_t items = llvm::divideCeil(blocks, tile.tile.getCols()) *
                  llvm::divideCeil(shape.kernel[2], channels) * shape.kernel[0];
  int64_t parts = chooseParts(items);
  SmallVector<int64_t> result(shape.kernel);
  if (parts > 1)
    result.insert(result.begin(), parts);
  Value out = blocker.empty(loc, result);
  Value sums =
      kernel::ConvWeightsOp::create(builder, loc, out.getType(), shape.input, shape.gradient, out,
                                    shape.strides, shape.padding, shape.dilations, shape.groups,
                                    channels, tile.tile, tile.wholeRows)
          .getResult()[0];
  return parts > 1 ? addParts(blocker, loc, sums) : sums;
}

Value dlc::schedule::lowerConvWeights(Blocker &blocker, nn::Conv2DBackwardKernelOp op) {
  Location loc = op.getLoc();
  RankedTensorType kernel = op.getType();
  int64_t groups = op.getGroups(), lanes = blocker.facts.lanes;
  // A block must not straddle two groups.
  if (groups > 1 && (kernel.getDimSize(2) % lanes || (kernel.getDimSize(3) / groups) % lanes))
    return {};
  WeightsShape shape{blocker.packConvInput(loc, op.getX()),
                     blocker.pack(loc, op.getG(), Layout::Image),
                     llvm::to_vector(kernel.getShape()),
                     llvm::to_vector(op.getStrides()),
                     llvm::to_vector(op.getPadding()),
                     llvm::to_vector(op.getDilations()),
                     groups};
  return buildWeights(blocker, loc, shape);
}

// Sums over the channels that one channel made have no kernel.
Value dlc::schedule::lowerDepthwiseWeights(Blocker &blocker,
                                           nn::DepthwiseConv2DBackwardKernelOp op) {
  OpBuilder &builder = blocker.builder;
  Location loc = op.getLoc();
  ArrayRef<int64_t> k = op.getType().getShape();
  if (k[3] != 1)
    return {};
  Value input = blocker.pack(loc, op.getX(), Layout::Image);
  Value gradient = blocker.pack(loc, op.getG(), Layout::Image);
  TapsTile tile = chooseTapsTile(blocker.facts, k[0], k[1]);
  int64_t parts = chooseParts(shapeOf(gradient)[1] * (k[0] / tile.tapRows));
  SmallVector<int64_t> result(k.drop_back());
  if (parts > 1)
    result.insert(result.begin(), parts);
  Value out = blocker.empty(loc, result);
  Value sums = kernel::DepthwiseWeightsOp::create(builder, loc, out.getType(), input, gradient, out,
                                                  op.getStrides(), op.getPadding(),
                                                  op.getDilations(), tile.tapRows, tile.pixels)
                   .getResult()[0];
  return nn::ReshapeOp::create(builder, loc, op.getType(),
                               parts > 1 ? addParts(blocker, loc, sums) : sums);
}

// Rows are images of one pixel. Features stand side by side in a row already: one block.
Value dlc::schedule::lowerDenseWeights(Blocker &blocker, nn::DenseBackwardKernelOp op) {
  OpBuilder &builder = blocker.builder;
  Location loc = op.getLoc();
  RankedTensorType x = typeOf(op.getX()), g = typeOf(op.getG());
  if (x.getRank() != 2)
    return {};
  int64_t depth = x.getDimSize(1), units = g.getDimSize(1);
  RankedTensorType wide = x.clone({x.getDimSize(0), 1, 1, 1, depth});
  SmallVector<ReassociationIndices> groups = {{0, 1, 2, 3}, {4}};
  Value input =
      tensor::ExpandShapeOp::create(builder, loc, wide, op.getX(), groups, blocker.extents(wide));
  Value pixels =
      nn::ReshapeOp::create(builder, loc, g.clone({g.getDimSize(0), 1, 1, units}), op.getG());
  WeightsShape shape{input,
                     blocker.pack(loc, pixels, Layout::Image),
                     {1, 1, depth, units},
                     {1, 1},
                     {0, 0, 0, 0},
                     {1, 1},
                     1};
  return nn::ReshapeOp::create(builder, loc, op.getType(), buildWeights(blocker, loc, shape));
}
