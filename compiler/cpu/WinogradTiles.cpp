//===- WinogradTiles.cpp - tiles into and out of the Winograd domain ----------------===//

#include "compiler/cpu/WinogradParts.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;
using Values = Emitter::Values;

// True where lower <= value < upper; bounds that every value of [0, extent) meets need no code.
static Value emitInRange(Emitter &e, Value value, int64_t lower, int64_t upper, int64_t extent) {
  Value low =
      lower > 0 ? e.lessThan(e.index(lower - 1), value) : e.constant(e.builder.getBoolAttr(true));
  if (upper >= extent)
    return low;
  Value high = e.lessThan(value, e.index(upper));
  return lower > 0 ? arith::AndIOp::create(e.builder, e.loc, low, high).getResult() : high;
}

// Both conditions; a constant true needs no code.
static Value emitBoth(Emitter &e, Value a, Value b) {
  if (getConstantIntValue(a))
    return b;
  if (getConstantIntValue(b))
    return a;
  return arith::AndIOp::create(e.builder, e.loc, a, b);
}

//===----------------------------------------------------------------------===//
// Input: patches that reach past the image read its nearest pixel instead and clear it
//===----------------------------------------------------------------------===//

WinogradInputTiles::Line::Line(int64_t extent, int64_t before, int64_t after, int64_t tile)
    : extent(extent), before(before), tile(tile),
      tiles(llvm::divideCeil(extent + before + after - 2, tile)) {}

std::pair<int64_t, int64_t> WinogradInputTiles::Line::whole() const {
  int64_t room = extent + before - (tile + 2);
  return {llvm::divideCeil(before, tile), room < 0 ? 0 : room / tile + 1};
}

WinogradInputTiles::WinogradInputTiles(Emitter &e, Value in, Value points,
                                       ArrayRef<int64_t> padding, int64_t tileSize)
    : e(e), in(in), points(points), tileSize(tileSize),
      vertical(shapeOf(in)[2], padding[0], padding[1], tileSize),
      horizontal(shapeOf(in)[3], padding[2], padding[3], tileSize) {}

void WinogradInputTiles::emit(const WinogradTile &tile, Value block) {
  auto [firstRow, endRow] = vertical.whole();
  auto [firstColumn, endColumn] = horizontal.whole();
  Value rowWhole = emitInRange(e, tile.row, firstRow, endRow, vertical.tiles);
  Value columnWhole = emitInRange(e, tile.column, firstColumn, endColumn, horizontal.tiles);
  e.branch(
      emitBoth(e, rowWhole, columnWhole), [&] { emitPatch(tile, block, /*whole=*/true); },
      [&] { emitPatch(tile, block, /*whole=*/false); });
}

void WinogradInputTiles::emitPatch(const WinogradTile &tile, Value block, bool whole) {
  Value top = e.sub(e.mul(tile.row, tileSize), e.index(vertical.before));
  Value left = e.sub(e.mul(tile.column, tileSize), e.index(horizontal.before));
  SmallVector<Coordinate> rows, columns;
  for (int64_t i = 0; i < tileSize + 2; ++i) {
    rows.push_back(coordinate(e.add(top, i), vertical, whole));
    columns.push_back(coordinate(e.add(left, i), horizontal, whole));
  }
  Values pixels;
  for (const Coordinate &row : rows)
    for (const Coordinate &column : columns)
      pixels.push_back(
          loadPixel({tile.image, block, row.at, column.at, e.index(0)}, row.mask, column.mask));
  Values values = emitTransform(e, Transform::Input, tileSize, pixels);
  for (auto [point, value] : llvm::enumerate(values))
    e.store(value, points, {tile.pointsImage, block, e.index(point), tile.slot, e.index(0)});
}

WinogradInputTiles::Coordinate WinogradInputTiles::coordinate(Value at, const Line &line,
                                                              bool whole) {
  if (whole)
    return {at, {}};
  // Unsigned, a negative place lies past the image too.
  Value inside =
      arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ult, at, e.index(line.extent));
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

WinogradOutputTiles::WinogradOutputTiles(Emitter &e, Value points, Value out, int64_t tileSize,
                                         Epilogue &epilogue)
    : e(e), points(points), out(out), epilogue(epilogue), tileSize(tileSize),
      height(shapeOf(out)[2]), width(shapeOf(out)[3]) {}

void WinogradOutputTiles::emit(const WinogradTile &tile, Value pointsBlock, Value block,
                               Value bias) {
  Value rowWhole =
      emitInRange(e, tile.row, 0, height / tileSize, llvm::divideCeil(height, tileSize));
  Value columnWhole = emitInRange(e, tile.column, 0, width / tileSize, columns());
  Values square;
  for (int64_t point = 0; point < (tileSize + 2) * (tileSize + 2); ++point)
    square.push_back(
        e.load(points, {tile.pointsImage, pointsBlock, e.index(point), tile.slot, e.index(0)}));
  Values outputs = emitTransform(e, Transform::Output, tileSize, square);
  for (Value &output : outputs)
    output = arith::AddFOp::create(e.builder, e.loc, output, bias);
  e.branch(
      emitBoth(e, rowWhole, columnWhole), [&] { emitWhole(tile, block, outputs); },
      [&] { emitClipped(tile, block, outputs); });
  if (epilogue.isLong())
    emitEpilogue(tile, block);
}

void WinogradOutputTiles::emitStore(Value value, ValueRange at) {
  e.store(epilogue.isLong() ? value : epilogue.apply(e, value, at, at[1]), out, at);
}

void WinogradOutputTiles::emitWhole(const WinogradTile &tile, Value block,
                                    ArrayRef<Value> outputs) {
  Value top = e.mul(tile.row, tileSize), left = e.mul(tile.column, tileSize);
  for (int64_t y = 0; y < tileSize; ++y)
    for (int64_t x = 0; x < tileSize; ++x)
      emitStore(outputs[y * tileSize + x],
                {tile.image, block, e.add(top, y), e.add(left, x), e.index(0)});
}

void WinogradOutputTiles::emitClipped(const WinogradTile &tile, Value block,
                                      ArrayRef<Value> outputs) {
  Value top = e.mul(tile.row, tileSize), left = e.mul(tile.column, tileSize);
  for (int64_t y = 0; y < tileSize; ++y) {
    Value row = e.add(top, y);
    auto emitPixels = [&] {
      for (int64_t x = 0; x < tileSize; ++x) {
        Value column = e.add(left, x);
        auto store = [&] {
          emitStore(outputs[y * tileSize + x], {tile.image, block, row, column, e.index(0)});
        };
        e.branch(e.lessThan(column, e.index(width)), store, [] {});
      }
    };
    e.branch(e.lessThan(row, e.index(height)), emitPixels, [] {});
  }
}

// A long epilogue once in a loop over the tile's outputs, not a copy for each.
void WinogradOutputTiles::emitEpilogue(const WinogradTile &tile, Value block) {
  Value top = e.mul(tile.row, tileSize), left = e.mul(tile.column, tileSize);
  e.loop(top, e.min(e.add(top, tileSize), e.index(height)), 1, [&](Value y) {
    e.loop(left, e.min(e.add(left, tileSize), e.index(width)), 1, [&](Value x) {
      Values at = {tile.image, block, y, x, e.index(0)};
      e.store(epilogue.apply(e, e.load(out, at), at, block), out, at);
    });
  });
}
