//===- LowerWinograd.cpp - convolutions in the Winograd domain ----------------------===//
//
//   kernel.winograd_weights (goes to @prepare), then either kernel.winograd, a block of tiles at a
//   time, or kernel.winograd_input, _gemm and _output, or for one channel kernel.winograd_plane
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Lower.h"
#include "compiler/schedule/Tiles.h"
#include "dialects/kernel/Shapes.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::Layout;
using kernel::shapeOf;

Value dlc::schedule::buildWinograd(Blocker &blocker, nn::GroupOp group, const ConvShape &given,
                                   WinogradChoice choice, ArrayRef<Value> extras,
                                   ArrayRef<Value> innerExtras) {
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  ConvShape conv = choice.phases ? joinPhases(blocker, loc, given, *choice.phases) : given;
  ArrayRef<int64_t> kernel = shapeOf(conv.kernel);
  int64_t lanes = blocker.facts.lanes, channels = kernel[2], filters = kernel[3];
  kernel::WinogradForm form{choice.tileSize, kernel[0]};
  int64_t tileSize = form.tile, window = form.window, batch = conv.result[0],
          points = form.points();
  int64_t tiles =
      llvm::divideCeil(conv.result[1], tileSize) * llvm::divideCeil(conv.result[2], tileSize);
  int64_t outBlocks = llvm::divideCeil(filters, lanes);
  // The rows of a matrix product: tiles of a block, or of an image.
  int64_t rows = choice.blocks ? llvm::divideCeil(tiles, choice.blocks) : tiles;
  kernel::TileAttr tile = chooseTile(builder.getContext(), blocker.facts, rows, outBlocks, false);
  int64_t cols = choice.plane ? 1 : tile.getCols();

  Value u = blocker.empty(
      loc, {points, int64_t(llvm::divideCeil(outBlocks, cols)), channels, cols, lanes});
  u = kernel::WinogradWeightsOp::create(builder, loc, u.getType(), conv.kernel, u, tileSize, window)
          .getResult()[0];
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
                                   /*pool=*/1);
    buildEpilogue(blocker, op.getEpilogue(), group, innerExtras);
    return op.getResult()[0];
  }
  Value v = blocker.empty(loc, {batch, shapeOf(x)[1], points, tiles | 1, lanes});
  v = kernel::WinogradInputOp::create(builder, loc, v.getType(), x, v, conv.padding, tileSize,
                                      window)
          .getResult()[0];
  Value m = blocker.empty(loc, {batch, outBlocks, points, tiles | 1, lanes});
  m = kernel::WinogradGemmOp::create(builder, loc, m.getType(), v, u, m, channels, tiles, tileSize,
                                     tile)
          .getResult()[0];
  auto op = kernel::WinogradOutputOp::create(builder, loc, out.getType(), m, bias, extras, out,
                                             tileSize, window,
                                             /*pool=*/1);
  buildEpilogue(blocker, op.getEpilogue(), group, innerExtras);
  return op.getResult()[0];
}
