//===- SideBySide.cpp - several pixels of few filters in one vector ------------------===//
//
// Few filters fill a small part of a vector. P neighbouring pixels of an output row then share one:
// they are the filters of a convolution with P times the stride, whose kernel holds P copies of the
// filters, each a stride further right and zero elsewhere. For 6 filters of width 3, two pixels, 16
// lanes:
//
//   lanes 0-5     f0 f1 f2 0        of pixels 2x, ..., 2x+3, where pixel 2x of the output reads
//   lanes 8-13    0  f0 f1 f2       the first three and pixel 2x+1 the last three
//
// 4 taps a vector of two pixels replace 2 x 3. The result [N, 1, H, W/P, L] is, as it stands in
// memory, the blocked image [N, 1, H, W, L/P].
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Lower.h"
#include "compiler/schedule/Tiles.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;

// Columns of the kernel that holds `pixels` copies.
static int64_t widened(const ConvShape &conv, int64_t pixels) {
  return typeOf(conv.kernel).getDimSize(1) + (pixels - 1) * conv.strides[1];
}

// Time of an output row per tap row and channel, in half cycles.
static int64_t rowCost(const Blocker &blocker, const ConvShape &conv, int64_t pixels) {
  int64_t width = conv.result[2] / pixels;
  TileShape tile = chooseTileShape(blocker.facts, width, /*blocks=*/1, /*dividing=*/false);
  return llvm::divideCeil(width, tile.rows) * stepCost(tile) * widened(conv, pixels);
}

int64_t dlc::schedule::choosePixels(const Blocker &blocker, const ConvShape &conv) {
  int64_t best = 1;
  if (conv.groups != 1 || conv.dilations[1] != 1)
    return best;
  // Vectors of less than four lanes gain nothing where the image is read.
  for (int64_t pixels = 2; blocker.facts.lanes / pixels >= std::max<int64_t>(4, conv.result[3]);
       pixels *= 2)
    if (conv.result[2] % pixels == 0 &&
        rowCost(blocker, conv, pixels) * 10 < rowCost(blocker, conv, best) * 9)
      best = pixels;
  return best;
}

// `part` `copies` times side by side, each in its share of the `lanes` of the last dimension, and
// the n-th n * `shift` further along dimension 1: a sum of copies among zeros.
static Value repeat(OpBuilder &builder, Location loc, Value part, int64_t copies, int64_t lanes,
                    int64_t shift) {
  RankedTensorType type = typeOf(part);
  int64_t last = type.getRank() - 1;
  SmallVector<int64_t> shape(type.getShape());
  shape[last] = lanes;
  if (shift)
    shape[1] += (copies - 1) * shift;
  Value sum;
  for (int64_t copy = 0; copy < copies; ++copy) {
    SmallVector<int64_t> low(last + 1, 0), high;
    low[last] = copy * (lanes / copies);
    if (shift)
      low[1] = copy * shift;
    for (auto [whole, before, extent] : llvm::zip_equal(shape, low, type.getShape()))
      high.push_back(whole - before - extent);
    Value among =
        nn::PadOp::create(builder, loc, type.clone(shape), part, low, high, APFloat(0.0f));
    sum = sum ? nn::AddOp::create(builder, loc, sum, among) : among;
  }
  return sum;
}

ConvShape dlc::schedule::putSideBySide(const Blocker &blocker, Location loc, const ConvShape &conv,
                                       int64_t pixels) {
  ConvShape wide = conv;
  int64_t lanes = blocker.facts.lanes;
  wide.kernel = repeat(blocker.builder, loc, conv.kernel, pixels, lanes, conv.strides[1]);
  if (conv.bias)
    wide.bias = repeat(blocker.builder, loc, conv.bias, pixels, lanes, /*shift=*/0);
  wide.strides[1] *= pixels;
  wide.result[2] /= pixels;
  wide.result[3] = lanes;
  return wide;
}

Value dlc::schedule::spreadPixels(Blocker &blocker, Location loc, Value wide, int64_t pixels) {
  ArrayRef<int64_t> shape = typeOf(wide).getShape();
  int64_t lanes = shape[4] / pixels;
  RankedTensorType split =
      typeOf(wide).clone({shape[0], shape[1], shape[2], shape[3], pixels, lanes});
  SmallVector<ReassociationIndices> apart = {{0}, {1}, {2}, {3}, {4, 5}};
  SmallVector<ReassociationIndices> together = {{0}, {1}, {2}, {3, 4}, {5}};
  Value value = tensor::ExpandShapeOp::create(blocker.builder, loc, split, wide, apart,
                                              blocker.extents(split));
  return tensor::CollapseShapeOp::create(blocker.builder, loc, value, together);
}
