//===- Norm.cpp - normalisation -----------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
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

// base^exponent for base >= 0. The exponents of the published networks need no pow.
static Value power(OpBuilder &b, Location l, Value base, double exponent) {
  if (exponent == 1)
    return base;
  if (exponent == 0.5)
    return math::SqrtOp::create(b, l, base);
  if (exponent == 0.75) {
    Value root = math::SqrtOp::create(b, l, base);
    return arith::MulFOp::create(b, l, root, math::SqrtOp::create(b, l, root));
  }
  return math::PowFOp::create(b, l, base, floatConstant(b, l, base.getType(), exponent));
}

// Sums of squares over each element's window. Zeros around the image stand for clipping.
static Value windowSquares(const Build &build, nn::LrnOp op) {
  int64_t size = op.getSize(), reach = size / 2;
  auto d = [&](unsigned i) { return build.dim(i); };
  auto square = [](OpBuilder &b, Location l, ValueRange args) {
    return multiplyAdd(b, l, args[0], args[0], args[1]);
  };
  if (op.getRegion() == nn::LrnRegion::Across) {
    Value x = build.padded(op.getX(), {0, 0, 0, reach}, {0, 0, 0, reach}, 0);
    return build.reduceWindows(x, build.map(5, {d(0), d(1), d(2), d(3) + d(4)}), {size},
                               op.getType(), 0, square);
  }
  Value x = build.padded(op.getX(), {0, reach, reach, 0}, {0, reach, reach, 0}, 0);
  return build.reduceWindows(x, build.map(6, {d(0), d(1) + d(4), d(2) + d(5), d(3)}), {size, size},
                             op.getType(), 0, square);
}

// x / (bias + alpha / n * squares)^beta
static LoweredValues lowerLrn(nn::LrnOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  double size = op.getSize();
  double cells = op.getRegion() == nn::LrnRegion::Across ? size : size * size;
  auto body = [&](OpBuilder &b, Location l, ValueRange args) -> Value {
    auto number = [&](double value) { return floatConstant(b, l, args[0].getType(), value); };
    Value base = multiplyAdd(b, l, args[1], number(op.getAlpha().convertToDouble() / cells),
                             number(op.getBias().convertToDouble()));
    return arith::DivFOp::create(b, l, args[0], power(b, l, base, op.getBeta().convertToDouble()));
  };
  return SmallVector<Value>{
      build.elementwise({op.getX(), windowSquares(build, op)}, op.getType(), body)};
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

void dlc::ops::addNormModels(MLIRContext *context) {
  addLinalg<nn::BatchNormOp, lowerBatchNorm>(context);
  addLinalg<nn::BatchNormAffineOp, lowerBatchNormAffine>(context);
  addLinalg<nn::LrnOp, lowerLrn>(context);
  addLinalg<nn::MomentsOp, lowerMoments>(context);
}
