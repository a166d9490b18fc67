//===- WinogradTiles.cpp - tiles into and out of the Winograd domain ----------------===//

#include "compiler/cpu/WinogradParts.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;
using kernel::WinogradForm;
using Values = Emitter::Values;

// True where `value` of [0, extent) is in `range`; bounds that every value meets need no code.
static Value emitInRange(Emitter &e, Value value, WholeRange range, int64_t extent) {
  auto always = [&] { return e.constant(e.builder.getBoolAttr(true)); };
  Value low = range.first > 0 ? e.lessThan(e.index(range.first - 1), value) : always();
  if (range.end >= extent)
    return low;
  Value high = e.lessThan(value, e.index(range.end));
  return range.first > 0 ? arith::AndIOp::create(e.builder, e.loc, low, high).getResult() : high;
}

// Whole tiles of a row in a loop of their own, then the others: one loop for both would keep all
// that their code has in common at its end, with every value in memory. Whole are those that begin
// in `rows`, of which no multiple of a tile lies after `lastRow`, and lie in `columns` of `width`.
static void forTiles(Emitter &e, const WinogradRow &tiles, WholeRange rows, int64_t lastRow,
                     WholeRange columns, int64_t width,
                     function_ref<void(const WinogradRow &)> emitWhole,
                     function_ref<void(Value)> emitEdge) {
  rows = {std::max<int64_t>(rows.first, 0), std::min(rows.end, lastRow + 1)};
  columns = {std::max<int64_t>(columns.first, 0), std::min(columns.end, width)};
  if (rows.first >= rows.end || columns.first >= columns.end)
    return e.loop(tiles.from, tiles.to, 1, emitEdge);
  int64_t end = tiles.anywhere ? std::numeric_limits<int64_t>::max() : lastRow + 1;
  Value isWhole = emitInRange(e, tiles.top, rows, end);
  Value first = e.min(e.max(tiles.from, e.index(columns.first)), tiles.to);
  Value endColumn = e.max(e.min(tiles.to, e.index(columns.end)), first);
  if (!getConstantIntValue(isWhole))
    endColumn = arith::SelectOp::create(e.builder, e.loc, isWhole, endColumn, first);
  WinogradRow whole = tiles;
  whole.from = first;
  whole.to = endColumn;
  whole.slot = tiles.slotOf(e, first);
  e.branch(e.lessThan(first, endColumn), [&] { emitWhole(whole); }, [] {});
  if (getConstantIntValue(isWhole) && columns.first == 0 && columns.end == width)
    return;
  Value before = e.sub(first, tiles.from), skipped = e.sub(endColumn, first);
  e.loop(e.index(0), e.sub(e.sub(tiles.to, tiles.from), skipped), 1, [&](Value i) {
    Value isBefore = e.lessThan(i, before);
    Value skip = arith::SelectOp::create(e.builder, e.loc, isBefore, e.index(0), skipped);
    emitEdge(e.add(e.add(tiles.from, i), skip));
  });
}

//===----------------------------------------------------------------------===//
// Input: patches that reach past the image read its nearest pixel instead and clear it
//===----------------------------------------------------------------------===//

WinogradInputTiles::Line::Line(WinogradForm form, int64_t extent, int64_t before, int64_t after)
    : form(form), extent(extent), before(before),
      tiles(llvm::divideCeil((extent + before + after - form.overlap()) / form.stride, form.tile)) {
}

WholeRange WinogradInputTiles::Line::whole() const {
  int64_t last = extent + before - form.patch();
  return {int64_t(llvm::divideCeil(before, form.stride)), last < 0 ? 0 : last / form.stride + 1};
}

WholeRange WinogradInputTiles::Line::wholeTiles() const {
  auto [first, end] = whole();
  auto tilesBefore = [&](int64_t at) { return int64_t(llvm::divideCeil(at, form.tile)); };
  return {tilesBefore(first), tilesBefore(end)};
}

