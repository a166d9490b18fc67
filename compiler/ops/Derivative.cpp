//===- Derivative.cpp - derivatives of scalar code ----------------------------------===//
//
// Reverse mode over a straight line of arith and math ops: one rule for each op says how the
// derivative with respect to its result is passed on to its operands.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/ops/Derivative.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numbers>

using namespace mlir;
using namespace dlc::ops;
using dlc::nn::Expr;

namespace {

class ScalarReverse {
public:
  explicit ScalarReverse(OpBuilder &builder) : builder(builder) {}

  void add(Value value, Expr part) {
    Value &sum = adjoints[value];
    sum = sum ? (Expr{builder, part.loc, sum} + part).value : part.value;
  }
  Value lookup(Value value) const { return adjoints.lookup(value); }
  LogicalResult visit(Operation *op);

private:
  void passOn(arith::SelectOp op, Expr g);
  void passOnExtremum(Operation *op, Expr g, arith::CmpFPredicate wins);
  LogicalResult passOnUnary(Operation *op, Expr g);
  LogicalResult passOnPower(math::PowFOp op, Expr g);

  Expr expr(Operation *op, Value value) { return {builder, op->getLoc(), value}; }

  OpBuilder &builder;
  DenseMap<Value, Value> adjoints;
};

} // namespace

void ScalarReverse::passOn(arith::SelectOp op, Expr g) {
  Expr zero = g.constant(0);
  auto where = [&](Value then, Value otherwise) {
    return g(arith::SelectOp::create(builder, op.getLoc(), op.getCondition(), then, otherwise));
  };
  add(op.getTrueValue(), where(g.value, zero.value));
  add(op.getFalseValue(), where(zero.value, g.value));
}

void ScalarReverse::passOnExtremum(Operation *op, Expr g, arith::CmpFPredicate wins) {
  Expr zero = g.constant(0);
  bool isBound = matchPattern(op->getOperand(0), m_Constant()) ||
                 matchPattern(op->getOperand(1), m_Constant());
  for (unsigned i : {0, 1}) {
    Expr mine = expr(op, op->getOperand(i)), other = expr(op, op->getOperand(1 - i));
    Expr tie = isBound ? zero : mine.select(arith::CmpFPredicate::OEQ, other, g * 0.5, zero);
    add(mine.value, mine.select(wins, other, g, tie));
  }
}

// x^c for a constant c; at 0 the derivative of x^c with c >= 1 is finite, as pow makes it.
LogicalResult ScalarReverse::passOnPower(math::PowFOp op, Expr g) {
  FloatAttr exponent;
  if (!matchPattern(op.getRhs(), m_Constant(&exponent)))
    return op.emitOpError("has a derivative only for constant exponents");
  double c = exponent.getValueAsDouble();
  Expr x = expr(op, op.getLhs());
  Expr lower = x.binary<math::PowFOp>(x.constant(c - 1));
  add(x.value, g * lower * c);
  return success();
}

LogicalResult ScalarReverse::passOnUnary(Operation *op, Expr g) {
  Expr x = expr(op, op->getOperand(0)), y = expr(op, op->getResult(0));
  using P = arith::CmpFPredicate;
  std::optional<Expr> part;
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](arith::NegFOp) { part.emplace(-g); })
      .Case([&](math::ExpOp) { part.emplace(g * y); })
      .Case([&](math::ExpM1Op) { part.emplace(g * (y + 1)); })
      .Case([&](math::LogOp) { part.emplace(g / x); })
      .Case([&](math::Log1pOp) { part.emplace(g / (x + 1)); })
      .Case([&](math::TanhOp) { part.emplace(g * (1 - y * y)); })
      .Case([&](math::SqrtOp) { part.emplace(g * 0.5 / y); })
      .Case([&](math::RsqrtOp) { part.emplace(g * -0.5 * y * y * y); })
      .Case([&](math::ErfOp) {
        part.emplace(g * (-(x * x)).unary<math::ExpOp>() * (2 * std::numbers::inv_sqrtpi));
      })
      .Case([&](math::AbsFOp) {
        Expr zero = x.constant(0);
        part.emplace(x.select(P::OGT, zero, g, x.select(P::OLT, zero, -g, zero)));
      });
  if (!part)
    return op->emitOpError("has no derivative");
  add(x.value, *part);
  return success();
}

LogicalResult ScalarReverse::visit(Operation *op) {
  Value adjoint = adjoints.lookup(op->getResult(0));
  if (!adjoint)
    return success();
  Expr g = expr(op, adjoint);
  auto operand = [&](unsigned i) { return expr(op, op->getOperand(i)); };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<arith::ConstantOp, arith::SIToFPOp, arith::UIToFPOp, math::FloorOp, math::CeilOp,
            math::RoundOp>([](auto) { return success(); })
      .Case([&](arith::AddFOp) {
        return add(op->getOperand(0), g), add(op->getOperand(1), g), success();
      })
      .Case([&](arith::SubFOp) {
        return add(op->getOperand(0), g), add(op->getOperand(1), -g), success();
      })
      .Case([&](arith::MulFOp) {
        add(op->getOperand(0), g * operand(1));
        add(op->getOperand(1), g * operand(0));
        return success();
      })
      .Case([&](arith::DivFOp) {
        Expr part = g / operand(1);
        add(op->getOperand(0), part);
        add(op->getOperand(1), -(part * expr(op, op->getResult(0))));
        return success();
      })
      .Case([&](math::FmaOp) {
        add(op->getOperand(0), g * operand(1));
        add(op->getOperand(1), g * operand(0));
        add(op->getOperand(2), g);
        return success();
      })
      .Case([&](arith::MaximumFOp) {
        return passOnExtremum(op, g, arith::CmpFPredicate::OGT), success();
      })
      .Case([&](arith::MinimumFOp) {
        return passOnExtremum(op, g, arith::CmpFPredicate::OLT), success();
      })
      .Case([&](arith::SelectOp select) { return passOn(select, g), success(); })
      .Case([&](math::PowFOp power) { return passOnPower(power, g); })
      .Default([&](Operation *) { return passOnUnary(op, g); });
}

FailureOr<SmallVector<Value>> dlc::ops::differentiate(OpBuilder &builder, Block &block,
                                                      ValueRange arguments, Value result,
                                                      Value upstream) {
  SmallVector<Operation *> forward = llvm::map_to_vector(block, [](Operation &op) { return &op; });
  ScalarReverse reverse(builder);
  reverse.add(result, {builder, result.getLoc(), upstream});
  for (Operation *op : llvm::reverse(forward))
    if (failed(reverse.visit(op)))
      return failure();
  return llvm::map_to_vector(arguments, [&](Value argument) { return reverse.lookup(argument); });
}
