//===- Loss.cpp - losses with a shape of their own ----------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;
using nn::Expr;

namespace {

// Probabilities count as no less than this.
constexpr double kLeastProbability = 1e-7;

/// The rows of a loss: loops over x's shape, whose operands have one element for each of its
/// elements, for each row, or for each class.
struct Rows {
  Build build;
  RankedTensorType type;

  int64_t classes() const { return type.getShape().back(); }
  AffineMap all() const { return build.identity(type.getRank()); }
  AffineMap row() const { return build.leadingDims(type.getRank(), type.getRank() - 1); }
  AffineMap oneClass() const { return build.trailingDims(type.getRank(), 1); }
  AffineMap target(Value target) const {
    return cast<RankedTensorType>(target.getType()).getRank() == type.getRank() ? all() : row();
  }

  Value sum(ValueRange inputs, SmallVector<AffineMap> maps, Build::Body body) const {
    maps.push_back(row());
    Value out = build.filled(type.clone(type.getShape().drop_back()), 0);
    return build.generic(inputs, out, maps, body);
  }
  Value each(ValueRange inputs, SmallVector<AffineMap> maps, Build::Body body) const {
    maps.push_back(all());
    return build.generic(inputs, build.empty(type), maps, body);
  }
};

} // namespace

// 1 for the class of the row, else 0; or the distribution's element.
static Expr share(Expr beside, Expr target, unsigned classLoop) {
  if (target.value.getType().isF32())
    return target;
  OpBuilder &b = beside.builder;
  Value index = loopIndex(b, beside.loc, classLoop);
  Value isClass =
      arith::CmpIOp::create(b, beside.loc, arith::CmpIPredicate::eq, index, target.value);
  return beside(arith::SelectOp::create(b, beside.loc, isClass, beside.constant(1).value,
                                        beside.constant(0).value));
}

// The weight of a class's log-probability in the loss of its row: elements are x's, the target's
// and, if there are any, the class weights'.
template <typename OpTy> static auto weightOf(OpTy op, const Rows &rows) {
  double smoothing = op.getLabelSmoothing().convertToDouble();
  bool weighted = static_cast<bool>(op.getClassWeights());
  return [smoothing, weighted, classes = static_cast<double>(rows.classes()),
          loop = static_cast<unsigned>(rows.type.getRank() - 1)](ArrayRef<Expr> e) {
    Expr hard = share(e[0], e[1], loop);
    Expr soft = smoothing == 0 ? hard : hard * (1 - smoothing) + smoothing / classes;
    return weighted ? soft * e[2] : soft;
  };
}

// x - max, and log sum exp(x - max) of each row.
static std::pair<Value, Value> logSumExp(const Rows &rows, Value x) {
  const Build &build = rows.build;
  Value largest = build.reduceLast(
      x, -std::numeric_limits<double>::infinity(),
      bodyOf([](ArrayRef<Expr> e) { return e[1].binary<arith::MaximumFOp>(e[0]); }));
  Value shifted = rows.each({x, largest}, {rows.all(), rows.row()},
                            bodyOf([](ArrayRef<Expr> e) { return e[0] - e[1]; }));
  Value sum = build.reduceLast(
      shifted, 0, bodyOf([](ArrayRef<Expr> e) { return e[1] + e[0].unary<math::ExpOp>(); }));
  Value log = build.elementwise(sum, cast<RankedTensorType>(sum.getType()),
                                bodyOf([](ArrayRef<Expr> e) { return e[0].unary<math::LogOp>(); }));
  return {shifted, log};
}

template <typename OpTy> static Rows rowsOf(OpTy op, OpBuilder &builder, Value batch) {
  return {{builder, op.getLoc(), batch}, op.getX().getType()};
}

// What both directions read first: x (as it is or shifted), the target, and the class weights.
template <typename OpTy>
static void addOperands(OpTy op, const Rows &rows, Value x, SmallVector<Value> &inputs,
                        SmallVector<AffineMap> &maps) {
  inputs = {x, op.getTarget()};
  maps = {rows.all(), rows.target(op.getTarget())};
  if (!op.getClassWeights())
    return;
  inputs.push_back(op.getClassWeights());
  maps.push_back(rows.oneClass());
}

