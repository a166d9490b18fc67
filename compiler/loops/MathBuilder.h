//===- MathBuilder.h - arithmetic on f32 scalars or vectors --------------*- C++ -*-===//
#ifndef DLC_COMPILER_LOOPS_MATHBUILDER_H
#define DLC_COMPILER_LOOPS_MATHBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

namespace dlc::loops {

/// Writes formulas on values of one shape: a scalar or a vector of f32 (or, for pow, f64), and
/// integers of the same width. All operations are strict; nothing is contracted or reassociated.
class MathBuilder {
public:
  using Value = mlir::Value;

  MathBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type)
      : builder(builder), loc(loc), type(type) {}

  /// The same shape with the element type `element`.
  mlir::Type like(mlir::Type element) const {
    if (auto shaped = mlir::dyn_cast<mlir::ShapedType>(type))
      return shaped.clone(element);
    return element;
  }
  mlir::Type intType() const {
    return like(builder.getIntegerType(mlir::getElementTypeOrSelf(type).getIntOrFloatBitWidth()));
  }
  MathBuilder withType(mlir::Type other) const { return {builder, loc, other}; }

  Value real(double value) const {
    return constant(type, builder.getFloatAttr(mlir::getElementTypeOrSelf(type), value));
  }
  Value integer(int64_t value) const {
    mlir::Type ints = intType();
    return constant(ints, builder.getIntegerAttr(mlir::getElementTypeOrSelf(ints), value));
  }

  Value add(Value a, Value b) const { return mlir::arith::AddFOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) const { return mlir::arith::SubFOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) const { return mlir::arith::MulFOp::create(builder, loc, a, b); }
  Value div(Value a, Value b) const { return mlir::arith::DivFOp::create(builder, loc, a, b); }
  Value neg(Value a) const { return mlir::arith::NegFOp::create(builder, loc, a); }
  Value abs(Value a) const { return mlir::math::AbsFOp::create(builder, loc, a); }
  Value floor(Value a) const { return mlir::math::FloorOp::create(builder, loc, a); }
  Value sqrt(Value a) const { return mlir::math::SqrtOp::create(builder, loc, a); }
  Value fma(Value a, Value b, Value c) const {
    return mlir::math::FmaOp::create(builder, loc, a, b, c);
  }
  /// Horner's rule, the highest coefficient first.
  Value poly(Value x, llvm::ArrayRef<double> coefficients) const {
    Value result = real(coefficients.front());
    for (double coefficient : coefficients.drop_front())
      result = fma(result, x, real(coefficient));
    return result;
  }

  /// Ordered comparisons: false if either is NaN.
  Value less(Value a, Value b) const { return compare(mlir::arith::CmpFPredicate::OLT, a, b); }
  Value equal(Value a, Value b) const { return compare(mlir::arith::CmpFPredicate::OEQ, a, b); }
  Value select(Value condition, Value a, Value b) const {
    return mlir::arith::SelectOp::create(builder, loc, condition, a, b);
  }
  Value both(Value a, Value b) const { return mlir::arith::AndIOp::create(builder, loc, a, b); }
  Value negate(Value condition) const {
    return mlir::arith::XOrIOp::create(builder, loc, condition,
                                       constant(condition.getType(), builder.getBoolAttr(true)));
  }
  /// NaN stays NaN.
  Value clamp(Value x, double low, double high) const {
    Value l = real(low), h = real(high);
    x = select(less(x, l), l, x);
    return select(less(h, x), h, x);
  }

  Value bits(Value a) const { return mlir::arith::BitcastOp::create(builder, loc, intType(), a); }
  Value fromBits(Value a) const { return mlir::arith::BitcastOp::create(builder, loc, type, a); }
  Value toReal(Value a) const { return mlir::arith::SIToFPOp::create(builder, loc, type, a); }
  Value addInt(Value a, Value b) const { return mlir::arith::AddIOp::create(builder, loc, a, b); }
  Value subInt(Value a, Value b) const { return mlir::arith::SubIOp::create(builder, loc, a, b); }
  Value andInt(Value a, Value b) const { return mlir::arith::AndIOp::create(builder, loc, a, b); }
  Value shiftLeft(Value a, int64_t by) const {
    return mlir::arith::ShLIOp::create(builder, loc, a, integer(by));
  }
  Value shiftRight(Value a, int64_t by) const {
    return mlir::arith::ShRSIOp::create(builder, loc, a, integer(by));
  }
  Value copySign(Value a, Value sign) const {
    Value magnitude = andInt(bits(a), integer(0x7fffffff));
    Value top = andInt(bits(sign), integer(-0x80000000LL));
    return fromBits(mlir::arith::OrIOp::create(builder, loc, magnitude, top));
  }
  Value extend(Value a, mlir::Type to) const {
    return mlir::arith::ExtFOp::create(builder, loc, to, a);
  }
  Value truncate(Value a, mlir::Type to) const {
    return mlir::arith::TruncFOp::create(builder, loc, to, a);
  }

private:
  Value constant(mlir::Type of, mlir::TypedAttr value) const {
    if (auto shaped = mlir::dyn_cast<mlir::ShapedType>(of))
      value = mlir::DenseElementsAttr::get(shaped, mlir::Attribute(value));
    return mlir::arith::ConstantOp::create(builder, loc, value);
  }
  Value compare(mlir::arith::CmpFPredicate predicate, Value a, Value b) const {
    return mlir::arith::CmpFOp::create(builder, loc, predicate, a, b);
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type type;
};

} // namespace dlc::loops

#endif // DLC_COMPILER_LOOPS_MATHBUILDER_H
