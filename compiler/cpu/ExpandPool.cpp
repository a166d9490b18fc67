//===- ExpandPool.cpp - max and average pooling on blocked images -------------------===//

#include "compiler/cpu/Columns.h"
#include "compiler/cpu/Expand.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <limits>
#include <set>

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;

Value dlc::cpu::emitCount(Emitter &e, const Window1D &window, int64_t after, bool countPadding,
                          Value at, std::pair<Value, Value> taps) {
  if (!countPadding)
    return e.sub(taps.second, taps.first);
  int64_t extent = window.before + window.input + after;
  Value room = e.sub(e.index(extent), e.mul(at, window.stride));
  bool overhangs = (window.output - 1) * window.stride + window.taps > extent;
  return overhangs ? e.min(e.index(window.taps), room) : e.index(window.taps);
}

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

constexpr int64_t tileWidth = 8;
// Wider windows (global pooling) run as loops over their taps.
constexpr int64_t maxUnrolledTaps = 7;

class PoolEmitter {
public:
  PoolEmitter(Emitter &e, kernel::PoolOp op)
      : e(e), op(op), average(op.getKind() == nn::PoolKind::Avg),
        in(cast<MemRefType>(op.getInput().getType()).getShape()),
        out(cast<MemRefType>(op.getOut().getType()).getShape()),
        vertical{in[2], out[2], op.getWindow()[0], op.getStrides()[0], 1, op.getPadding()[0]},
        horizontal{in[3], out[3], op.getWindow()[1], op.getStrides()[1], 1, op.getPadding()[2]} {}

  void emit(Value lo, Value hi) {
    auto extents = op.getItemExtents(e.builder, e.loc);
    e.forItems(extents, lo, hi, [&](ValueRange outer, Value first, Value end) {
      image = outer[0];
      block = outer[1];
      e.loop(first, end, 1, [&](Value y) { emitRow(y); });
    });
  }

private:
  using Range = std::pair<Value, Value>;

  void emitRow(Value y) {
    Range taps = emitTapBounds(e, vertical, y);
    Value rowCount = count(vertical, op.getPadding()[1], y, taps);
    auto [first, end] = wholeWindows(horizontal);
    if (horizontal.taps > maxUnrolledTaps)
      first = end = 0;
    emitPixels(y, taps, rowCount, 0, first);
    if (first < end)
      emitTiles(y, taps, rowCount, first, end);
    emitPixels(y, taps, rowCount, end, out[3]);
  }

  // Windows [first, end) of a row, one at a time, with the bounds of each.
  void emitPixels(Value y, Range rowTaps, Value rowCount, int64_t first, int64_t end) {
    e.loop(e.index(first), e.index(end), 1, [&](Value x) {
      Range taps = emitTapBounds(e, horizontal, x);
      Value left = e.sub(e.mul(x, horizontal.stride), e.index(horizontal.before));
      Value result = overRows(y, rowTaps, {start()}, [&](Value row, ValueRange carried) {
        return e.loop(taps.first, taps.second, 1, carried, [&](Value tap, ValueRange inner) {
          return Emitter::Values{combine(inner[0], pixel(row, e.add(left, tap)))};
        });
      })[0];
      Value colCount = count(horizontal, op.getPadding()[3], x, taps);
      e.store(finish(result, reciprocal(rowCount, colCount)), op.getOut(), at(y, x));
    });
  }

  // Windows [first, end), none of which touches padding at its sides: several at a time, each pixel
  // loaded once.
  void emitTiles(Value y, Range rowTaps, Value rowCount, int64_t first, int64_t end) {
    Value scale = reciprocal(rowCount, e.index(horizontal.taps));
    Window1D inner = horizontal;
    inner.output = end - first;
    inner.before -= first * horizontal.stride;
    for (const ColumnRun &run : cutColumns(inner, tileWidth))
      e.loop(e.index(run.begin), e.index(run.end), run.width, [&](Value x) {
        Emitter::Values starts(run.width, start());
        Value left = e.mul(x, inner.stride);
        auto results = overRows(y, rowTaps, starts, [&](Value row, ValueRange carried) {
          return emitTapRow(inner, run.width, row, left, carried);
        });
        for (auto [m, result] : llvm::enumerate(results))
          e.store(finish(result, scale), op.getOut(), at(y, e.add(x, first + m)));
      });
  }

  Emitter::Values emitTapRow(const Window1D &window, int64_t width, Value row, Value left,
                             ValueRange carried) {
    Emitter::Values results(carried);
    std::set<int64_t> positions;
    for (int64_t m = 0; m < width; ++m)
      for (int64_t tap = 0; tap < window.taps; ++tap)
        positions.insert(window.position(m, tap));
    for (int64_t position : positions) {
      Value value = pixel(row, e.add(left, position));
      for (int64_t m = 0; m < width; ++m)
        if (position >= window.position(m, 0) && position <= window.position(m, window.taps - 1))
          results[m] = combine(results[m], value);
    }
    return results;
  }

  Emitter::Values overRows(Value y, Range taps, ValueRange starts,
                           function_ref<Emitter::Values(Value, ValueRange)> body) {
    Value top = e.sub(e.mul(y, vertical.stride), e.index(vertical.before));
    return e.loop(taps.first, taps.second, 1, starts, [&](Value tap, ValueRange carried) {
      return body(e.add(top, tap), carried);
    });
  }

  Value start() { return e.splat(average ? 0 : -std::numeric_limits<float>::infinity()); }

  Value pixel(Value row, Value column) {
    return e.load(op.getInput(), {image, block, row, column, e.index(0)});
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

  Value reciprocal(Value rowCount, Value colCount) {
    return average ? emitReciprocal(e, e.mul(rowCount, colCount)) : Value();
  }

  Emitter &e;
  kernel::PoolOp op;
  bool average;
  ArrayRef<int64_t> in, out;
  Window1D vertical, horizontal;
  Value image, block;
};

} // namespace

void dlc::cpu::expandPool(Emitter &e, kernel::PoolOp op, Value lo, Value hi) {
  PoolEmitter(e, op).emit(lo, hi);
}
