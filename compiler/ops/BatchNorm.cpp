//===- BatchNorm.cpp - batch normalisation and its moments --------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;
using nn::Expr;

// gamma / sqrt(variance + epsilon)
template <typename OpTy> static Value normScale(const Build &build, OpTy op) {
  double epsilon = op.getEpsilon().convertToDouble();
  auto body = [&](OpBuilder &b, Location l, ValueRange args) -> Value {
    Value safe =
        arith::AddFOp::create(b, l, args[1], floatConstant(b, l, args[1].getType(), epsilon));
    return arith::DivFOp::create(b, l, args[0], math::SqrtOp::create(b, l, safe));
  };
  return build.elementwise({op.getGamma(), op.getVariance()}, op.getGamma().getType(), body);
}

// (x - mean) * scale + beta: as x * scale + shift, a large mean would cost digits.
static LoweredValues lowerBatchNorm(nn::BatchNormOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto body = [](OpBuilder &b, Location l, ValueRange args) {
    Value centred = arith::SubFOp::create(b, l, args[0], args[1]);
    return multiplyAdd(b, l, centred, args[2], args[3]);
  };
  Value scale = normScale(build, op);
  return SmallVector<Value>{
      build.elementwise({op.getX(), op.getMean(), scale, op.getBeta()}, op.getType(), body)};
}

static LoweredValues lowerBatchNormAffine(nn::BatchNormAffineOp op, OpBuilder &builder,
                                          Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto body = [](OpBuilder &b, Location l, ValueRange args) -> Value {
    Value moved = arith::MulFOp::create(b, l, args[1], args[2]);
    return arith::SubFOp::create(b, l, args[0], moved);
  };
  Value scale = normScale(build, op);
  Value shift =
      build.elementwise({op.getBeta(), op.getMean(), scale}, op.getShift().getType(), body);
  return SmallVector<Value>{scale, shift};
}

static int64_t pixelsPerSample(RankedTensorType image) {
  return ShapedType::getNumElements(image.getShape().drop_front().drop_back());
}

// The mean first, then the mean square of what is left: one pass over both would cancel digits.
static LoweredValues lowerMoments(nn::MomentsOp op, OpBuilder &builder, Value batch) {
  if (!batch)
    return op.emitOpError("divides by the batch, but no argument of the function is marked ")
           << nn::kBatchAttr;
  Build build{builder, op.getLoc(), batch};
  Value x = op.getX();
  auto type = cast<RankedTensorType>(op.getMean().getType());
  int64_t pixels = pixelsPerSample(op.getX().getType());
  Value sum = build.summed(x, type, bodyOf([](ArrayRef<Expr> e) { return e[0]; }));
  Value mean = averaged(build, sum, pixels);
  Value squares = build.summed({x, mean}, type, bodyOf([](ArrayRef<Expr> e) {
                                 Expr centred = e[0] - e[1];
                                 return centred * centred;
                               }));
  return SmallVector<Value>{mean, averaged(build, squares, pixels)};
}

// mean' = average(1), variance' = average(2 (x - mean)): what the mean passes on to the variance
// sums to zero.
static LogicalResult differentiateMoments(nn::MomentsOp op, OpBuilder &builder, ValueRange upstream,
                                          ArrayRef<bool>, Values &gradients) {
  Location loc = op.getLoc();
  RankedTensorType type = op.getX().getType();
  int64_t pixels = pixelsPerSample(type);
  auto average = [&](Value g) -> Value {
    return g ? nn::AverageOp::create(builder, loc, g.getType(), g, pixels) : Value();
  };
  Value ofMean = average(upstream[0]), ofVariance = average(upstream[1]);
  if (!ofVariance) {
    gradients[0] = nn::buildMap(builder, loc, type, ofMean, [](ArrayRef<Expr> e) { return e[0]; });
    return success();
  }
  SmallVector<Value> inputs{op.getX(), op.getMean(), ofVariance};
  if (ofMean)
    inputs.push_back(ofMean);
  gradients[0] = nn::buildMap(builder, loc, type, inputs, [](ArrayRef<Expr> e) {
    Expr spread = (e[0] - e[1]) * (e[2] * 2);
    return e.size() > 3 ? spread + e[3] : spread;
  });
  return success();
}

// 1 / sqrt(variance + epsilon)
template <typename OpTy> static Expr inverseDeviation(OpTy op, Expr variance) {
  return 1 / (variance + op.getEpsilon().convertToDouble()).template unary<math::SqrtOp>();
}

static Value mapOf(nn::BatchNormOp op, OpBuilder &builder, Value like, ValueRange inputs,
                   llvm::function_ref<Expr(ArrayRef<Expr>)> formula) {
  return nn::buildMap(builder, op.getLoc(), cast<RankedTensorType>(like.getType()), inputs,
                      formula);
}

// gamma / sqrt(variance + epsilon), one number a channel.
static Value scaleOf(nn::BatchNormOp op, OpBuilder &builder, Value variance) {
  return mapOf(op, builder, variance, {op.getGamma(), variance},
               [&](ArrayRef<Expr> e) { return e[0] * inverseDeviation(op, e[1]); });
}

