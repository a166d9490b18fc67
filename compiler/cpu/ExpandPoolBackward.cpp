//===- ExpandPoolBackward.cpp - gradients of poolings on blocked images -------------===//
//
// Each window hands its gradient to the pixels that it saw, in row-major order: an average the same
// share to all, a maximum what is left to each that equals it, which is everything to the first.
//
//===------------------------------------------------------------------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/Windows.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

namespace {

class PoolBackwardEmitter {
public:
  PoolBackwardEmitter(Emitter &e, kernel::PoolBackwardOp op)
      : e(e), op(op), average(op.getKind() == nn::PoolKind::Avg), g(shapeOf(op.getGradient())),
        out(shapeOf(op.getOut())), vertical(poolingAlong(0, op, out, g)),
        horizontal(poolingAlong(1, op, out, g)), apart(isApart(vertical) && isApart(horizontal)) {}

  void emit(Value lo, Value hi) {
    auto extents = op.getItemExtents(e.builder, e.loc);
    e.forItems(extents, lo, hi, [&](ValueRange outer, Value first, Value end) {
      image = outer[0];
      e.loop(first, end, 1, [&](Value item) {
        block = item;
        emitPlane();
      });
    });
  }

private:
  using Range = std::pair<Value, Value>;

  // No pixel is seen by two windows; every pixel by one.
  static bool isApart(const Window1D &window) {
    return window.output == 1 || window.stride >= window.taps;
  }
  static bool covers(const Window1D &window) {
    return isApart(window) && (window.output == 1 || window.stride == window.taps) &&
           window.position(window.output - 1, window.taps - 1) >= window.input - 1;
  }

  void emitPlane() {
    if (!covers(vertical) || !covers(horizontal))
      e.loop(e.index(0), e.index(out[2]), 1, [&](Value y) {
        e.loop(e.index(0), e.index(out[3]), 1,
               [&](Value x) { e.store(e.splat(0), op.getOut(), at(y, x)); });
      });
    e.loop(e.index(0), e.index(g[2]), 1, [&](Value y) {
      Range rows = emitTapBounds(e, vertical, y);
      auto [first, end] = wholeWindows(horizontal);
      if (horizontal.taps > kMostStraightTaps)
        first = end = 0;
      emitWindows(y, rows, 0, first, false);
      emitWindows(y, rows, first, end, true);
      emitWindows(y, rows, end, g[3], false);
    });
  }

  // Windows [first, end) of a row; no tap column of `whole` ones lies outside the image.
  void emitWindows(Value y, Range rows, int64_t first, int64_t end, bool whole) {
    e.loop(e.index(first), e.index(end), 1, [&](Value x) {
      Range columns =
          whole ? Range{e.index(0), e.index(horizontal.taps)} : emitTapBounds(e, horizontal, x);
      Value top = e.sub(e.mul(y, vertical.stride), e.index(vertical.before));
      Value left = e.sub(e.mul(x, horizontal.stride), e.index(horizontal.before));
      Value share = e.load(op.getGradient(), at(y, x));
      if (average)
        share = arith::MulFOp::create(e.builder, e.loc, share, reciprocal(y, x, rows, columns));
      Value largest = average ? Value() : e.load(op.getForward()[1], at(y, x));
      e.loop(rows.first, rows.second, 1, {share}, [&](Value tap, ValueRange carried) {
        return emitTapRow(e.add(top, tap), left, columns, whole, largest, carried);
      });
    });
  }

  Emitter::Values emitTapRow(Value row, Value left, Range columns, bool unroll, Value largest,
                             ValueRange share) {
    if (!unroll)
      return e.loop(columns.first, columns.second, 1, share, [&](Value tap, ValueRange carried) {
        return Emitter::Values{give(row, e.add(left, tap), largest, carried[0])};
      });
    Value rest = share[0];
    for (int64_t tap = 0; tap < horizontal.taps; ++tap)
      rest = give(row, e.add(left, tap), largest, rest);
    return {rest};
  }

  // Gives a pixel its part of `share`; returns what is left for the pixels after it.
  Value give(Value row, Value column, Value largest, Value share) {
    Value part = share, rest = share;
    if (!average) {
      Value pixel = e.load(op.getForward()[0], at(row, column));
      Value hit =
          arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OEQ, pixel, largest);
      part = arith::SelectOp::create(e.builder, e.loc, hit, share, e.splat(0));
      rest = arith::SelectOp::create(e.builder, e.loc, hit, e.splat(0), share);
    }
    if (!apart)
      part = arith::AddFOp::create(e.builder, e.loc, e.load(op.getOut(), at(row, column)), part);
    e.store(part, op.getOut(), at(row, column));
    return rest;
  }

  Value reciprocal(Value y, Value x, Range rows, Range columns) {
    bool padding = op.getCountIncludePad();
    return emitReciprocal(e,
                          e.mul(emitCount(e, vertical, op.getPadding()[1], padding, y, rows),
                                emitCount(e, horizontal, op.getPadding()[3], padding, x, columns)));
  }

  Emitter::Values at(Value y, Value x) { return {image, block, y, x, e.index(0)}; }

  Emitter &e;
  kernel::PoolBackwardOp op;
  bool average;
  ArrayRef<int64_t> g, out;
  Window1D vertical, horizontal;
  bool apart;
  Value image, block;
};

} // namespace

void dlc::cpu::expandPoolBackward(Emitter &e, kernel::PoolBackwardOp op, Value lo, Value hi) {
  PoolBackwardEmitter(e, op).emit(lo, hi);
}