// The sum of each row, and p over it.
static std::pair<Value, Value> normalized(const Rows &rows, Value p) {
  Value sum = rows.build.reduceLast(p, 0, bodyOf([](ArrayRef<Expr> e) { return e[1] + e[0]; }));
  Value shares = rows.each({p, sum}, {rows.all(), rows.row()},
                           bodyOf([](ArrayRef<Expr> e) { return e[0] / e[1]; }));
  return {sum, shares};
}

// - sum over k of weight_k * log p_k, where log p_k = (x_k - max) - log sum exp(x - max).
static LoweredValues lowerCrossEntropy(nn::CrossEntropyOp op, OpBuilder &builder, Value batch) {
  Rows rows = rowsOf(op, builder, batch);
  auto weight = weightOf(op, rows);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  if (!op.getFromLogits()) {
    Value p = op.getNormalize() ? normalized(rows, op.getX()).second : op.getX();
    addOperands(op, rows, p, inputs, maps);
    return SmallVector<Value>{rows.sum(inputs, maps, bodyOf([&](ArrayRef<Expr> e) {
                                         Expr log =
                                             e[0].atLeast(kLeastProbability).unary<math::LogOp>();
                                         return e.back() - weight(e) * log;
                                       }))};
  }
  auto [shifted, log] = logSumExp(rows, op.getX());
  addOperands(op, rows, shifted, inputs, maps);
  inputs.push_back(log);
  maps.push_back(rows.row());
  return SmallVector<Value>{rows.sum(inputs, maps, bodyOf([&](ArrayRef<Expr> e) {
                                       Expr log = e[e.size() - 2];
                                       return e.back() + weight(e) * (log - e[0]);
                                     }))};
}

// g * (p_k * sum of weights - weight_k)
static Value slopesOfLogits(nn::CrossEntropyBackwardOp op, const Rows &rows) {
  auto weight = weightOf(op, rows);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  auto [shifted, log] = logSumExp(rows, op.getX());
  addOperands(op, rows, shifted, inputs, maps);
  Value total =
      rows.sum(inputs, maps, bodyOf([&](ArrayRef<Expr> e) { return e.back() + weight(e); }));
  inputs.append({log, total, op.getG()});
  maps.append(3, rows.row());
  return rows.each(inputs, maps, bodyOf([&](ArrayRef<Expr> e) {
                     ArrayRef<Expr> last = e.take_back(4);
                     Expr p = (e[0] - last[0]).unary<math::ExpOp>();
                     return last[2] * (p * last[1] - weight(e));
                   }));
}

// -g * weight_k / p_k
static Value slopesOfProbabilities(nn::CrossEntropyBackwardOp op, const Rows &rows, Value p) {
  auto weight = weightOf(op, rows);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  addOperands(op, rows, p, inputs, maps);
  inputs.push_back(op.getG());
  maps.push_back(rows.row());
  return rows.each(inputs, maps, bodyOf([&](ArrayRef<Expr> e) {
                     Expr slope = -(e[e.size() - 2] * weight(e)) / e[0];
                     return e[0].select(arith::CmpFPredicate::OLT, e[0].constant(kLeastProbability),
                                        e[0].constant(0), slope);
                   }));
}

// For p_k = x_k / sum of x with the slopes d: (d_k - sum over j of d_j * p_j) / sum of x.
static Value slopesOfShares(nn::CrossEntropyBackwardOp op, const Rows &rows) {
  auto [sum, p] = normalized(rows, op.getX());
  Value slopes = slopesOfProbabilities(op, rows, p);
  Value along = rows.build.reduceLast({slopes, p}, 0,
                                      bodyOf([](ArrayRef<Expr> e) { return e[2] + e[0] * e[1]; }));
  return rows.each({slopes, along, sum}, {rows.all(), rows.row(), rows.row()},
                   bodyOf([](ArrayRef<Expr> e) { return (e[0] - e[1]) / e[2]; }));
}

