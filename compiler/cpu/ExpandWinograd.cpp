//===- ExpandWinograd.cpp - the steps of Winograd convolutions, one by one ----------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/WinogradParts.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;
using Values = Emitter::Values;

// All tiles of rows [first, end) of them.
static void emitRows(Emitter &e, Value image, Value first, Value end, int64_t tileSize,
                     int64_t columns, function_ref<void(const WinogradRow &)> emitRow) {
  e.loop(first, end, 1, [&](Value row) {
    emitRow(
        {image, e.mul(row, tileSize), e.index(0), e.index(columns), image, e.mul(row, columns)});
  });
}

void dlc::cpu::expandWinogradInput(Emitter &e, kernel::WinogradInputOp op, Value lo, Value hi) {
  WinogradInputTiles input(e, op.getInput(), op.getOut(), op.getPadding(), op.getForm());
  e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
             [&](ValueRange outer, Value first, Value end) {
               emitRows(e, outer[0], first, end, op.getTileSize(), input.columns(),
                        [&](const WinogradRow &tiles) { input.emit(tiles, outer[1]); });
             });
}

// Loops, outside in: points and groups of output channels, images, register tiles of tiles,
// channels.
void dlc::cpu::expandWinogradGemm(Emitter &e, kernel::WinogradGemmOp op, Value lo, Value hi) {
  WinogradProducts products(e, op.getInput(), op.getWeights(), op.getScales(), op.getOut(),
                            op.getDepth(), op.getTile(), op.getForm());
  ArrayRef<int64_t> weights = shapeOf(op.getWeights());
  e.forItems(
      op.getItemExtents(e.builder, e.loc), lo, hi, [&](ValueRange outer, Value first, Value end) {
        Value point = outer[0], group = outer[1], block = e.mul(group, weights[3]);
        Value nextGroup = e.rem(e.add(group, 1), e.index(weights[1]));
        Value nextPoint = e.min(e.add(point, e.div(e.add(group, 1), e.index(weights[1]))),
                                e.index(op.getForm().points() - 1));
        emitGroup(e, group, weights[1], shapeOf(op.getOut())[1], weights[3], [&](int64_t cols) {
          e.loop(first, end, 1, [&](Value image) {
            products.emit({image, point, group, block, cols, nextPoint, nextGroup}, op.getTiles());
          });
        });
      });
}

LogicalResult dlc::cpu::expandWinogradOutput(Emitter &e, kernel::WinogradOutputOp op, Value lo,
                                             Value hi) {
  Epilogue epilogue(op.getEpilogue(), op.getExtras());
  if (failed(epilogue.verify(op)))
    return failure();
  WinogradOutputTiles output(e, op.getOut(), op.getForm(), op.getPool(), epilogue);
  e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
             [&](ValueRange outer, Value first, Value end) {
               Value bias = e.load(op.getBias(), {outer[1], e.index(0)});
               emitRows(e, outer[0], first, end, op.getTileSize(), output.columns(),
                        [&](const WinogradRow &tiles) {
                          output.emit(tiles, op.getInput(), outer[1], outer[1], bias);
                        });
             });
  return success();
}
