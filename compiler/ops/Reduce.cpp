//===- Reduce.cpp - reductions along a dimension ------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;
using nn::Expr;

static Value difference(OpBuilder &b, Location l, ValueRange args) {
  return arith::SubFOp::create(b, l, args[0], args[1]);
}

// softmax = exp(x - max) / sum exp(x - max); its logarithm is (x - max) - log sum exp(x - max).
static LoweredValues lowerSoftmax(nn::SoftmaxOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto type = cast<RankedTensorType>(op.getType());
  auto exponential = [](OpBuilder &b, Location l, ValueRange args) -> Value {
    return math::ExpOp::create(b, l, args[0]);
  };
  auto sum = [](OpBuilder &b, Location l, ValueRange args) -> Value {
    return arith::AddFOp::create(b, l, args[0], args[1]);
  };
  Value largest = build.reduceLast(op.getX(), -std::numeric_limits<double>::infinity(),
                                   [](OpBuilder &b, Location l, ValueRange args) -> Value {
                                     return arith::MaximumFOp::create(b, l, args[0], args[1]);
                                   });
  Value shifted = build.elementwise({op.getX(), largest}, type, difference, /*leading=*/true);
  Value powers = build.elementwise({shifted}, type, exponential);
  Value total = build.reduceLast(powers, 0, sum);
  auto quotient = [&](OpBuilder &b, Location l, ValueRange args) -> Value {
    if (op.getLog())
      return arith::SubFOp::create(b, l, args[0], math::LogOp::create(b, l, args[1]));
    return arith::DivFOp::create(b, l, args[0], args[1]);
  };
  return SmallVector<Value>{
      build.elementwise({op.getLog() ? shifted : powers, total}, type, quotient, /*leading=*/true)};
}

// y * (g - sum(g * y)); for the logarithm g - exp(y) * sum(g).
static LoweredValues lowerSoftmaxBackward(nn::SoftmaxBackwardOp op, OpBuilder &builder,
                                          Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto type = cast<RankedTensorType>(op.getType());
  Value y = op.getY(), g = op.getG();
  if (op.getLog()) {
    Value total = build.reduceLast(g, 0, bodyOf([](ArrayRef<Expr> e) { return e[1] + e[0]; }));
    auto body = bodyOf([](ArrayRef<Expr> e) { return e[1] - e[0].unary<math::ExpOp>() * e[2]; });
    return SmallVector<Value>{build.elementwise({y, g, total}, type, body, /*leading=*/true)};
  }
  Value dot =
      build.reduceLast({y, g}, 0, bodyOf([](ArrayRef<Expr> e) { return e[2] + e[0] * e[1]; }));
  auto body = bodyOf([](ArrayRef<Expr> e) { return e[0] * (e[1] - e[2]); });
  return SmallVector<Value>{build.elementwise({y, g, dot}, type, body, /*leading=*/true)};
}

static LoweredValues lowerReduceSum(nn::ReduceSumOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto element = bodyOf([](ArrayRef<Expr> e) { return e[0]; });
  return SmallVector<Value>{build.summed(op.getX(), op.getType(), element)};
}

static LoweredValues lowerAverage(nn::AverageOp op, OpBuilder &builder, Value batch) {
  if (!batch)
    return op.emitOpError("divides by the batch, but no argument of the function is marked ")
           << nn::kBatchAttr;
  Build build{builder, op.getLoc(), batch};
  return SmallVector<Value>{averaged(build, op.getSum(), op.getPerSample())};
}

static LogicalResult differentiateSoftmax(nn::SoftmaxOp op, OpBuilder &builder, ValueRange upstream,
                                          ArrayRef<bool>, Values &gradients) {
  gradients[0] = nn::SoftmaxBackwardOp::create(builder, op.getLoc(), op.getType(), op.getY(),
                                               upstream.front(), op.getLog());
  return success();
}

// Every element of the sum's reach gets its gradient.
static LogicalResult differentiateReduceSum(nn::ReduceSumOp op, OpBuilder &builder,
                                            ValueRange upstream, ArrayRef<bool>,
                                            Values &gradients) {
  gradients[0] = nn::buildMap(builder, op.getLoc(), op.getX().getType(), upstream.front(),
                              [](ArrayRef<Expr> e) { return e[0]; });
  return success();
}

static LogicalResult differentiateAverage(nn::AverageOp op, OpBuilder &builder, ValueRange upstream,
                                          ArrayRef<bool>, Values &gradients) {
  gradients[0] = nn::AverageOp::create(builder, op.getLoc(), op.getType(), upstream.front(),
                                       op.getPerSample());
  return success();
}

Value dlc::ops::averaged(const Build &build, Value sum, int64_t perSample) {
  return build.elementwise(
      sum, cast<RankedTensorType>(sum.getType()), bodyOf([&](ArrayRef<Expr> e) {
        OpBuilder &b = e[0].builder;
        Value count = arith::IndexCastOp::create(b, e[0].loc, b.getI64Type(), build.batch);
        Value samples = arith::SIToFPOp::create(b, e[0].loc, b.getF32Type(), count);
        return e[0] / (e[0](samples) * static_cast<double>(perSample));
      }));
}

void dlc::ops::addReduceModels(MLIRContext *context) {
  addLinalg<nn::SoftmaxOp, lowerSoftmax>(context);
  addLinalg<nn::SoftmaxBackwardOp, lowerSoftmaxBackward>(context);
  addLinalg<nn::ReduceSumOp, lowerReduceSum>(context);
  addLinalg<nn::AverageOp, lowerAverage>(context);
  addGradient<nn::SoftmaxOp, differentiateSoftmax>(context);
  addGradient<nn::ReduceSumOp, differentiateReduceSum>(context);
  addGradient<nn::AverageOp, differentiateAverage>(context);
}
