//===- ExpandWinogradGemm.cpp - matrix products of the Winograd domain --------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;

namespace {

// Loops, outside in: points and groups of output channels, images, register tiles of tiles, channels.
class WinogradGemmEmitter {
public:
  WinogradGemmEmitter(Emitter &e, kernel::WinogradGemmOp op)
      : e(e), op(op), in(cast<MemRefType>(op.getInput().getType()).getShape()),
        weights(cast<MemRefType>(op.getWeights().getType()).getShape()),
        outBlocks(cast<MemRefType>(op.getOut().getType()).getShape()[1]) {}

  void emit(Value lo, Value hi) {
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value first, Value end) {
                 point = outer[0];
                 group = outer[1];
                 emitGroup(e, group, weights[1], outBlocks, weights[3], [&](int64_t cols) {
                   e.loop(first, end, 1, [&](Value at) {
                     image = at;
                     emitTiles(cols);
                   });
                 });
               });
  }

private:
  // Register tiles of nearly equal height: no row is masked.
  void emitTiles(int64_t cols) {
    int64_t rows = op.getTiles(), count = llvm::divideCeil(rows, op.getTile().getRows());
    int64_t height = rows / count, higher = rows % count * (height + 1);
    e.loop(e.index(0), e.index(higher), height + 1,
           [&](Value row) { emitTile(row, height + 1, cols); });
    e.loop(e.index(higher), e.index(rows), height, [&](Value row) { emitTile(row, height, cols); });
  }

  void emitTile(Value row, int64_t rows, int64_t cols) {
    int64_t depth = op.getDepth(), block = in[4], rest = depth % block;
    Emitter::Values sums(rows * cols, e.splat(0));
    Value whole = e.index(depth / block);
    sums = e.loop(e.index(0), whole, 1, sums, [&](Value at, ValueRange carried) {
      return emitBlock(row, rows, cols, at, block, carried);
    });
    if (rest)
      sums = emitBlock(row, rows, cols, whole, rest, sums);
    Value firstBlock = e.mul(group, weights[3]);
    for (int64_t m = 0; m < rows; ++m)
      for (int64_t col = 0; col < cols; ++col)
        e.store(sums[m * cols + col], op.getOut(),
                {image, e.add(firstBlock, col), point, e.add(row, m), e.index(0)});
  }

  Emitter::Values emitBlock(Value row, int64_t rows, int64_t cols, Value inBlock, int64_t depth,
                            ValueRange sums) {
    SmallVector<bool> all(rows, true);
    auto step = [&](ValueRange carried, Value k) {
      Value channel = e.add(e.mul(inBlock, in[4]), k);
      auto weight = [&](int64_t col) {
        return e.load(op.getWeights(), {point, group, channel, e.index(col), e.index(0)});
      };
      auto pixel = [&](int64_t m) {
        return e.loadSplat(op.getInput(), {image, inBlock, point, e.add(row, m), k});
      };
      return emitMac(e, carried, cols, all, weight, pixel);
    };
    return emitReduction(e, sums, depth, op.getTile().getUnroll(), step);
  }

  Emitter &e;
  kernel::WinogradGemmOp op;
  ArrayRef<int64_t> in, weights;
  int64_t outBlocks;
  Value point, group, image;
};

} // namespace

void dlc::cpu::expandWinogradGemm(Emitter &e, kernel::WinogradGemmOp op, Value lo, Value hi) {
  WinogradGemmEmitter(e, op).emit(lo, hi);
}