static LoweredValues lowerCrossEntropyBackward(nn::CrossEntropyBackwardOp op, OpBuilder &builder,
                                               Value batch) {
  Rows rows = rowsOf(op, builder, batch);
  Value slopes = op.getFromLogits()  ? slopesOfLogits(op, rows)
                 : op.getNormalize() ? slopesOfShares(op, rows)
                                     : slopesOfProbabilities(op, rows, op.getX());
  return SmallVector<Value>{slopes};
}

// The place of each row's first largest element, as a number; that of none where a NaN is largest.
static Value firstLargest(const Rows &rows, Value x) {
  const Build &build = rows.build;
  unsigned classLoop = rows.type.getRank() - 1;
  Value largest = build.reduceLast(
      x, -std::numeric_limits<double>::infinity(),
      bodyOf([](ArrayRef<Expr> e) { return e[1].binary<arith::MaximumFOp>(e[0]); }));
  Value out =
      build.filled(cast<RankedTensorType>(largest.getType()), static_cast<double>(rows.classes()));
  auto body = bodyOf([&](ArrayRef<Expr> e) {
    Expr none = e[0].constant(static_cast<double>(rows.classes()));
    Expr place = e[0].select(arith::CmpFPredicate::OEQ, e[1], loopNumber(e[0], classLoop), none);
    return e[2].binary<arith::MinimumFOp>(place);
  });
  return build.generic({x, largest}, out, {rows.all(), rows.row(), rows.row()}, body);
}

// The class that a row of x or of a distribution stands for, as a number.
static Value classOf(const Rows &rows, Value x) {
  if (rows.classes() > 1)
    return firstLargest(rows, x);
  auto type = rows.type.clone(rows.type.getShape().drop_back());
  return rows.build.elementwise(rows.build.mergeLast(x, type), type, bodyOf([](ArrayRef<Expr> e) {
                                  return e[0].select(arith::CmpFPredicate::OGT, e[0].constant(0.5),
                                                     e[0].constant(1), e[0].constant(0));
                                }));
}

// A class as the float32 that classOf gives.
static Expr asNumber(Expr label) {
  Type type = label.builder.getF32Type();
  return label.value.getType() == type
             ? label
             : label(arith::SIToFPOp::create(label.builder, label.loc, type, label.value));
}

static LoweredValues lowerClassHits(nn::ClassHitsOp op, OpBuilder &builder, Value batch) {
  Rows rows = rowsOf(op, builder, batch);
  Value target = op.getTarget();
  if (rows.target(target) == rows.all())
    target = classOf(rows, target);
  auto body = bodyOf([](ArrayRef<Expr> e) {
    Expr label = asNumber(e[1]);
    return e[0].select(arith::CmpFPredicate::OEQ, label, e[0].constant(1), e[0].constant(0));
  });
  return SmallVector<Value>{
      rows.build.elementwise({classOf(rows, op.getX()), target}, op.getType(), body)};
}

static LogicalResult differentiateCrossEntropy(nn::CrossEntropyOp op, OpBuilder &builder,
                                               ValueRange upstream, ArrayRef<bool> wanted,
                                               Values &gradients) {
  if (llvm::is_contained(wanted.drop_front(), true))
    return op.emitOpError("has a gradient with respect to its predictions alone");
  gradients[0] = nn::CrossEntropyBackwardOp::create(
      builder, op.getLoc(), op.getX().getType(), op.getX(), op.getTarget(), op.getClassWeights(),
      upstream.front(), op.getFromLogits(), op.getNormalize(), op.getLabelSmoothing());
  return success();
}

void dlc::ops::addLossModels(MLIRContext *context) {
  addLinalg<nn::CrossEntropyOp, lowerCrossEntropy>(context);
  addLinalg<nn::CrossEntropyBackwardOp, lowerCrossEntropyBackward>(context);
  addLinalg<nn::ClassHitsOp, lowerClassHits>(context);
  addGradient<nn::CrossEntropyOp, differentiateCrossEntropy>(context);
}
