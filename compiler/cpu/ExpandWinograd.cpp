//===- ExpandWinograd.cpp - into and out of the Winograd domain ---------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "compiler/cpu/WinogradTransform.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using Values = Emitter::Values;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<MemRefType>(value.getType()).getShape();
}

// True where lower <= value < upper; bounds that every value of [0, extent) meets need no code.
static Value emitInRange(Emitter &e, Value value, int64_t lower, int64_t upper, int64_t extent) {
  Value low = lower > 0 ? e.lessThan(e.index(lower - 1), value) : e.constant(e.builder.getBoolAttr(true));
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
// Input
//===----------------------------------------------------------------------===//

namespace {

// Along one dimension: where the patches of tiles lie in the image.
struct PatchLine {
  int64_t extent, before, tile, tiles;

  PatchLine(int64_t extent, int64_t before, int64_t after, int64_t tile)
      : extent(extent), before(before), tile(tile),
        tiles(llvm::divideCeil(extent + before + after - 2, tile)) {}
  /// Tiles [first, second) read no padding.
  int64_t firstWhole() const { return llvm::divideCeil(before, tile); }
  int64_t endWhole() const {
    int64_t room = extent + before - (tile + 2);
    return room < 0 ? 0 : room / tile + 1;
  }
};

// Transforms patches. Those that reach past the image read its nearest pixel instead and clear it.
class InputEmitter {
public:
  InputEmitter(Emitter &e, kernel::WinogradInputOp op)
      : e(e), op(op), tile(op.getTileSize()), patch(tile + 2),
        vertical(shapeOf(op.getInput())[2], op.getPadding()[0], op.getPadding()[1], tile),
        horizontal(shapeOf(op.getInput())[3], op.getPadding()[2], op.getPadding()[3], tile) {}

  void emit(Value lo, Value hi) {
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value first, Value end) {
                 image = outer[0];
                 block = outer[1];
                 e.loop(first, end, 1, [&](Value tileRow) { emitRow(tileRow); });
               });
  }

private:
  void emitRow(Value tileRow) {
    Value rowWhole = emitInRange(e, tileRow, vertical.firstWhole(), vertical.endWhole(), vertical.tiles);
    Value top = e.sub(e.mul(tileRow, tile), e.index(vertical.before));
    Value firstTile = e.mul(tileRow, horizontal.tiles);
    e.loop(e.index(0), e.index(horizontal.tiles), 1, [&](Value tileColumn) {
      Value columnWhole = emitInRange(e, tileColumn, horizontal.firstWhole(), horizontal.endWhole(),
                                      horizontal.tiles);
      Value left = e.sub(e.mul(tileColumn, tile), e.index(horizontal.before));
      Value at = e.add(firstTile, tileColumn);
      e.branch(
          emitBoth(e, rowWhole, columnWhole), [&] { emitPatch(top, left, at, /*whole=*/true); },
          [&] { emitPatch(top, left, at, /*whole=*/false); });
    });
  }

  void emitPatch(Value top, Value left, Value at, bool whole) {
    SmallVector<Coordinate> rows, columns;
    for (int64_t i = 0; i < patch; ++i) {
      rows.push_back(coordinate(e.add(top, i), vertical, whole));
      columns.push_back(coordinate(e.add(left, i), horizontal, whole));
    }
    Values pixels;
    for (const Coordinate &row : rows)
      for (const Coordinate &column : columns)
        pixels.push_back(loadPixel(row, column));
    Values points = emitTransform(e, Transform::Input, tile, pixels);
    for (auto [point, value] : llvm::enumerate(points))
      e.store(value, op.getOut(), {image, block, e.index(point), at, e.index(0)});
  }

  // A row or column of the image, and the bits to keep of what is read there; no mask keeps all.
  struct Coordinate {
    Value at, mask;
  };

  Coordinate coordinate(Value at, const PatchLine &line, bool whole) {
    if (whole)
      return {at, {}};
    // Unsigned, a negative place lies past the image too.
    Value inside = arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ult, at,
                                         e.index(line.extent));
    Value bits = arith::ExtSIOp::create(e.builder, e.loc, e.builder.getI32Type(), inside);
    Value mask = vector::BroadcastOp::create(e.builder, e.loc, maskType(), bits);
    return {e.min(e.max(at, e.index(0)), e.index(line.extent - 1)), mask};
  }

  Value loadPixel(const Coordinate &row, const Coordinate &column) {
    Value pixel = e.load(op.getInput(), {image, block, row.at, column.at, e.index(0)});
    if (!row.mask)
      return pixel;
    Value mask = arith::AndIOp::create(e.builder, e.loc, row.mask, column.mask);
    Value bits = vector::BitCastOp::create(e.builder, e.loc, maskType(), pixel);
    bits = arith::AndIOp::create(e.builder, e.loc, bits, mask);
    return vector::BitCastOp::create(e.builder, e.loc, e.vectorType(), bits);
  }

  VectorType maskType() { return VectorType::get(e.lanes, e.builder.getI32Type()); }

  Emitter &e;
  kernel::WinogradInputOp op;
  int64_t tile, patch;
  PatchLine vertical, horizontal;
  Value image, block;
};

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

