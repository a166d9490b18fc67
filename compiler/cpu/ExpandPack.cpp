//===- ExpandPack.cpp - copies to and from blocked layouts --------------------------===//

#include "compiler/cpu/Expand.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

namespace {

// In every layout the lanes are neighbours in the plain tensor's last dimension, so that one vector
// moves at a time; only the last block of channels is shorter.
class Copy {
public:
  Copy(Emitter &e, kernel::Layout layout, Value plain, Value blocked)
      : e(e), plain(plain), blocked(blocked), plainShape(shapeOf(plain)),
        blockedShape(shapeOf(blocked)),
        map(kernel::getPackMap(e.builder.getContext(), layout, blockedShape)) {
    // Conv weights also pad the input channels, their dimension before the last.
    rowsPadded =
        layout == kernel::Layout::Conv && blockedShape[1] * blockedShape[4] != plainShape[2];
  }

  void emit(ArrayRef<OpFoldResult> extents, Value lo, Value hi, bool pack) {
    packing = pack;
    e.forItems(extents, lo, hi, [&](ValueRange outer, Value first, Value end) {
      e.loop(first, end, 1, [&](Value inner) {
        Emitter::Values at(outer);
        at.push_back(inner);
        emitInner(at);
      });
    });
  }

private:
  // Loops over the dimensions that are not items.
  void emitInner(Emitter::Values at) {
    size_t dim = at.size();
    if (dim + 1 == blockedShape.size())
      return emitVector(at);
    e.loop(e.index(0), e.index(blockedShape[dim]), 1, [&](Value i) {
      Emitter::Values next = at;
      next.push_back(i);
      emitInner(next);
    });
  }

  void emitVector(Emitter::Values at) {
    at.push_back(e.index(0));
    Emitter::Values from;
    for (AffineExpr expr : map.getResults())
      from.push_back(evaluate(expr, at));
    if (!rowsPadded)
      return emitLanes(at, from);
    Value row = from[from.size() - 2];
    e.branch(
        e.lessThan(row, e.index(plainShape[plainShape.size() - 2])), [&] { emitLanes(at, from); },
        [&] { e.store(e.splat(0), blocked, at); });
  }

  void emitLanes(ValueRange at, ValueRange from) {
    int64_t channels = plainShape.back(), rest = channels % e.lanes, whole = channels - rest;
    Value channel = from.back();
    auto none = [&] {
      if (packing)
        e.store(e.splat(0), blocked, at);
    };
    auto part = [&] {
      if (rest)
        return e.branch(
            e.lessThan(channel, e.index(channels)),
            [&] { move(at, from, e.lanesBetween(0, rest)); }, none);
      none();
    };
    if (channels == blockedLanes())
      return move(at, from);
    if (!whole && blockedLanes() == e.lanes)
      return move(at, from, e.lanesBetween(0, rest));
    e.branch(e.lessThan(channel, e.index(whole)), [&] { move(at, from); }, part);
  }

  // Lanes of all blocks together: the last result's range.
  int64_t blockedLanes() {
    int64_t lanes = 1;
    map.getResults().back().walk([&](AffineExpr expr) {
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        lanes *= blockedShape[dim.getPosition()];
    });
    return lanes;
  }

  void move(ValueRange at, ValueRange from, Value mask = {}) {
    packing ? e.store(e.load(plain, from, mask), blocked, at)
            : e.store(e.load(blocked, at), plain, from, mask);
  }

  Value evaluate(AffineExpr expr, ValueRange dims) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return dims[dim.getPosition()];
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return e.index(constant.getValue());
    auto binary = cast<AffineBinaryOpExpr>(expr);
    Value lhs = evaluate(binary.getLHS(), dims), rhs = evaluate(binary.getRHS(), dims);
    return expr.getKind() == AffineExprKind::Add ? e.add(lhs, rhs) : e.mul(lhs, rhs);
  }

  Emitter &e;
  Value plain, blocked;
  ArrayRef<int64_t> plainShape, blockedShape;
  AffineMap map;
  bool rowsPadded, packing = false;
};

} // namespace

void dlc::cpu::expandPack(Emitter &e, kernel::PackOp op, Value lo, Value hi) {
  Copy(e, op.getLayout(), op.getInput(), op.getOut())
      .emit(op.getItemExtents(e.builder, e.loc), lo, hi, /*pack=*/true);
}

void dlc::cpu::expandUnpack(Emitter &e, kernel::UnpackOp op, Value lo, Value hi) {
  Copy(e, op.getLayout(), op.getOut(), op.getInput())
      .emit(op.getItemExtents(e.builder, e.loc), lo, hi, /*pack=*/false);
}
