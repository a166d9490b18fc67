//===- Elementwise.cpp - activations and arithmetic --------------------------------===//
//
// Each op is one function from scalars to a scalar, in elementwise-mappable arith and math ops
// without control flow, so that the same code runs on f32, on vectors, in a linalg body and in a
// kernel's epilogue.
//
//===------------------------------------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "compiler/ops/Ops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

namespace {

// A few infix operators on f32 values (or vectors of f32), so that the functions below read like
// their formulas.
struct Expr {
  OpBuilder &builder;
  Location loc;
  Value value;

  Expr operator()(Value other) const { return {builder, loc, other}; }
  Expr constant(double number) const {
    return (*this)(floatConstant(builder, loc, value.getType(), number));
  }
  template <typename OpTy> Expr unary() const { return (*this)(OpTy::create(builder, loc, value)); }
  template <typename OpTy> Expr binary(Expr other) const {
    return (*this)(OpTy::create(builder, loc, value, other.value));
  }
  Expr select(arith::CmpFPredicate predicate, Expr other, Expr then, Expr otherwise) const {
    Value condition = arith::CmpFOp::create(builder, loc, predicate, value, other.value);
    return (*this)(arith::SelectOp::create(builder, loc, condition, then.value, otherwise.value));
  }
  // NaN stays NaN. The sign of a zero is left open, which makes each of these one instruction on
  // x86 where the bound is a constant.
  Expr atLeast(double bound) const {
    return (*this)(arith::MaximumFOp::create(builder, loc, value, constant(bound).value,
                                             arith::FastMathFlags::nsz));
  }
  Expr atMost(double bound) const {
    return (*this)(arith::MinimumFOp::create(builder, loc, value, constant(bound).value,
                                             arith::FastMathFlags::nsz));
  }
};

Expr operator+(Expr a, Expr b) { return a.binary<arith::AddFOp>(b); }
Expr operator-(Expr a, Expr b) { return a.binary<arith::SubFOp>(b); }
Expr operator*(Expr a, Expr b) { return a.binary<arith::MulFOp>(b); }
Expr operator/(Expr a, Expr b) { return a.binary<arith::DivFOp>(b); }
Expr operator+(Expr a, double b) { return a + a.constant(b); }
Expr operator*(Expr a, double b) { return a * a.constant(b); }
Expr operator-(Expr a) { return a.unary<arith::NegFOp>(); }

// 1 / (1 + exp(-x)): an overflow of exp gives the right limit, 0.
Expr sigmoid(Expr x) { return x.constant(1) / ((-x).unary<math::ExpOp>() + 1); }

Expr withoutUpperBound(nn::ReluOp op, Expr x) {
  double slope = op.getNegativeSlope().convertToDouble();
  double threshold = op.getThreshold().convertToDouble();
  if (slope == 0 && threshold == 0)
    return x.atLeast(0);
  Expr below = slope == 0 ? x.constant(0) : (threshold == 0 ? x : x + -threshold) * slope;
  return x.select(arith::CmpFPredicate::OLT, x.constant(threshold), below, x);
}

Expr scalar(nn::ReluOp op, Expr x) {
  Expr y = withoutUpperBound(op, x);
  return op.getMaxValue() ? y.atMost(op.getMaxValue()->convertToDouble()) : y;
}

Expr scalar(nn::SigmoidOp, Expr x) { return sigmoid(x); }
Expr scalar(nn::TanhOp, Expr x) { return x.unary<math::TanhOp>(); }
Expr scalar(nn::ExpOp, Expr x) { return x.unary<math::ExpOp>(); }
Expr scalar(nn::SwishOp, Expr x) { return x * sigmoid(x); }

Expr scalar(nn::EluOp op, Expr x) {
  Expr below = x.unary<math::ExpM1Op>() * op.getAlpha().convertToDouble();
  return x.select(arith::CmpFPredicate::OGT, x.constant(0), x, below);
}

Expr scalar(nn::GeluOp op, Expr x) {
  constexpr double sqrtHalf = 0.70710678118654752440, sqrtTwoOverPi = 0.79788456080286535588;
  Expr spread = op.getApproximate()
                    ? ((x + x * x * x * 0.044715) * sqrtTwoOverPi).unary<math::TanhOp>()
                    : (x * sqrtHalf).unary<math::ErfOp>();
  return x * 0.5 * (spread + 1);
}

// log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), which cannot overflow.
Expr scalar(nn::SoftplusOp, Expr x) {
  Expr tail = (-x.unary<math::AbsFOp>()).unary<math::ExpOp>().unary<math::Log1pOp>();
  return x.atLeast(0) + tail;
}

Expr scalar(nn::HardSigmoidOp, Expr x) { return (x * (1.0 / 6) + 0.5).atLeast(0).atMost(1); }

Expr scalar(nn::AddOp, Expr x, Expr y) { return x + y; }
Expr scalar(nn::SubOp, Expr x, Expr y) { return x - y; }
Expr scalar(nn::MulOp, Expr x, Expr y) { return x * y; }
Expr scalar(nn::DivOp, Expr x, Expr y) { return x / y; }
Expr scalar(nn::MaximumOp, Expr x, Expr y) { return x.binary<arith::MaximumFOp>(y); }
Expr scalar(nn::MinimumOp, Expr x, Expr y) { return x.binary<arith::MinimumFOp>(y); }

Expr scalar(nn::AffineOp, Expr x, Expr scale) { return x * scale; }
Expr scalar(nn::AffineOp, Expr x, Expr scale, Expr shift) {
  return x(multiplyAdd(x.builder, x.loc, x.value, scale.value, shift.value));
}

// arith has signless integers only.
Expr scalar(nn::CastOp, Expr x) {
  Type type = Float32Type::get(x.builder.getContext());
  if (auto shaped = dyn_cast<ShapedType>(x.value.getType()))
    type = shaped.clone(type);
  auto element = cast<IntegerType>(getElementTypeOrSelf(x.value.getType()));
  Value data = x.value;
  if (!element.isSignless()) {
    Type signless = IntegerType::get(x.builder.getContext(), element.getWidth());
    if (auto shaped = dyn_cast<ShapedType>(data.getType()))
      signless = shaped.clone(signless);
    data = UnrealizedConversionCastOp::create(x.builder, x.loc, signless, data).getResult(0);
  }
  if (element.isUnsigned() || element.getWidth() == 1)
    return x(arith::UIToFPOp::create(x.builder, x.loc, type, data));
  return x(arith::SIToFPOp::create(x.builder, x.loc, type, data));
}

template <typename OpTy>
struct ScalarModel : nn::ElementwiseOpInterface::ExternalModel<ScalarModel<OpTy>, OpTy> {
  Value buildScalar(Operation *operation, OpBuilder &builder, Location loc,
                    ValueRange scalars) const {
    auto op = cast<OpTy>(operation);
    auto arg = [&](unsigned i) { return Expr{builder, loc, scalars[i]}; };
    constexpr bool one = requires(Expr e) { scalar(op, e); };
    constexpr bool two = requires(Expr e) { scalar(op, e, e); };
    constexpr bool three = requires(Expr e) { scalar(op, e, e, e); };
    if constexpr (three)
      if (scalars.size() == 3)
        return scalar(op, arg(0), arg(1), arg(2)).value;
    if constexpr (two)
      return scalar(op, arg(0), arg(1)).value;
    else if constexpr (one)
      return scalar(op, arg(0)).value;
  }
};

// A rank-1 operand of an op of higher rank runs along the last dimension.
template <typename OpTy> LoweredValues lower(OpTy op, OpBuilder &builder, Value batch) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Build build{builder, op->getLoc(), batch};
  SmallVector<AffineMap> maps;
  for (Value operand : op->getOperands())
    maps.push_back(
        build.trailingDims(type.getRank(), cast<RankedTensorType>(operand.getType()).getRank()));
  return SmallVector<Value>{
      buildElementwiseGeneric(builder, build.loc, op, op->getOperands(), maps, type, batch)};
}

