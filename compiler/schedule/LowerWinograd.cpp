//===- LowerWinograd.cpp - convolutions in the Winograd domain ----------------------===//
//
//   kernel.winograd_weights (goes to @prepare), then either kernel.winograd, a block of tiles at a
//   time, or kernel.winograd_input, _gemm and _output, or for one channel kernel.winograd_plane
//
// Where threads would wait for weights that come from memory, kernel.winograd_scales goes first and
// kernel.winograd_gemm reads them in 24-bit fixed point, three quarters of the bytes.
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Algorithms.h"
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
struct TransformedWeights {
  Value points, scales; ///< null scales: in float32
};
} // namespace

// Products step by step read all weights once; those in blocks of tiles have them in a cache.
static bool wantsFixedWeights(const Blocker &blocker, Value kernel, int64_t stride,
                              const WinogradChoice &choice) {
  if (choice.plane || choice.blocks || stride > 1 || !isPrepared(kernel))
    return false;
  if (blocker.weightPrecision != WeightPrecision::Auto)
    return blocker.weightPrecision == WeightPrecision::Fixed;
  return choice.waits &&
         findWeights(blocker.facts.costs, /*bytes=*/0, blocker.weightBytes) == WeightsHome::Memory;
}

static TransformedWeights transformWeights(Blocker &blocker, Location loc, Value kernel,
                                           kernel::WinogradForm form, int64_t cols, bool fixed) {
  OpBuilder &builder = blocker.builder;
  int64_t lanes = blocker.facts.lanes, channels = shapeOf(kernel)[2], planes = form.planes();
  int64_t blocks = llvm::divideCeil(shapeOf(kernel)[3], lanes);
  int64_t groups = llvm::divideCeil(blocks, cols);
  Value scales, out;
  if (!fixed) {
    out = blocker.empty(loc, {planes, groups, channels, cols, lanes});
  } else {
    Value largest = blocker.empty(loc, {planes, blocks, lanes});
    scales = kernel::WinogradScalesOp::create(builder, loc, largest.getType(), kernel, largest,
                                              form.tile, form.window)
                 .getResult()[0];
    SmallVector<int64_t> words = {planes, groups, kernel::kFixedPoints.rows(channels), cols, lanes};
    out = tensor::EmptyOp::create(builder, loc, words, builder.getI32Type());
  }
  Value u = kernel::WinogradWeightsOp::create(builder, loc, out.getType(), kernel, scales, out,
                                              form.tile, form.window, form.stride)
                .getResult()[0];
  return {u, scales};
}

namespace {

// Builds the kernels of one convolution, in any of the three ways.
class WinogradBuilder {
public:
  WinogradBuilder(Blocker &blocker, nn::GroupOp group, const ConvShape &conv,
                  const WinogradChoice &choice, ArrayRef<Value> extras, ArrayRef<Value> innerExtras)
      : blocker(blocker), builder(blocker.builder), loc(group.getLoc()), group(group), conv(conv),
        choice(choice), form{choice.tileSize, shapeOf(conv.kernel)[0], conv.strides[0]},
        extras(extras), innerExtras(innerExtras) {
    tiles =
        llvm::divideCeil(conv.result[1], form.tile) * llvm::divideCeil(conv.result[2], form.tile);
    outBlocks = llvm::divideCeil(conv.result[3], blocker.facts.lanes);
    // The rows of a matrix product: tiles of a block, or of an image.
    int64_t rows = choice.blocks ? llvm::divideCeil(tiles, choice.blocks) : tiles;
    tile = chooseTile(builder.getContext(), blocker.facts, rows, outBlocks, /*dividing=*/false);
  }

  Value build() {
    weights = transformWeights(blocker, loc, conv.kernel, form, choice.plane ? 1 : tile.getCols(),
                               wantsFixedWeights(blocker, conv.kernel, form.stride, choice));
    bias = blocker.packBias(loc, conv.bias, conv.result[3]);
    out = blocker.empty(loc,
                        kernel::getBlockedShape(Layout::Image, conv.result, blocker.facts.lanes));
    if (choice.plane)
      return buildPlane();
    return choice.blocks ? buildBlocks() : buildSteps();
  }

private:
  Value buildPlane() {
    Value x = blocker.asOneBlock(loc, conv.input);
    return finish(kernel::WinogradPlaneOp::create(builder, loc, out.getType(), x, weights.points,
                                                  bias, extras, out, conv.padding, form.tile,
                                                  form.window, /*pool=*/1));
  }

  Value buildBlocks() {
    Value x = blocker.pack(loc, conv.input, Layout::Image);
    return finish(kernel::WinogradOp::create(
        builder, loc, out.getType(), x, weights.points, bias, extras, out, conv.padding, form.tile,
        shapeOf(conv.kernel)[2], choice.blocks, tile, form.window, /*pool=*/1, form.stride));
  }

  Value buildSteps() {
    Value x = blocker.pack(loc, conv.input, Layout::Image);
    int64_t batch = conv.result[0], lanes = blocker.facts.lanes;
    Value v = blocker.empty(loc, {batch, shapeOf(x)[1], form.planes(), tiles | 1, lanes});
    v = kernel::WinogradInputOp::create(builder, loc, v.getType(), x, v, conv.padding, form.tile,
                                        form.window, form.stride)
            .getResult()[0];
    Value m = blocker.empty(loc, {batch, outBlocks, form.points(), tiles | 1, lanes});
    m = kernel::WinogradGemmOp::create(builder, loc, m.getType(), v, weights.points, weights.scales,
                                       m, shapeOf(conv.kernel)[2], tiles, form.tile, tile,
                                       form.window, form.stride)
            .getResult()[0];
    return finish(kernel::WinogradOutputOp::create(builder, loc, out.getType(), m, bias, extras,
                                                   out, form.tile, form.taps(), /*pool=*/1));
  }

  template <typename OpTy> Value finish(OpTy op) {
    buildEpilogue(blocker, op.getEpilogue(), group, innerExtras);
    return op.getResult()[0];
  }

  Blocker &blocker;
  OpBuilder &builder;
  Location loc;
  nn::GroupOp group;
  const ConvShape &conv;
  const WinogradChoice &choice;
  kernel::WinogradForm form;
  ArrayRef<Value> extras, innerExtras;
  int64_t tiles, outBlocks; ///< of an image
  kernel::TileAttr tile;
  TransformedWeights weights;
  Value bias, out;
};

} // namespace

Value dlc::schedule::buildWinograd(Blocker &blocker, nn::GroupOp group, const ConvShape &conv,
                                   const WinogradChoice &choice, ArrayRef<Value> extras,
                                   ArrayRef<Value> innerExtras) {
  ConvShape computed =
      choice.squares ? moveToDepth(blocker, group.getLoc(), conv, *choice.squares) : conv;
  return WinogradBuilder(blocker, group, computed, choice, extras, innerExtras).build();
}
