//===- Expr.h - formulas on scalars --------------------------------------*- C++ -*-===//
//
// A few infix operators on f32 values (or vectors of f32), so that scalar functions read like their
// formulas: the bodies of elementwise ops, of losses and of optimiser rules.
//
//===---------------------------------------------------------------------------------===//
#ifndef DLC_DIALECTS_NN_EXPR_H
#define DLC_DIALECTS_NN_EXPR_H

#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace dlc::nn {

/// A constant of `type`: f32, or a vector of f32 with that element repeated.
mlir::Value floatConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
                          double value);

struct Expr {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Value value;

  Expr operator()(mlir::Value other) const { return {builder, loc, other}; }
  Expr constant(double number) const {
    return (*this)(floatConstant(builder, loc, value.getType(), number));
  }
  template <typename OpTy> Expr unary() const { return (*this)(OpTy::create(builder, loc, value)); }
  template <typename OpTy> Expr binary(Expr other) const {
    return (*this)(OpTy::create(builder, loc, value, other.value));
  }
  Expr select(mlir::arith::CmpFPredicate predicate, Expr other, Expr then, Expr otherwise) const {
    mlir::Value condition =
        mlir::arith::CmpFOp::create(builder, loc, predicate, value, other.value);
    return (*this)(
        mlir::arith::SelectOp::create(builder, loc, condition, then.value, otherwise.value));
  }
  // NaN stays NaN. The sign of a zero is left open, which makes each of these one instruction on
  // x86 where the bound is a constant.
  Expr atLeast(double bound) const {
    return (*this)(mlir::arith::MaximumFOp::create(builder, loc, value, constant(bound).value,
                                                   mlir::arith::FastMathFlags::nsz));
  }
  Expr atMost(double bound) const {
    return (*this)(mlir::arith::MinimumFOp::create(builder, loc, value, constant(bound).value,
                                                   mlir::arith::FastMathFlags::nsz));
  }
};

inline Expr operator+(Expr a, Expr b) { return a.binary<mlir::arith::AddFOp>(b); }
inline Expr operator-(Expr a, Expr b) { return a.binary<mlir::arith::SubFOp>(b); }
inline Expr operator*(Expr a, Expr b) { return a.binary<mlir::arith::MulFOp>(b); }
inline Expr operator/(Expr a, Expr b) { return a.binary<mlir::arith::DivFOp>(b); }
inline Expr operator+(Expr a, double b) { return a + a.constant(b); }
inline Expr operator-(Expr a, double b) { return a - a.constant(b); }
inline Expr operator*(Expr a, double b) { return a * a.constant(b); }
inline Expr operator/(Expr a, double b) { return a / a.constant(b); }
inline Expr operator-(double a, Expr b) { return b.constant(a) - b; }
inline Expr operator/(double a, Expr b) { return b.constant(a) / b; }
inline Expr operator-(Expr a) { return a.unary<mlir::arith::NegFOp>(); }

/// nn.map of a formula on the elements of `inputs`, without the inputs that the formula does not
/// use.
mlir::Value buildMap(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type,
                     mlir::ValueRange inputs,
                     llvm::function_ref<Expr(llvm::ArrayRef<Expr> elements)> formula);

} // namespace dlc::nn

#endif // DLC_DIALECTS_NN_EXPR_H