template <typename... Ops> void addModels(MLIRContext *context) {
  (Ops::template attachInterface<ScalarModel<Ops>>(*context), ...);
  (addLinalg<Ops, lower<Ops>>(context), ...);
}

} // namespace

Value dlc::buildElementwiseGeneric(OpBuilder &builder, Location loc, Operation *op,
                                   ValueRange operands, ArrayRef<AffineMap> operandMaps,
                                   RankedTensorType resultType, Value batch) {
  Build build{builder, loc, batch};
  SmallVector<AffineMap> maps(operandMaps);
  maps.push_back(build.identity(resultType.getRank()));
  auto scalarOp = cast<nn::ElementwiseOpInterface>(op);
  return build.generic(operands, build.empty(resultType), maps,
                       [&](OpBuilder &b, Location l, ValueRange args) {
                         return scalarOp.buildScalar(b, l, args.drop_back());
                       });
}

void dlc::ops::addElementwiseModels(MLIRContext *context) {
  addModels<nn::ReluOp, nn::SigmoidOp, nn::TanhOp, nn::ExpOp, nn::EluOp, nn::GeluOp, nn::SwishOp,
            nn::SoftplusOp, nn::HardSigmoidOp, nn::AddOp, nn::SubOp, nn::MulOp, nn::DivOp,
            nn::MaximumOp, nn::MinimumOp, nn::AffineOp, nn::CastOp>(context);
}
