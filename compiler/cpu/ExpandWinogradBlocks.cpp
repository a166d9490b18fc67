//===- ExpandWinogradBlocks.cpp - Winograd convolutions, a block of tiles at a time --===//
//
// V of a block, and M of it for one group of output channels at a time, live in the thread's
// scratch memory:
//
//   for each block of tiles:                 V = input transform
//     for each group of output channels:     M = V . U at every point;  output transform of M
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/WinogradParts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;

namespace {

// A part of the scratch memory as a buffer.
Value viewScratch(Emitter &e, Value scratch, int64_t offset, ArrayRef<int64_t> shape) {
  auto type = MemRefType::get(shape, e.builder.getF32Type());
  return memref::ViewOp::create(e.builder, e.loc, type, scratch, e.index(offset), ValueRange());
}

class BlocksEmitter {
public:
  BlocksEmitter(Emitter &e, kernel::WinogradOp op, Value scratch)
      : e(e), op(op), weights(cast<MemRefType>(op.getWeights().getType()).getShape()),
        epilogue(op.getEpilogue(), op.getExtras()),
        v(viewScratch(e, scratch, 0, op.getPointsShape())),
        m(viewScratch(e, scratch, 4 * ShapedType::getNumElements(op.getPointsShape()),
                      op.getProductsShape())),
        input(e, op.getInput(), v, op.getPadding(), op.getTileSize()),
        products(e, v, op.getWeights(), m, op.getInChannels(), op.getTile()),
        output(e, m, op.getOut(), op.getTileSize(), epilogue) {
    int64_t tiles = op.getTileRows() * op.getTileColumns();
    shorter = tiles / op.getBlocks();
    longerBlocks = tiles % op.getBlocks();
  }

  LogicalResult emit(Value lo, Value hi) {
    if (failed(epilogue.verify(op)))
      return failure();
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value from, Value end) {
                 image = outer[0];
                 e.loop(from, end, 1, [&](Value block) { emitBlock(block); });
               });
    return success();
  }

private:
  void emitBlock(Value block) {
    isLonger = longerBlocks ? e.lessThan(block, e.index(longerBlocks))
                            : e.constant(e.builder.getBoolAttr(false));
    first = e.add(e.mul(block, shorter), e.min(block, e.index(longerBlocks)));
    count = e.index(shorter);
    if (longerBlocks)
      count = arith::SelectOp::create(e.builder, e.loc, isLonger, e.index(shorter + 1), count);
    int64_t inBlocks = cast<MemRefType>(op.getInput().getType()).getShape()[1];
    e.loop(e.index(0), e.index(inBlocks), 1, [&](Value inBlock) {
      forTiles([&](const WinogradTile &tile) { input.emit(tile, inBlock); });
    });
    int64_t outBlocks = cast<MemRefType>(op.getOut().getType()).getShape()[1];
    e.loop(e.index(0), e.index(weights[1]), 1, [&](Value group) {
      emitGroup(e, group, weights[1], outBlocks, weights[3],
                [&](int64_t cols) { emitGroupOf(group, cols); });
    });
  }

  void emitGroupOf(Value group, int64_t cols) {
    e.loop(e.index(0), e.index(weights[0]), 1, [&](Value point) {
      WinogradProducts::Place place{e.index(0), point, group, e.index(0), cols, {}, {}};
      planPrefetch(place);
      e.branch(
          isLonger, [&] { products.emit(place, shorter + 1); },
          [&] { products.emit(place, shorter); });
    });
    for (int64_t col = 0; col < cols; ++col) {
      Value block = e.add(e.mul(group, weights[3]), col);
      Value bias = e.load(op.getBias(), {block, e.index(0)});
      forTiles([&](const WinogradTile &tile) { output.emit(tile, e.index(col), block, bias); });
    }
  }

  // The weights of the next point; after the last one, of the next group or, for the next block of
  // tiles, of the first group.
  void planPrefetch(WinogradProducts::Place &place) {
    Value next = e.add(place.point, 1), nextGroup = e.add(place.group, 1);
    Value isLast = e.lessThan(e.index(weights[0] - 2), place.point);
    Value endsGroups = e.lessThan(e.index(weights[1] - 2), place.group);
    auto select = [&](Value condition, Value a, Value b) -> Value {
      return arith::SelectOp::create(e.builder, e.loc, condition, a, b);
    };
    place.nextPoint = select(isLast, e.index(0), next);
    place.nextGroup = select(isLast, select(endsGroups, e.index(0), nextGroup), place.group);
  }

  void forTiles(function_ref<void(const WinogradTile &)> body) {
    e.loop(e.index(0), count, 1, [&](Value slot) {
      Value tile = e.add(first, slot), columns = e.index(input.columns());
      body({image, e.div(tile, columns), e.rem(tile, columns), e.index(0), slot});
    });
  }

  Emitter &e;
  kernel::WinogradOp op;
  ArrayRef<int64_t> weights;
  Epilogue epilogue;
  Value v, m;
  WinogradInputTiles input;
  WinogradProducts products;
  WinogradOutputTiles output;
  int64_t shorter, longerBlocks;       // tiles of a block, or one more in the first blocks
  Value image, first, count, isLonger; // the block at hand: its tiles
};

} // namespace

LogicalResult dlc::cpu::expandWinograd(Emitter &e, kernel::WinogradOp op, Value lo, Value hi) {
  auto func = op->getParentOfType<func::FuncOp>();
  Value scratch = func.getArgument(func.getNumArguments() - 3);
  return BlocksEmitter(e, op, scratch).emit(lo, hi);
}
