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
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

namespace {

// M as [N, nb, P, S, L]. The output transform reads all points of a tile: side by side they stream.
Value viewProducts(Emitter &e, kernel::WinogradOp op, Value scratch, int64_t offset) {
  offset += 4 * ShapedType::getNumElements(op.getPointsShape());
  Value tiles = e.viewScratch(scratch, offset, op.getProductsShape());
  const unsigned order[] = {0, 1, 3, 2, 4};
  auto map = AffineMap::getPermutationMap(ArrayRef(order), e.builder.getContext());
  return memref::TransposeOp::create(e.builder, e.loc, tiles, AffineMapAttr::get(map));
}

class BlocksEmitter {
public:
  // `place` says where outputs go, if not into their image.
  BlocksEmitter(Emitter &e, kernel::WinogradOp op, Value scratch, int64_t offset = 0,
                PixelPlace place = {})
      : e(e), op(op), weights(shapeOf(op.getWeights())), epilogue(op.getEpilogue(), op.getExtras()),
        v(e.viewScratch(scratch, offset, op.getPointsShape())),
        m(viewProducts(e, op, scratch, offset)),
        input(e, op.getInput(), v, op.getPadding(), op.getForm()),
        products(e, v, op.getWeights(), /*scales=*/{}, m, op.getInChannels(), op.getTile(),
                 op.getForm()),
        output(e, op.getOut(), op.getForm(), op.getPool(), epilogue, place), isNear(bool(place)) {
    int64_t tiles = op.getTileRows() * op.getTileColumns();
    shorter = tiles / op.getBlocks();
    longerBlocks = tiles % op.getBlocks();
  }

  LogicalResult emit(Value lo, Value hi) {
    if (failed(epilogue.verify(op)))
      return failure();
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value from, Value end) {
                 e.loop(from, end, 1, [&](Value block) {
                   emitBlock(outer[0], block, e.lessThan(e.add(block, 1), end));
                 });
               });
    return success();
  }

  // The row of tiles whose first outputs are in row `ofTop`.
  LogicalResult emitRow(Value ofImage, Value ofTop, Value isFollowed) {
    if (failed(epilogue.verify(op)))
      return failure();
    image = ofImage;
    top = ofTop;
    hasNext = isFollowed;
    isLonger = e.constant(e.builder.getBoolAttr(false));
    first = e.index(0);
    count = e.index(shorter);
    emitTiles();
    return success();
  }

