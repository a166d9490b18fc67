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
    SmallVector<int64_t> words = {planes, groups, kernel::fixedRows(channels), cols, lanes};
    out = tensor::EmptyOp::create(builder, loc, words, builder.getI32Type());
  }
  Value u = kernel::WinogradWeightsOp::create(builder, loc, out.getType(), kernel, scales, out,
                                              form.tile, form.window, form.stride)
                .getResult()[0];
  return {u, scales};
}

Value dlc::schedule::buildWinograd(Blocker &blocker, nn::GroupOp group, const ConvShape &given,
                                   WinogradChoice choice, ArrayRef<Value> extras,
                                   ArrayRef<Value> innerExtras) {
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  ConvShape conv = choice.squares ? moveToDepth(blocker, loc, given, *choice.squares) : given;
  ArrayRef<int64_t> kernel = shapeOf(conv.kernel);
  int64_t lanes = blocker.facts.lanes, channels = kernel[2], filters = kernel[3];
  kernel::WinogradForm form{choice.tileSize, kernel[0], conv.strides[0]};
  int64_t tileSize = form.tile, window = form.window, batch = conv.result[0],
          points = form.points();
  int64_t tiles =
      llvm::divideCeil(conv.result[1], tileSize) * llvm::divideCeil(conv.result[2], tileSize);
  int64_t outBlocks = llvm::divideCeil(filters, lanes);
  // The rows of a matrix product: tiles of a block, or of an image.
  int64_t rows = choice.blocks ? llvm::divideCeil(tiles, choice.blocks) : tiles;
  kernel::TileAttr tile = chooseTile(builder.getContext(), blocker.facts, rows, outBlocks, false);
  int64_t cols = choice.plane ? 1 : tile.getCols();

  TransformedWeights weights =
      transformWeights(blocker, loc, conv.kernel, form, cols,
                       wantsFixedWeights(blocker, conv.kernel, form.stride, choice));
  Value u = weights.points;
  Value bias = blocker.packBias(loc, conv.bias, filters);
  Value out = blocker.empty(loc, kernel::getBlockedShape(Layout::Image, conv.result, lanes));
  if (choice.plane) {
    auto op = kernel::WinogradPlaneOp::create(builder, loc, out.getType(),
                                              blocker.asOneBlock(loc, conv.input), u, bias, extras,
                                              out, conv.padding, tileSize, window, /*pool=*/1);
    buildEpilogue(blocker, op.getEpilogue(), group, innerExtras);
    return op.getResult()[0];
  }
  Value x = blocker.pack(loc, conv.input, Layout::Image);
  if (choice.blocks) {
    auto op =
        kernel::WinogradOp::create(builder, loc, out.getType(), x, u, bias, extras, out,
                                   conv.padding, tileSize, channels, choice.blocks, tile, window,
                                   /*pool=*/1, form.stride);
    buildEpilogue(blocker, op.getEpilogue(), group, innerExtras);
    return op.getResult()[0];
  }
  Value v = blocker.empty(loc, {batch, shapeOf(x)[1], form.planes(), tiles | 1, lanes});
  v = kernel::WinogradInputOp::create(builder, loc, v.getType(), x, v, conv.padding, tileSize,
                                      window, form.stride)
          .getResult()[0];
  Value m = blocker.empty(loc, {batch, outBlocks, points, tiles | 1, lanes});
  m = kernel::WinogradGemmOp::create(builder, loc, m.getType(), v, u, weights.scales, m, channels,
                                     tiles, tileSize, tile, window, form.stride)
          .getResult()[0];
  auto op = kernel::WinogradOutputOp::create(builder, loc, out.getType(), m, bias, extras, out,
                                             tileSize, form.taps(),
                                             /*pool=*/1);
  buildEpilogue(blocker, op.getEpilogue(), group, innerExtras);
  return op.getResult()[0];
}