WinogradInputTiles::WinogradInputTiles(Emitter &e, Value in, Value points,
                                       ArrayRef<int64_t> padding, WinogradForm form)
    : e(e), in(in), points(points), form(form),
      vertical(form, shapeOf(in)[2], padding[0], padding[1]),
      horizontal(form, shapeOf(in)[3], padding[2], padding[3]) {}

// Equal shares of a row, whose pixels the parts find in the first cache beside those of the next
// share and the points.
int64_t WinogradInputTiles::tilesAtOnce() const {
  constexpr int64_t cache = 12 << 10;
  int64_t shares =
      llvm::divideCeil(horizontal.extent / form.stride * form.side() * e.lanes * 4, cache);
  return llvm::divideCeil(horizontal.tiles, shares);
}

Value WinogradInputTiles::topOf(const WinogradRow &tiles) {
  return e.sub(e.mul(tiles.top, form.stride), e.index(vertical.before));
}

Value WinogradInputTiles::leftOf(Value column) {
  return e.sub(e.mul(column, form.stride * form.tile), e.index(horizontal.before));
}

void WinogradInputTiles::emit(const WinogradRow &tiles, Value block) {
  Value top = topOf(tiles);
  Coordinates rows;
  for (int64_t y = 0; y < form.patch(); ++y)
    rows.push_back(coordinate(e.add(top, y), vertical));
  int64_t most = tilesAtOnce();
  if (most == horizontal.tiles)
    return emitParts(tiles, block, rows);
  e.loop(tiles.from, tiles.to, most, [&](Value from) {
    WinogradRow some = tiles;
    some.from = from;
    some.to = e.min(e.add(from, most), tiles.to);
    some.slot = tiles.slotOf(e, from);
    emitParts(some, block, rows);
  });
}

// A part of the points of all tiles after the other: each writes few lines of points side by side.
void WinogradInputTiles::emitParts(const WinogradRow &tiles, Value block,
                                   ArrayRef<Coordinate> rows) {
  auto emitPart = [&](Part part) {
    forTiles(
        e, tiles, vertical.whole(), vertical.last(), horizontal.wholeTiles(), horizontal.tiles,
        [&](const WinogradRow &whole) { emitWhole(whole, block, part); },
        [&](Value column) { emitEdge(tiles, column, block, part, rows); });
  };
  for (int64_t down = 0; down < form.stride; ++down)
    for (int64_t right = 0; right < form.stride; ++right)
      for (int64_t part = 0; part < inputParts(form, form.patchOf(down)); ++part)
        emitPart({part, down, right});
}

// The last columns of a tile are the first ones of the next.
void WinogradInputTiles::emitWhole(const WinogradRow &tiles, Value block, Part part) {
  Value top = topOf(tiles);
  Coordinates rows;
  for (int64_t y = 0; y < form.patch(); ++y)
    rows.push_back({e.add(top, y), {}});
  auto emitAt = [&](Value column, int64_t x) {
    Value at = e.add(leftOf(column), x * form.stride + part.right);
    return emitColumn(tiles, block, part, rows, {at, {}});
  };
  int64_t pixels = form.patchOf(part.right), overlap = pixels - form.tile;
  Values shared;
  for (int64_t x = 0; x < overlap; ++x)
    llvm::append_range(shared, emitAt(tiles.from, x));
  e.loop(tiles.from, tiles.to, 1, shared, [&](Value column, ValueRange carried) {
    SmallVector<Values> columns;
    for (size_t height = carried.size() / std::max<int64_t>(overlap, 1); !carried.empty();
         carried = carried.drop_front(height))
      columns.push_back(Values(carried.take_front(height)));
    for (int64_t x = overlap; x < pixels; ++x)
      columns.push_back(emitAt(column, x));
    emitStores(tiles, column, block, part, columns);
    if (tilesAtOnce() < horizontal.tiles)
      emitPrefetches(tiles, column, block, part, rows);
    Values next;
    for (const Values &column : llvm::drop_begin(columns, form.tile))
      llvm::append_range(next, column);
    return next;
  });
}