// Transforms points to outputs. Of tiles that reach past the image only what lies inside is written.
class OutputEmitter {
public:
  OutputEmitter(Emitter &e, kernel::WinogradOutputOp op)
      : e(e), op(op), epilogue(op.getEpilogue(), op.getExtras()), tile(op.getTileSize()),
        height(shapeOf(op.getOut())[2]), width(shapeOf(op.getOut())[3]),
        tileColumns(llvm::divideCeil(width, tile)) {}

  LogicalResult emit(Value lo, Value hi) {
    if (failed(epilogue.verify(op)))
      return failure();
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value first, Value end) {
                 image = outer[0];
                 block = outer[1];
                 bias = e.load(op.getBias(), {block, e.index(0)});
                 e.loop(first, end, 1, [&](Value tileRow) { emitRow(tileRow); });
               });
    return success();
  }

private:
  void emitRow(Value tileRow) {
    Value top = e.mul(tileRow, tile), firstTile = e.mul(tileRow, tileColumns);
    int64_t tileRows = llvm::divideCeil(height, tile);
    Value rowWhole = emitInRange(e, tileRow, 0, height / tile, tileRows);
    e.loop(e.index(0), e.index(tileColumns), 1, [&](Value tileColumn) {
      Value left = e.mul(tileColumn, tile);
      Value columnWhole = emitInRange(e, tileColumn, 0, width / tile, tileColumns);
      Values outputs = emitOutputs(e.add(firstTile, tileColumn));
      e.branch(
          emitBoth(e, rowWhole, columnWhole), [&] { emitWhole(top, left, outputs); },
          [&] { emitClipped(top, left, outputs); });
      if (epilogue.isLong())
        emitEpilogue(top, left);
    });
  }

  Values emitOutputs(Value at) {
    Values points;
    for (int64_t point = 0; point < (tile + 2) * (tile + 2); ++point)
      points.push_back(e.load(op.getInput(), {image, block, e.index(point), at, e.index(0)}));
    Values outputs = emitTransform(e, Transform::Output, tile, points);
    for (Value &output : outputs)
      output = arith::AddFOp::create(e.builder, e.loc, output, bias);
    return outputs;
  }

  void emitStore(Value value, Value y, Value x) {
    Values at = {image, block, y, x, e.index(0)};
    e.store(epilogue.isLong() ? value : epilogue.apply(e, value, at, block), op.getOut(), at);
  }

  void emitWhole(Value top, Value left, ArrayRef<Value> outputs) {
    for (int64_t y = 0; y < tile; ++y)
      for (int64_t x = 0; x < tile; ++x)
        emitStore(outputs[y * tile + x], e.add(top, y), e.add(left, x));
  }

  void emitClipped(Value top, Value left, ArrayRef<Value> outputs) {
    for (int64_t y = 0; y < tile; ++y) {
      Value row = e.add(top, y);
      auto emitPixels = [&] {
        for (int64_t x = 0; x < tile; ++x) {
          Value column = e.add(left, x);
          e.branch(e.lessThan(column, e.index(width)),
                   [&] { emitStore(outputs[y * tile + x], row, column); }, [] {});
        }
      };
      e.branch(e.lessThan(row, e.index(height)), emitPixels, [] {});
    }
  }

  // A long epilogue once in a loop over the tile's outputs, not a copy for each.
  void emitEpilogue(Value top, Value left) {
    e.loop(top, e.min(e.add(top, tile), e.index(height)), 1, [&](Value y) {
      e.loop(left, e.min(e.add(left, tile), e.index(width)), 1, [&](Value x) {
        Values at = {image, block, y, x, e.index(0)};
        e.store(epilogue.apply(e, e.load(op.getOut(), at), at, block), op.getOut(), at);
      });
    });
  }

  Emitter &e;
  kernel::WinogradOutputOp op;
  Epilogue epilogue;
  int64_t tile, height, width, tileColumns;
  Value image, block, bias;
};

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