// With given statistics: y = (x - mean) * scale + beta.
static LogicalResult differentiateBatchNorm(nn::BatchNormOp op, OpBuilder &builder,
                                            ValueRange upstream, ArrayRef<bool> wanted,
                                            Values &gradients) {
  Value x = op.getX(), variance = op.getVariance(), g = upstream.front();
  auto perChannel = [&](Value image) -> Value {
    return nn::ReduceSumOp::create(builder, op.getLoc(), variance.getType(), image);
  };
  auto times = [](ArrayRef<Expr> e) { return e[0] * e[1]; };
  Value scale = scaleOf(op, builder, variance);
  if (wanted[0])
    gradients[0] = mapOf(op, builder, x, {g, scale}, times);
  Value sum = wanted[2] || wanted[3] ? perChannel(g) : Value();
  if (wanted[2])
    gradients[2] = sum;
  if (wanted[3])
    gradients[3] =
        mapOf(op, builder, sum, {sum, scale}, [](ArrayRef<Expr> e) { return -(e[0] * e[1]); });
  if (!wanted[1] && !wanted[4])
    return success();
  Value centred = perChannel(mapOf(op, builder, x, {g, x, op.getMean()},
                                   [](ArrayRef<Expr> e) { return e[0] * (e[1] - e[2]); }));
  if (wanted[1])
    gradients[1] = mapOf(op, builder, centred, {centred, variance},
                         [&](ArrayRef<Expr> e) { return e[0] * inverseDeviation(op, e[1]); });
  if (wanted[4])
    gradients[4] = mapOf(op, builder, centred, {centred, scale, variance}, [&](ArrayRef<Expr> e) {
      return e[0] * e[1] * -0.5 / (e[2] + op.getEpsilon().convertToDouble());
    });
  return success();
}

static LoweredValues lowerJointMean(nn::JointMeanOp op, OpBuilder &builder, Value) {
  auto sum = kernel::JointMeanOp::create(builder, op.getLoc(), op.getType(), op.getX());
  return SmallVector<Value>(sum->getResults());
}

// See the op: its own transpose, where every process's gradients count by its share.
static LogicalResult differentiateJointMean(nn::JointMeanOp op, OpBuilder &builder,
                                            ValueRange upstream, ArrayRef<bool>,
                                            Values &gradients) {
  gradients[0] = nn::JointMeanOp::create(builder, op.getLoc(), op.getType(), upstream.front());
  return success();
}

// From the moments of each part: the joint variance is the mean of those about the joint mean.
static std::pair<Value, Value> jointMoments(nn::BatchNormOp op, OpBuilder &builder,
                                            nn::MomentsOp part) {
  auto joined = [&](Value x) -> Value {
    return nn::JointMeanOp::create(builder, op.getLoc(), x.getType(), x);
  };
  Value mean = joined(part.getMean());
  Value aboutIt = mapOf(op, builder, mean, {part.getVariance(), part.getMean(), mean},
                        [](ArrayRef<Expr> e) { return e[0] + (e[1] - e[2]) * (e[1] - e[2]); });
  return {mean, joined(aboutIt)};
}

// The batch's moments in place of the moving ones, which follow them.
static LogicalResult trainBatchNorm(nn::BatchNormOp op, OpBuilder &builder, Value, int64_t,
                                    Values &results, StateUpdates &updates) {
  if (op.getFrozen()) {
    results.push_back(builder.clone(*op)->getResult(0));
    return success();
  }
  auto moments = nn::MomentsOp::create(builder, op.getLoc(), op.getX());
  Value mean = moments.getMean(), variance = moments.getVariance();
  if (op.getJoint())
    std::tie(mean, variance) = jointMoments(op, builder, moments);
  Value scale = scaleOf(op, builder, variance);
  results.push_back(mapOf(op, builder, op.getX(), {op.getX(), mean, scale, op.getBeta()},
                          [](ArrayRef<Expr> e) { return (e[0] - e[1]) * e[2] + e[3]; }));
  double momentum = op.getMomentum().convertToDouble();
  auto follow = [&](Value old, Value batch) {
    updates.emplace_back(old, mapOf(op, builder, old, {old, batch}, [&](ArrayRef<Expr> e) {
                           return e[0] * momentum + e[1] * (1 - momentum);
                         }));
  };
  follow(op.getMean(), mean);
  follow(op.getVariance(), variance);
  return success();
}

void dlc::ops::addBatchNormModels(MLIRContext *context) {
  addLinalg<nn::BatchNormOp, lowerBatchNorm>(context);
  addLinalg<nn::BatchNormAffineOp, lowerBatchNormAffine>(context);
  addLinalg<nn::MomentsOp, lowerMoments>(context);
  addGradient<nn::MomentsOp, differentiateMoments>(context);
  addLinalg<nn::JointMeanOp, lowerJointMean>(context);
  addGradient<nn::JointMeanOp, differentiateJointMean>(context);
  addGradient<nn::BatchNormOp, differentiateBatchNorm>(context);
  addTraining<nn::BatchNormOp, trainBatchNorm>(context);
}