// Each part but the last asks for some rows of the tile as far to the right as the next share is.
void WinogradInputTiles::emitPrefetches(const WinogradRow &tiles, Value column, Value block,
                                        Part part, ArrayRef<Coordinate> rows) {
  int64_t width = form.stride * form.tile;
  Value left = leftOf(e.add(column, tilesAtOnce()));
  left = e.min(left, e.index(std::max<int64_t>(horizontal.extent - width, 0)));
  int64_t each = llvm::divideCeil(form.side(), form.side() / 2), first = part.index * each;
  for (int64_t y = first; y < std::min(first + each, form.patchOf(part.down)); ++y)
    for (int64_t x = part.right; x < width; x += llvm::alignTo(e.vectorsOfLine(), form.stride))
      e.prefetch(in, {tiles.image, block, rows[y * form.stride + part.down].at, e.add(left, x),
                      e.index(0)});
}

void WinogradInputTiles::emitEdge(const WinogradRow &tiles, Value column, Value block, Part part,
                                  ArrayRef<Coordinate> rows) {
  Value left = leftOf(column);
  SmallVector<Values> columns;
  for (int64_t x = part.right; x < form.patch(); x += form.stride)
    columns.push_back(emitColumn(tiles, block, part, rows, coordinate(e.add(left, x), horizontal)));
  emitStores(tiles, column, block, part, columns);
}

Values WinogradInputTiles::emitColumn(const WinogradRow &tiles, Value block, Part part,
                                      ArrayRef<Coordinate> rows, const Coordinate &column) {
  return emitInputColumn(e, form, part.index, [&](int64_t y) {
    const Coordinate &row = rows[y * form.stride + part.down];
    return loadPixel({tiles.image, block, row.at, column.at, e.index(0)}, row.mask, column.mask);
  });
}

void WinogradInputTiles::emitStores(const WinogradRow &tiles, Value column, Value block, Part part,
                                    ArrayRef<Values> columns) {
  int64_t y = firstInputRow(form, part.index) * form.stride + part.down;
  Value slot = tiles.slotOf(e, column);
  for (const Values &row : emitInputRows(e, form, columns)) {
    int64_t plane = y * form.patch() + part.right;
    for (Value value : row) {
      e.store(value, points, {tiles.pointsImage, block, e.index(plane), slot, e.index(0)});
      plane += form.stride;
    }
    y += form.stride;
  }
}

WinogradInputTiles::Coordinate WinogradInputTiles::coordinate(Value at, const Line &line) {
  Value inside = e.isWithin(at, line.extent);
  Value bits = arith::ExtSIOp::create(e.builder, e.loc, e.builder.getI32Type(), inside);
  Value mask = vector::BroadcastOp::create(e.builder, e.loc, maskType(), bits);
  return {e.min(e.max(at, e.index(0)), e.index(line.extent - 1)), mask};
}

Value WinogradInputTiles::loadPixel(ValueRange at, Value rowMask, Value columnMask) {
  Value pixel = e.load(in, at);
  if (!rowMask)
    return pixel;
  Value mask = arith::AndIOp::create(e.builder, e.loc, rowMask, columnMask);
  Value bits = vector::BitCastOp::create(e.builder, e.loc, maskType(), pixel);
  bits = arith::AndIOp::create(e.builder, e.loc, bits, mask);
  return vector::BitCastOp::create(e.builder, e.loc, e.vectorType(), bits);
}