// Transforms the taps of one input channel, a vector of output channels at a time.
class WeightsEmitter {
public:
  WeightsEmitter(Emitter &e, kernel::WinogradWeightsOp op)
      : e(e), op(op), channels(shapeOf(op.getInput())[3]), cols(shapeOf(op.getOut())[3]) {}

  void emit(Value lo, Value hi) {
    e.forItems(op.getItemExtents(e.builder, e.loc), lo, hi,
               [&](ValueRange outer, Value first, Value end) {
                 group = outer[0];
                 e.loop(first, end, 1, [&](Value channel) {
                   for (int64_t col = 0; col < cols; ++col)
                     emitVector(channel, col);
                 });
               });
  }

private:
  void emitVector(Value channel, int64_t col) {
    Value from = e.mul(e.add(e.mul(group, cols), col), e.lanes);
    int64_t rest = channels % e.lanes, whole = channels - rest;
    auto some = [&](int64_t count) { return [=, this] { emitTaps(channel, col, from, count); }; };
    auto none = some(0);
    auto part = [&] {
      e.branch(e.lessThan(from, e.index(channels)), some(rest), none);
    };
    e.branch(e.lessThan(from, e.index(whole)), some(e.lanes), [&] { rest ? part() : none(); });
  }

  // `count` of the lanes hold channels; the others become zero.
  void emitTaps(Value channel, int64_t col, Value from, int64_t count) {
    Values taps;
    for (int64_t y = 0; y < 3; ++y)
      for (int64_t x = 0; x < 3; ++x)
        taps.push_back(loadTap({e.index(y), e.index(x), channel, from}, count));
    Values points = emitTransform(e, Transform::Weights, op.getTileSize(), taps);
    for (auto [point, value] : llvm::enumerate(points))
      e.store(value, op.getOut(), {e.index(point), group, channel, e.index(col), e.index(0)});
  }

  Value loadTap(ValueRange at, int64_t count) {
    if (count == e.lanes)
      return e.load(op.getInput(), at);
    if (count == 0)
      return e.splat(0);
    SmallVector<bool> bits(e.lanes, false);
    std::fill_n(bits.begin(), count, true);
    auto type = VectorType::get(e.lanes, e.builder.getI1Type());
    Value mask = e.constant(DenseElementsAttr::get(type, ArrayRef<bool>(bits)));
    return vector::MaskedLoadOp::create(e.builder, e.loc, e.vectorType(), op.getInput(), at, mask,
                                        e.splat(0));
  }

  Emitter &e;
  kernel::WinogradWeightsOp op;
  int64_t channels, cols;
  Value group;
};

} // namespace

void dlc::cpu::expandWinogradInput(Emitter &e, kernel::WinogradInputOp op, Value lo, Value hi) {
  InputEmitter(e, op).emit(lo, hi);
}

LogicalResult dlc::cpu::expandWinogradOutput(Emitter &e, kernel::WinogradOutputOp op, Value lo,
                                             Value hi) {
  return OutputEmitter(e, op).emit(lo, hi);
}

void dlc::cpu::expandWinogradWeights(Emitter &e, kernel::WinogradWeightsOp op, Value lo, Value hi) {
  WeightsEmitter(e, op).emit(lo, hi);
}
