//===- SpaceToDepth.cpp - strides of few channels as channels ------------------------===//
//
// Each square of S x S pixels becomes one pixel of S x S times the channels, and a convolution of
// stride S one of stride 1, whose windows hold ceil(k / S) squares and which has Winograd forms.
// Along a dimension, for windows of 7, stride 2 and padding 3, where a window begins within a
// square:
//
//   pixels    . . . . | 0 1 | 2 3 | 4 5 | ...       4 squares from 2 before the image on;
//   taps        0 1 2   3 4   5 6                   the first tap of all is zero
//
// Or squares begin where windows do, before the image: so wherever that needs fewer of them.
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Lower.h"
#include "dialects/kernel/Shapes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::shapeOf;

// More channels fill vectors as they are, and their windows are worth less than the zeros cost.
static constexpr int64_t kMostChannels = 64;

static int64_t squaresOf(int64_t window, int64_t stride) {
  return llvm::divideCeil(window, stride);
}

// Taps of zero before those of the first window, along a dimension.
static int64_t zerosBefore(const ConvShape &conv, const SpaceToDepth &squares, int dim) {
  return squares.padding[2 * dim] * squares.stride + squares.shift[dim] - conv.padding[2 * dim];
}

std::optional<SpaceToDepth> dlc::schedule::planSpaceToDepth(const ConvShape &conv) {
  ArrayRef<int64_t> image = shapeOf(conv.input), kernel = shapeOf(conv.kernel);
  int64_t stride = conv.strides[0], window = kernel[0];
  bool fits = stride > 1 && conv.strides[1] == stride && window == kernel[1] &&
              stride * stride * kernel[2] <= kMostChannels && conv.groups == 1 &&
              llvm::all_of(conv.dilations, [](int64_t dilation) { return dilation == 1; }) &&
              llvm::all_of(conv.padding, [](int64_t padding) { return padding >= 0; }) &&
              !conv.input.getDefiningOp<kernel::UnpackOp>();
  if (!fits)
    return std::nullopt;
  SpaceToDepth squares{stride, squaresOf(window, stride), stride * stride * kernel[2], {}, {}, {}};
  for (int dim : {0, 1}) {
    int64_t before = conv.padding[2 * dim], zeros = llvm::alignTo(before, stride) - before;
    squares.shift[dim] = squaresOf(window + zeros, stride) > squares.window ? before % stride : 0;
    squares.padding[2 * dim] = llvm::divideCeil(before - squares.shift[dim], stride);
  }
  for (int dim : {0, 1}) {
    // Squares that windows reach, and of these the ones that hold pixels.
    int64_t before = squares.padding[2 * dim], reached = conv.result[1 + dim] + squares.window - 1;
    squares.extents[dim] =
        std::min(squaresOf(image[1 + dim] + squares.shift[dim], stride), reached - before);
    squares.padding[2 * dim + 1] = reached - before - squares.extents[dim];
  }
  if (squares.window < 3 || squares.window > 5 ||
      llvm::any_of(squares.extents, [](int64_t extent) { return extent < 1; }))
    return std::nullopt;
  return squares;
}

// [k, k, C, O] -> [w, w, S S C, O]
static Value joinKernel(Blocker &blocker, Location loc, const ConvShape &conv,
                        const SpaceToDepth &squares) {
  OpBuilder &builder = blocker.builder;
  RankedTensorType type = typeOf(conv.kernel);
  int64_t s = squares.stride, w = squares.window, c = type.getDimSize(2), o = type.getDimSize(3);
  SmallVector<int64_t> low(4, 0), high(4, 0);
  for (int dim : {0, 1}) {
    low[dim] = zerosBefore(conv, squares, dim);
    high[dim] = w * s - low[dim] - type.getDimSize(dim);
  }
  Value padded = nn::PadOp::create(builder, loc, type.clone({w * s, w * s, c, o}), conv.kernel, low,
                                   high, APFloat(0.0f));
  Value apart = nn::ReshapeOp::create(builder, loc, type.clone({w, s, w, s, c, o}), padded);
  Value turned = nn::TransposeOp::create(builder, loc, type.clone({w, w, s, s, c, o}), apart,
                                         ArrayRef<int64_t>{0, 2, 1, 3, 4, 5});
  return nn::ReshapeOp::create(builder, loc, type.clone({w, w, s * s * c, o}), turned);
}

ConvShape dlc::schedule::moveToDepth(Blocker &blocker, Location loc, const ConvShape &conv,
                                     const SpaceToDepth &squares) {
  OpBuilder &builder = blocker.builder;
  SmallVector<int64_t> shape = {shapeOf(conv.input)[0], squares.extents[0], squares.extents[1],
                                squares.channels};
  Value out = blocker.empty(
      loc, kernel::getBlockedShape(kernel::Layout::Image, shape, blocker.facts.lanes));
  Value blocked = kernel::SpaceToDepthOp::create(builder, loc, out.getType(), conv.input, out,
                                                 squares.stride, squares.shift)
                      .getResult()[0];
  ConvShape joined = conv;
  joined.input =
      blocker.unpack(loc, blocked, typeOf(conv.input).clone(shape), kernel::Layout::Image);
  joined.kernel = joinKernel(blocker, loc, conv, squares);
  joined.strides = {1, 1};
  joined.padding = llvm::to_vector(squares.padding);
  return joined;
}