VectorType WinogradInputTiles::maskType() {
  return VectorType::get(e.lanes, e.builder.getI32Type());
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

WinogradOutputTiles::WinogradOutputTiles(Emitter &e, Value out, WinogradForm form, int64_t pool,
                                         Epilogue &epilogue, PixelPlace place)
    : e(e), out(out), epilogue(epilogue), form(form), pool(pool), side(form.tile / pool),
      height(shapeOf(out)[2]), width(shapeOf(out)[3]),
      inPlace(place ? std::move(place) : inImage(e)) {}

void WinogradOutputTiles::emit(const WinogradRow &tiles, Value m, Value pointsBlock, Value block,
                               Value bias) {
  auto transform = [&](Value slot, TakeRow take) {
    auto load = [&](int64_t point) -> Value {
      Value value = e.load(m, {tiles.pointsImage, pointsBlock, e.index(point), slot, e.index(0)});
      return point == pointOfOnes(form)
                 ? arith::AddFOp::create(e.builder, e.loc, value, bias).getResult()
                 : value;
    };
    for (ArrayRef<int64_t> rows : outputParts(form))
      for (auto [y, outputs] : llvm::zip_equal(rows, emitOutputRows(e, form, rows, load)))
        take(y, outputs);
  };
  emit(tiles, transform, block);
}

void WinogradOutputTiles::emit(const WinogradRow &tiles, Transform transform, Value block) {
  auto emitWhole = [&](const WinogradRow &whole) {
    e.loop(whole.from, whole.to, 1,
           [&](Value column) { emitTile(whole, column, transform, block, /*whole=*/true); });
  };
  auto emitEdge = [&](Value column) { emitTile(tiles, column, transform, block, /*whole=*/false); };
  int64_t lastRow = (llvm::divideCeil(height, side) - 1) * form.tile;
  forTiles(e, tiles, {0, height * pool - form.tile + 1}, lastRow, {0, width / side}, columns(),
           emitWhole, emitEdge);
}

void WinogradOutputTiles::emitTile(const WinogradRow &tiles, Value column, Transform transform,
                                   Value block, bool whole) {
  Place place = {tiles.image, block, e.div(tiles.top, pool), e.mul(column, side)};
  SmallVector<Values> pooled(side);         // so far
  SmallVector<int64_t> missing(side, pool); // rows of outputs
  transform(tiles.slotOf(e, column), [&](int64_t y, ArrayRef<Value> outputs) {
    Values &row = pooled[y / pool], next = poolRow(outputs);
    for (auto [value, other] : llvm::zip(row, next))
      other = larger(value, other);
    row = next;
    if (--missing[y / pool] == 0)
      emitRow(place, y / pool, row, whole);
  });
  if (epilogue.isLong())
    emitEpilogue(place);
}

// As kernel.pool takes it: the sign of a zero does not matter, a NaN wins.
Value WinogradOutputTiles::larger(Value a, Value b) {
  return arith::MaximumFOp::create(e.builder, e.loc, a, b, arith::FastMathFlags::nsz);
}

Values WinogradOutputTiles::poolRow(ArrayRef<Value> outputs) {
  Values pooled;
  for (; !outputs.empty(); outputs = outputs.drop_front(pool)) {
    pooled.push_back(outputs[0]);
    for (Value other : outputs.take_front(pool).drop_front())
      pooled.back() = larger(pooled.back(), other);
  }
  return pooled;
}

void WinogradOutputTiles::emitStore(Value value, ValueRange at) {
  if (!epilogue.isLong())
    value = epilogue.apply(e, value, at, at[1]);
  e.store(value, out, inPlace(at[0], at[1], at[2], at[3]));
}

// Outputs to the right of the image go to its last column, before that column's own.
void WinogradOutputTiles::emitRow(const Place &place, int64_t y, ArrayRef<Value> outputs,
                                  bool whole) {
  Value row = e.add(place.top, y);
  auto emitPixels = [&] {
    for (int64_t x = side - 1; x >= 0; --x) {
      Value column = e.add(place.left, x);
      if (!whole)
        column = e.min(column, e.index(width - 1));
      emitStore(outputs[x], {place.image, place.block, row, column, e.index(0)});
    }
  };
  if (whole)
    return emitPixels();
  e.branch(e.lessThan(row, e.index(height)), emitPixels, [] {});
}

// A long epilogue once in a loop over the tile's outputs, not a copy for each.
void WinogradOutputTiles::emitEpilogue(const Place &place) {
  e.loop(place.top, e.min(e.add(place.top, side), e.index(height)), 1, [&](Value y) {
    e.loop(place.left, e.min(e.add(place.left, side), e.index(width)), 1, [&](Value x) {
      Values at = {place.image, place.block, y, x, e.index(0)};
      Values stored = inPlace(at[0], at[1], at[2], at[3]);
      e.store(epilogue.apply(e, e.load(out, stored), at, place.block), out, stored);
    });
  });
}
