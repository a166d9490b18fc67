//===- WinogradProducts.cpp - matrix products of the Winograd domain ----------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/WinogradParts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using Values = Emitter::Values;

WinogradProducts::WinogradProducts(Emitter &e, Value v, Value u, Value scales, Value m,
                                   int64_t depth, kernel::TileAttr tile, kernel::WinogradForm form)
    : e(e), v(v), u(u), scales(scales), m(m), depth(depth),
      block(cast<MemRefType>(v.getType()).getShape().back()), tile(tile), form(form) {}

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
  nextLine = e.index(part ? shape[2] * (shape[3] - linesPerStep) : 0);
}

// What sums are to be multiplied by; null: by nothing.
Value WinogradProducts::loadScale(const Place &place, int64_t col) {
  if (!scales)
    return {};
  Value block = e.add(e.mul(place.group, tile.getCols()), col);
  return e.load(scales, {place.point, block, e.index(0)});
}

// First 2^-30, so that nothing overflows that the point itself does not.
Value WinogradProducts::scaled(Value sum, Value scale) {
  if (!scale)
    return sum;
  Value unit = arith::MulFOp::create(e.builder, e.loc, sum, e.splat(0x1p-30f));
  return arith::MulFOp::create(e.builder, e.loc, unit, scale);
}

// Without a stride a point is one plane, its own, and needs no loops. With one the phases that have
// it are planes side by side in both dimensions.
Values WinogradProducts::addPlanes(const Place &place, ValueRange sums,
                                   function_ref<Values(ValueRange)> add) {
  if (form.stride == 1) {
    plane = place.point;
    nextPlane = place.nextPoint;
    return add(sums);
  }
  auto firstRow = [&](Value point) { return e.mul(e.div(point, form.side()), form.stride); };
  auto firstColumn = [&](Value point) {
    return e.mul(e.rem(point, e.index(form.side())), form.stride);
  };
  auto loop = [&](Value first, ValueRange sums, function_ref<Values(Value, ValueRange)> body) {
    Value end = e.min(e.add(first, form.stride), e.index(form.patch()));
    return e.loop(first, end, 1, sums, body);
  };
  Value top = firstRow(place.point), left = firstColumn(place.point);
  return loop(top, sums, [&](Value y, ValueRange sums) {
    return loop(left, sums, [&](Value x, ValueRange sums) {
      plane = e.add(e.mul(y, form.patch()), x);
      if (place.nextPoint) {
        auto next = [&](Value first, Value at, Value from) {
          return e.min(e.add(first, e.sub(at, from)), e.index(form.patch() - 1));
        };
        nextPlane = e.add(e.mul(next(firstRow(place.nextPoint), y, top), form.patch()),
                          next(firstColumn(place.nextPoint), x, left));
      }
      return add(sums);
    });
  });
}

void WinogradProducts::emitTile(const Place &place, Value row, int64_t rows) {
  int64_t rest = depth % block;
  Values sums(rows * place.cols, e.splat(0));
  Value whole = e.index(depth / block);
  sums = addPlanes(place, sums, [&](ValueRange sums) {
    Values added = e.loop(e.index(0), whole, 1, sums, [&](Value at, ValueRange carried) {
      return emitBlock(place, row, rows, at, block, carried);
    });
    return rest ? emitBlock(place, row, rows, whole, rest, added) : added;
  });
  for (int64_t col = 0; col < place.cols; ++col) {
    Value scale = loadScale(place, col);
    for (int64_t i = 0; i < rows; ++i)
      e.store(scaled(sums[i * place.cols + col], scale), m,
              {place.image, e.add(place.firstBlock, col), place.point, e.add(row, i), e.index(0)});
  }
}

Values WinogradProducts::emitBlock(const Place &place, Value row, int64_t rows, Value inBlock,
                                   int64_t channels, ValueRange sums) {
  if (scales)
    return emitGroups(place, row, rows, inBlock, channels, sums);
  auto step = [&](ValueRange carried, Value k) {
    Value channel = e.add(e.mul(inBlock, block), k);
    emitPrefetches(place, channel);
    return emitStep(place, row, rows, inBlock, k, carried, [&](int64_t col) {
      return e.load(u, {plane, place.group, channel, e.index(col), e.index(0)});
    });
  };
  return emitReduction(e, sums, channels, tile.getUnroll(), step);
}

// A group of channels shares its words.
Values WinogradProducts::emitGroups(const Place &place, Value row, int64_t rows, Value inBlock,
                                    int64_t channels, ValueRange sums) {
  constexpr kernel::FixedForm fixed = kernel::kFixedPoints;
  auto several = [&](ValueRange carried, Value group, int64_t some) {
    Value first = e.mul(e.add(e.mul(inBlock, block / fixed.weights()), group), fixed.words());
    auto word = [&](int64_t i, int64_t col) {
      if (col == 0)
        emitPrefetches(place, e.add(first, i));
      return e.loadWords(u, {plane, place.group, e.add(first, i), e.index(col), e.index(0)});
    };
    return emitFixedGroup(e, fixed, carried, some, place.cols, word,
                          [&](ValueRange values, int64_t i, function_ref<Value(int64_t)> weight) {
                            Value channel = e.add(e.mul(group, fixed.weights()), i);
                            return emitStep(place, row, rows, inBlock, channel, values, weight);
                          });
  };
  auto step = [&](ValueRange carried, Value group) {
    return several(carried, group, fixed.weights());
  };
  int64_t whole = channels / fixed.weights(), rest = channels % fixed.weights();
  Values values = emitReduction(e, sums, whole, /*unroll=*/1, step);
  return rest ? several(values, e.index(whole), rest) : values;
}

Values WinogradProducts::emitStep(const Place &place, Value row, int64_t rows, Value inBlock,
                                  Value channel, ValueRange sums,
                                  function_ref<Value(int64_t)> weight) {
  SmallVector<bool> all(rows, true);
  return emitMac(e, sums, place.cols, all, weight, [&](int64_t i) {
    return e.loadSplat(v, {place.image, inBlock, plane, e.add(row, i), channel});
  });
}

void WinogradProducts::emitPrefetches(const Place &place, Value weightsRow) {
  for (int64_t i = 0; nextLine && i < linesPerStep; ++i) {
    Value line = e.add(e.add(nextLine, e.mul(weightsRow, linesPerStep)), i);
    e.prefetch(flatWeights, {nextPlane, place.nextGroup, line, e.index(0)});
  }
}
