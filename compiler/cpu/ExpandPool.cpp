//===- ExpandPool.cpp - max and average pooling on blocked images -------------------===//

#include "compiler/cpu/Columns.h"
#include "compiler/cpu/Expand.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <limits>
#include <map>

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

Value dlc::cpu::emitReciprocal(Emitter &e, Value count) {
  if (std::optional<int64_t> known = getConstantIntValue(count))
    return e.splat(1.0f / static_cast<float>(*known));
  Value integer = arith::IndexCastOp::create(e.builder, e.loc, e.builder.getI64Type(), count);
  Value number = arith::SIToFPOp::create(e.builder, e.loc, e.builder.getF32Type(), integer);
  Value one = e.constant(e.builder.getF32FloatAttr(1));
  Value inverse = arith::DivFOp::create(e.builder, e.loc, one, number);
  return vector::BroadcastOp::create(e.builder, e.loc, e.vectorType(), inverse);
}

namespace {

constexpr int64_t kTileWidth = 8;

class PoolEmitter {
public:
  PoolEmitter(Emitter &e, kernel::PoolOp op)
      : e(e), op(op), average(op.getKind() == nn::PoolKind::Avg), in(shapeOf(op.getInput())),
        out(shapeOf(op.getOut())), vertical(poolingAlong(0, op, in, out)),
        horizontal(poolingAlong(1, op, in, out)), part{0, out[3]},
        runs(cutColumns(horizontal, kTileWidth)) {}

  void emit(Value lo, Value hi) {
    auto extents = op.getItemExtents(e.builder, e.loc);
    e.forItems(extents, lo, hi, [&](ValueRange outer, Value first, Value end) {
      image = outer[0];
      block = outer[1];
      emitRows(first, end);
    });
  }

  void emitPart(Value ofImage, Value ofBlock, Value first, Value end, ColumnRange columns,
                PixelPlace place) {
    image = ofImage;
    block = ofBlock;
    inPlace = std::move(place);
    part = columns;
    runs = cutColumns(horizontal, kTileWidth, part.begin, part.end);
    emitRows(first, end);
  }

private:
  using Range = std::pair<Value, Value>;

  // Windows that touch no padding above or below are straight code along y too.
  void emitRows(Value first, Value end) {
    auto [top, bottom] = wholeWindows(vertical);
    if (std::max(vertical.taps, horizontal.taps) > kMostStraightTaps || top == bottom)
      return emitRows(first, end, /*whole=*/false);
    if (top > 0)
      emitRows(first, e.min(end, e.index(top)), /*whole=*/false);
    emitRows(top > 0 ? e.max(first, e.index(top)) : first,
             bottom < out[2] ? e.min(end, e.index(bottom)) : end, /*whole=*/true);
    if (bottom < out[2])
      emitRows(e.max(first, e.index(bottom)), end, /*whole=*/false);
  }

  void emitRows(Value first, Value end, bool whole) {
    e.loop(first, end, 1, [&](Value y) {
      Range taps = {e.index(0), e.index(vertical.taps)};
      if (!whole)
        taps = emitTapBounds(e, vertical, y);
      emitRow(y, taps, whole);
    });
  }

  void emitRow(Value y, Range taps, bool whole) {
    Value rowCount = count(vertical, op.getPadding()[1], y, taps);
    if (horizontal.taps > kMostStraightTaps)
      return emitPixels(y, taps, rowCount);
    std::map<int64_t, Value> scales; // by the columns that a window counts
    for (int64_t x = part.begin; average && x < part.end; ++x)
      if (Value &scale = scales[columnCount(x)]; !scale)
        scale = emitReciprocal(e, e.mul(rowCount, columnCount(x)));
    for (const ColumnRun &run : runs)
      e.loop(e.index(run.begin), e.index(run.end), run.width, [&](Value x) {
        Emitter::Values results = emitTile(run, y, x, taps, whole);
        for (auto [m, result] : llvm::enumerate(results)) {
          Value scale = average ? scales[columnCount(run.begin + m)] : Value();
          e.store(finish(result, scale), op.getOut(), at(y, e.add(x, m)));
        }
      });
  }

