//===- Elementwise.cpp - activations and arithmetic --------------------------------===//
//
// Each op is one function from scalars to a scalar, in elementwise-mappable arith and math ops
// without control flow, so that the same code runs on f32, on vectors, in a linalg body and in a
// kernel's epilogue. Its gradient is derived from that code. Where the slope follows from the
// result alone, `slope` says so: then nobody has to keep what the op read, and the op can stay in
// the epilogue of what computed it.
//
//===------------------------------------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Derivative.h"
#include "compiler/ops/Models.h"
#include "compiler/ops/Ops.h"
#include "dialects/nn/Expr.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;
using nn::Expr;

namespace {

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

Expr scalar(nn::RReluOp op, Expr x) {
  double slope = (op.getLower().convertToDouble() + op.getUpper().convertToDouble()) / 2;
  return x.select(arith::CmpFPredicate::OLT, x.constant(0), x * slope, x);
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

Expr scalar(nn::SignOp, Expr x) {
  Expr zero = x.constant(0);
  Expr below = x.select(arith::CmpFPredicate::OLT, zero, x.constant(-1), x);
  return x.select(arith::CmpFPredicate::OGT, zero, x.constant(1), below);
}

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

// The body's ops again, on f32 or on vectors of it.
Expr scalar(nn::MapOp op, ValueRange scalars, OpBuilder &builder, Location loc) {
  Block &body = op.getBody().front();
  IRMapping mapping;
  mapping.map(body.getArguments(), scalars);
  auto shaped = scalars.empty() ? ShapedType() : dyn_cast<ShapedType>(scalars[0].getType());
  for (Operation &inner : body.without_terminator()) {
    Operation *clone = builder.clone(inner, mapping);
    if (!shaped)
      continue;
    Type type = shaped.clone(inner.getResult(0).getType());
    clone->getResult(0).setType(type);
    if (auto constant = dyn_cast<arith::ConstantOp>(clone))
      constant.setValueAttr(DenseElementsAttr::get(cast<ShapedType>(type), constant.getValue()));
  }
  return {builder, loc, mapping.lookupOrDefault(body.getTerminator()->getOperand(0))};
}

// Slopes that follow from the result y.
Expr zeroUnless(Expr y, arith::CmpFPredicate predicate, double bound, Expr then) {
  return y.select(predicate, y.constant(bound), then, y.constant(0));
}
Expr slope(nn::SigmoidOp, Expr y) { return y * (1 - y); }
Expr slope(nn::TanhOp, Expr y) { return 1 - y * y; }
Expr slope(nn::ExpOp, Expr y) { return y; }
// 1 - exp(-y) = sigmoid(x), without its cancellation.
Expr slope(nn::SoftplusOp, Expr y) { return -(-y).unary<math::ExpM1Op>(); }
Expr slope(nn::HardSigmoidOp, Expr y) {
  Expr below = zeroUnless(y, arith::CmpFPredicate::OLT, 1, y.constant(1.0 / 6));
  return zeroUnless(y, arith::CmpFPredicate::OGT, 0, below);
}

Expr slope(nn::SignOp, Expr y) { return y.constant(1); }

// The sign of y is that of x - threshold as long as the slopes are not negative.
bool followsFromResult(nn::ReluOp op) {
  return op.getThreshold().isZero() && !op.getNegativeSlope().isNegative();
}
Expr slope(nn::ReluOp op, Expr y) {
  using P = arith::CmpFPredicate;
  auto above = [&] {
    Expr one = y.constant(1);
    return op.getMaxValue() ? zeroUnless(y, P::OLT, op.getMaxValue()->convertToDouble(), one) : one;
  };
  Expr below = y.constant(op.getNegativeSlope().convertToDouble());
  return y.select(P::OGT, y.constant(0), above(), below);
}
bool followsFromResult(nn::EluOp op) { return !op.getAlpha().isNegative(); }
Expr slope(nn::EluOp op, Expr y) {
  return y.select(arith::CmpFPredicate::OGT, y.constant(0), y.constant(1),
                  y + op.getAlpha().convertToDouble());
}

// The slope where deriving the code would multiply zeros and infinities.
Expr slopeAt(nn::SwishOp, Expr x) {
  Expr s = sigmoid(x);
  return s * (x * (1 - s) + 1);
}

template <typename OpTy>
struct ScalarModel : nn::ElementwiseOpInterface::ExternalModel<ScalarModel<OpTy>, OpTy> {
  Value buildScalar(Operation *operation, OpBuilder &builder, Location loc,
                    ValueRange scalars) const {
    auto op = cast<OpTy>(operation);
    if constexpr (std::is_same_v<OpTy, nn::MapOp>)
      return scalar(op, scalars, builder, loc).value;
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
    maps.push_back(build.broadcast(operand, type));
  return SmallVector<Value>{
      buildElementwiseGeneric(builder, build.loc, op, op->getOperands(), maps, type, batch)};
}

// g * slope where there is a rule for it, from the result alone if that suffices; null otherwise.
template <typename OpTy> Value gradientByRule(OpTy op, OpBuilder &builder, Value g) {
  if constexpr (requires(Expr x) { slopeAt(op, x); })
    return nn::buildMap(builder, op.getLoc(), op.getType(), {op.getX(), g},
                        [&](ArrayRef<Expr> e) { return e[1] * slopeAt(op, e[0]); });
  if constexpr (requires(Expr y) { slope(op, y); }) {
    if constexpr (requires { followsFromResult(op); })
      if (!followsFromResult(op))
        return {};
    return nn::buildMap(builder, op.getLoc(), op.getType(), {op->getResult(0), g},
                        [&](ArrayRef<Expr> e) { return e[1] * slope(op, e[0]); });
  }
  return {};
}

// The derivative with respect to operand `i` of the op's own code; null where that is zero.
FailureOr<Value> derive(Operation *op, OpBuilder &builder, Value g, unsigned i) {
  SmallVector<Value> inputs(op->getOperands());
  inputs.push_back(g);
  enum { Failed, Zero, Upstream, Other } kind = Failed;
  Value map = nn::buildMap(
      builder, op->getLoc(), cast<RankedTensorType>(op->getResult(0).getType()), inputs,
      [&](ArrayRef<Expr> e) {
        SmallVector<Value> scalars = llvm::map_to_vector(e, [](Expr x) { return x.value; });
        ValueRange arguments = ValueRange(scalars).drop_back();
        Expr last = e.back();
        Value y =
            cast<nn::ElementwiseOpInterface>(op).buildScalar(last.builder, last.loc, arguments);
        auto all = differentiate(last.builder, *last.builder.getInsertionBlock(), arguments, y,
                                 last.value);
        Value part = succeeded(all) ? (*all)[i] : Value();
        kind = failed(all) ? Failed : !part ? Zero : part == last.value ? Upstream : Other;
        return part ? last(part) : last;
      });
  if (kind == Other)
    return map;
  map.getDefiningOp()->erase();
  if (kind == Failed)
    return failure();
  return kind == Zero ? Value() : g;
}

template <typename OpTy>
LogicalResult differentiateElementwise(OpTy op, OpBuilder &builder, ValueRange upstream,
                                       ArrayRef<bool> wanted, Values &gradients) {
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    if (!wanted[i])
      continue;
    Value part = gradientByRule(op, builder, upstream.front());
    if (!part) {
      FailureOr<Value> derived = derive(op, builder, upstream.front(), i);
      if (failed(derived))
        return failure();
      part = *derived;
    }
    // What one element of a vector gave to many elements comes back as a sum.
    if (part && part.getType() != operand.getType())
      part = nn::ReduceSumOp::create(builder, op.getLoc(), operand.getType(), part);
    gradients[i] = part;
  }
  return success();
}

template <typename... Ops> void addModels(MLIRContext *context) {
  (Ops::template attachInterface<ScalarModel<Ops>>(*context), ...);
  (addLinalg<Ops, lower<Ops>>(context), ...);
  (addGradient<Ops, differentiateElementwise<Ops>>(context), ...);
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
  addModels<nn::ReluOp, nn::RReluOp, nn::SigmoidOp, nn::TanhOp, nn::ExpOp, nn::EluOp, nn::GeluOp,
            nn::SwishOp, nn::SoftplusOp, nn::HardSigmoidOp, nn::SignOp, nn::AddOp, nn::SubOp,
            nn::MulOp, nn::DivOp, nn::MaximumOp, nn::MinimumOp, nn::AffineOp, nn::CastOp,
            nn::MapOp>(context);
}