private:
  void emitBlock(Value ofImage, Value block, Value isFollowed) {
    image = ofImage;
    hasNext = isFollowed;
    isLonger = longerBlocks ? e.lessThan(block, e.index(longerBlocks))
                            : e.constant(e.builder.getBoolAttr(false));
    first = e.add(e.mul(block, shorter), e.min(block, e.index(longerBlocks)));
    count = e.index(shorter);
    if (longerBlocks)
      count = arith::SelectOp::create(e.builder, e.loc, isLonger, e.index(shorter + 1), count);
    emitTiles();
  }

  void emitTiles() {
    int64_t inBlocks = shapeOf(op.getInput())[1];
    e.loop(e.index(0), e.index(inBlocks), 1, [&](Value inBlock) {
      forRows([&](const WinogradRow &tiles) { input.emit(tiles, inBlock); });
    });
    int64_t outBlocks = shapeOf(op.getOut())[1];
    e.loop(e.index(0), e.index(weights[1]), 1, [&](Value group) {
      emitGroup(e, group, weights[1], outBlocks, weights[3],
                [&](int64_t cols) { emitGroupOf(group, cols); });
    });
  }

  void emitGroupOf(Value group, int64_t cols) {
    e.loop(e.index(0), e.index(op.getForm().points()), 1, [&](Value point) {
      WinogradProducts::Place place{e.index(0), point, group, e.index(0), cols, {}, {}};
      planPrefetch(place);
      auto emitRows = [&](int64_t rows) {
        products.emit(place, rows, [&](Value index) {
          emitPrefetches(place, e.add(e.mul(point, products.countTiles(rows)), index), rows);
        });
      };
      e.branch(isLonger, [&] { emitRows(shorter + 1); }, [&] { emitRows(shorter); });
    });
    for (int64_t col = 0; col < cols; ++col) {
      Value block = e.add(e.mul(group, weights[3]), col);
      Value bias = e.load(op.getBias(), {block, e.index(0)});
      forRows([&](const WinogradRow &tiles) { output.emit(tiles, m, e.index(col), block, bias); });
    }
  }

  // The weights of the next point; after the last one, of the next group or, for the next block of
  // tiles, of the first group.
  void planPrefetch(WinogradProducts::Place &place) {
    Value next = e.add(place.point, 1), nextGroup = e.add(place.group, 1);
    Value isLast = e.lessThan(e.index(op.getForm().points() - 2), place.point);
    Value endsGroups = e.lessThan(e.index(weights[1] - 2), place.group);
    auto select = [&](Value condition, Value a, Value b) -> Value {
      return arith::SelectOp::create(e.builder, e.loc, condition, a, b);
    };
    place.nextPoint = select(isLast, e.index(0), next);
    place.nextGroup = select(isLast, select(endsGroups, e.index(0), nextGroup), place.group);
  }

  // Memory rests while products run: the register tiles of a group of output channels ask for the
  // outputs that the group will write and, in equal shares, for what the next block will read.
  void emitPrefetches(const WinogradProducts::Place &place, Value index, int64_t rows) {
    int64_t inBlocks = shapeOf(op.getInput())[1],
            tiles = op.getForm().points() * products.countTiles(rows);
    auto emitOutput = [&](Value at) {
      Value block = e.add(e.mul(place.group, weights[3]), e.div(at, rows));
      prefetchTile(op.getOut(), op.getTileSize() / op.getPool(), block,
                   e.add(first, e.rem(at, e.index(rows))), 0, 0);
    };
    if (!isNear)
      forShare(index, tiles, place.cols * rows, emitOutput);
    int64_t inTiles = llvm::divideCeil(inBlocks * rows, weights[1]);
    auto emitInput = [&](Value share) {
      Value at = e.add(e.mul(place.group, inTiles), share), next = e.add(first, count);
      Value block = e.min(e.div(at, rows), e.index(inBlocks - 1));
      // The first rows and columns of a patch belong to tiles before it.
      int64_t overlap = op.getForm().overlap();
      prefetchTile(op.getInput(), op.getStride() * op.getTileSize(), block,
                   e.add(next, e.rem(at, e.index(rows))), overlap - op.getPadding()[0],
                   overlap - op.getPadding()[2]);
    };
    e.branch(hasNext, [&] { forShare(index, tiles, inTiles, emitInput); }, [] {});
  }

  // The `index`-th of `parts` shares of [0, total).
  void forShare(Value index, int64_t parts, int64_t total, function_ref<void(Value)> body) {
    int64_t each = llvm::divideCeil(total, parts);
    Value from = e.mul(index, each);
    e.loop(from, e.min(e.add(from, each), e.index(total)), 1, body);
  }

  // The m x m pixels of a tile, (down, right) of its place among the outputs, into the second
  // cache.
  void prefetchTile(Value buffer, int64_t m, Value block, Value tile, int64_t down, int64_t right) {
    Value columns = e.index(input.columns());
    int64_t height = shapeOf(buffer)[2], width = shapeOf(buffer)[3];
    auto start = [&](Value at, int64_t shift, int64_t extent) {
      return e.max(e.min(e.add(e.mul(at, m), shift), e.index(extent - m)), e.index(0));
    };
    Value above = start(e.div(tile, columns), down, height);
    if (top)
      above = e.min(e.add(above, e.mul(top, m / op.getTileSize())),
                    e.index(std::max<int64_t>(height - m, 0)));
    Value left = start(e.rem(tile, columns), right, width);
    for (int64_t y = 0; y < std::min(m, height); ++y)
      for (int64_t x = 0; x < std::min(m, width); x += e.vectorsOfLine())
        e.prefetch(buffer, {image, block, e.add(above, y), e.add(left, x), e.index(0)},
                   Emitter::Use::Later);
  }

  // The rows of tiles that the block reaches into.
  void forRows(function_ref<void(const WinogradRow &)> body) {
    Value columns = e.index(input.columns()), end = e.add(first, count);
    e.loop(e.div(first, columns), e.ceilDiv(end, columns), 1, [&](Value row) {
      Value base = e.mul(row, columns);
      Value from = e.max(e.sub(first, base), e.index(0));
      Value to = e.min(e.sub(end, base), columns);
      Value slot = e.sub(e.add(base, from), first), outputs = e.mul(row, op.getTileSize());
      body({image, top ? e.add(top, outputs) : outputs, from, to, e.index(0), slot, bool(top)});
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
  bool isNear;                         // outputs go to memory that is near already
  int64_t shorter, longerBlocks;       // tiles of a block, or one more in the first blocks
  Value image, first, count, isLonger; // the block at hand: its tiles
  Value hasNext;                       // true where a block of the image follows
  Value top;                           // where row 0 of tiles begins, if not in row 0
};

} // namespace

LogicalResult dlc::cpu::expandWinograd(Emitter &e, kernel::WinogradOp op, Value scratch, Value lo,
                                       Value hi) {
  return BlocksEmitter(e, op, scratch).emit(lo, hi);
}

LogicalResult dlc::cpu::emitWinogradRows(Emitter &e, kernel::WinogradOp op, Value scratch,
                                         int64_t offset, Value image, Value first, Value hasNext,
                                         PixelPlace place) {
  return BlocksEmitter(e, op, scratch, offset, std::move(place)).emitRow(image, first, hasNext);
}