  // One window at a time, with the bounds of each.
  void emitPixels(Value y, Range rowTaps, Value rowCount) {
    e.loop(e.index(part.begin), e.index(part.end), 1, [&](Value x) {
      Range taps = emitTapBounds(e, horizontal, x);
      Value left = e.sub(e.mul(x, horizontal.stride), e.index(horizontal.before));
      Value result = overRows(y, rowTaps, {start()}, [&](Value row, ValueRange carried) {
        return e.loop(taps.first, taps.second, 1, carried, [&](Value tap, ValueRange inner) {
          return Emitter::Values{combine(inner[0], pixel(row, e.add(left, tap)))};
        });
      })[0];
      Value colCount = count(horizontal, op.getPadding()[3], x, taps);
      Value scale = average ? emitReciprocal(e, e.mul(rowCount, colCount)) : Value();
      e.store(finish(result, scale), op.getOut(), at(y, x));
    });
  }

  // Windows of one row, each pixel loaded once. Without padding above or below, what they share of
  // a column is combined once.
  Emitter::Values emitTile(const ColumnRun &run, Value y, Value x, Range rowTaps, bool whole) {
    Value left = e.mul(x, horizontal.stride), top = firstRow(y);
    if (!whole)
      return overRows(
          y, rowTaps, Emitter::Values(run.width, start()), [&](Value row, ValueRange carried) {
            return spread(run, Emitter::Values(carried),
                          [&](int64_t position) { return pixel(row, e.add(left, position)); });
          });
    Emitter::Values results = spread(run, Emitter::Values(run.width), [&](int64_t position) {
      Value column = e.add(left, position), value = pixel(top, column);
      for (int64_t tap = 1; tap < vertical.taps; ++tap)
        value = combine(value, pixel(e.add(top, tap), column));
      return value;
    });
    for (Value &result : results)
      result = result ? result : start();
    return results;
  }

  // Combines the value at each position of a row with the windows that it lies in; a null one
  // starts with its first.
  Emitter::Values spread(const ColumnRun &run, ArrayRef<Value> windows,
                         function_ref<Value(int64_t position)> valueAt) {
    Emitter::Values results(windows);
    std::map<int64_t, SmallVector<int64_t>> readers;
    for (int64_t m = 0; m < run.width; ++m)
      for (int64_t tap = 0; tap < horizontal.taps; ++tap)
        if (run.taps[tap][m])
          readers[horizontal.position(m, tap)].push_back(m);
    for (const auto &[position, windows] : readers) {
      Value value = valueAt(position);
      for (int64_t m : windows)
        results[m] = results[m] ? combine(results[m], value) : value;
    }
    return results;
  }

  Emitter::Values overRows(Value y, Range taps, ValueRange starts,
                           function_ref<Emitter::Values(Value, ValueRange)> body) {
    Value top = firstRow(y);
    return e.loop(taps.first, taps.second, 1, starts,
                  [&](Value tap, ValueRange carried) { return body(e.add(top, tap), carried); });
  }

  Value firstRow(Value y) { return e.sub(e.mul(y, vertical.stride), e.index(vertical.before)); }

  Value start() { return e.splat(average ? 0 : -std::numeric_limits<float>::infinity()); }

  Value pixel(Value row, Value column) {
    return e.load(op.getInput(), inPlace(image, block, row, column));
  }

  Emitter::Values at(Value y, Value x) { return {image, block, y, x, e.index(0)}; }

  Value combine(Value a, Value b) {
    if (average)
      return arith::AddFOp::create(e.builder, e.loc, a, b);
    // The sign of a zero does not matter; a NaN does and wins.
    return arith::MaximumFOp::create(e.builder, e.loc, a, b, arith::FastMathFlags::nsz);
  }

  Value finish(Value result, Value scale) {
    return average ? Value(arith::MulFOp::create(e.builder, e.loc, result, scale)) : result;
  }

  Value count(const Window1D &window, int64_t after, Value at, Range taps) {
    return emitCount(e, window, after, op.getCountIncludePad(), at, taps);
  }

  int64_t columnCount(int64_t x) {
    Range taps = emitTapBounds(e, horizontal, e.index(x));
    return *getConstantIntValue(count(horizontal, op.getPadding()[3], e.index(x), taps));
  }

  Emitter &e;
  kernel::PoolOp op;
  bool average;
  ArrayRef<int64_t> in, out;
  Window1D vertical, horizontal;
  ColumnRange part;
  SmallVector<ColumnRun> runs;
  Value image, block;
  PixelPlace inPlace = inImage(e);
};

} // namespace

void dlc::cpu::expandPool(Emitter &e, kernel::PoolOp op, Value lo, Value hi) {
  PoolEmitter(e, op).emit(lo, hi);
}

void dlc::cpu::emitPoolRows(Emitter &e, kernel::PoolOp op, Value image, Value block, Value first,
                            Value end, ColumnRange columns, PixelPlace place) {
  PoolEmitter(e, op).emitPart(image, block, first, end, columns, std::move(place));
}
