//===- WinogradProducts.cpp - matrix products of the Winograd domain ----------------===//

#include "compiler/cpu/WinogradParts.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using Values = Emitter::Values;

WinogradProducts::WinogradProducts(Emitter &e, Value v, Value u, Value m, int64_t depth,
                                   kernel::TileAttr tile)
    : e(e), v(v), u(u), m(m), depth(depth), block(cast<MemRefType>(v.getType()).getShape().back()),
      tile(tile) {}

void WinogradProducts::emit(const Place &place, int64_t rows, TileHook beforeTile) {
  int64_t count = countTiles(rows);
  int64_t height = rows / count, higher = rows % count * (height + 1);
  auto emitNext = [&](Value index, Value row, int64_t rows) {
    beforeTile(index);
    emitTile(place, row, rows);
  };
  nextLine = {};
  if (count == 1) {
    planPrefetch(place, 0, 1);
    return emitNext(e.index(0), e.index(0), rows);
  }
  int64_t before = rows - height - (higher == (count - 1) * (height + 1) ? height + 1 : height);
  auto loop = [&](int64_t first, int64_t end, int64_t rows) {
    e.loop(e.index(first), e.index(end), rows,
           [&](Value row) { emitNext(e.div(row, height), row, rows); });
  };
  loop(0, std::min(higher, before), height + 1);
  loop(std::min(higher, before), before, height);
  planPrefetch(place, 0, 2);
  emitNext(e.index(count - 2), e.index(before), rows - height - before);
  planPrefetch(place, 1, 2);
  emitNext(e.index(count - 1), e.index(rows - height), height);
}

// The last two tiles, or the only one, ask for the weights that come next, a line or two a step:
// sooner, they would push out what the other tiles still read.
void WinogradProducts::planPrefetch(const Place &place, int64_t part, int64_t parts) {
  ArrayRef<int64_t> shape = cast<MemRefType>(u.getType()).getShape();
  SmallVector<ReassociationIndices> lines = {{0}, {1}, {2, 3}, {4}};
  flatWeights = memref::CollapseShapeOp::create(e.builder, e.loc, u, lines);
  linesPerStep = llvm::divideCeil(shape[3], parts);
  nextLine = e.index(part ? depth * (shape[3] - linesPerStep) : 0);
}

void WinogradProducts::emitTile(const Place &place, Value row, int64_t rows) {
  int64_t rest = depth % block;
  Values sums(rows * place.cols, e.splat(0));
  Value whole = e.index(depth / block);
  sums = e.loop(e.index(0), whole, 1, sums, [&](Value at, ValueRange carried) {
    return emitBlock(place, row, rows, at, block, carried);
  });
  if (rest)
    sums = emitBlock(place, row, rows, whole, rest, sums);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t col = 0; col < place.cols; ++col)
      e.store(sums[i * place.cols + col], m,
              {place.image, e.add(place.firstBlock, col), place.point, e.add(row, i), e.index(0)});
}

Values WinogradProducts::emitBlock(const Place &place, Value row, int64_t rows, Value inBlock,
                                   int64_t channels, ValueRange sums) {
  SmallVector<bool> all(rows, true);
  auto step = [&](ValueRange carried, Value k) {
    Value channel = e.add(e.mul(inBlock, block), k);
    if (nextLine)
      for (int64_t i = 0; i < linesPerStep; ++i) {
        Value line = e.add(e.add(nextLine, e.mul(channel, linesPerStep)), i);
        e.prefetch(flatWeights, {place.nextPoint, place.nextGroup, line, e.index(0)});
      }
    auto weight = [&](int64_t col) {
      return e.load(u, {place.point, place.group, channel, e.index(col), e.index(0)});
    };
    auto pixel = [&](int64_t i) {
      return e.loadSplat(v, {place.image, inBlock, place.point, e.add(row, i), k});
    };
    return emitMac(e, carried, place.cols, all, weight, pixel);
  };
  return emitReduction(e, sums, channels, tile.getUnroll(), step);
}
