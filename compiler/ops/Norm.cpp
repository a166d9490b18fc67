//===- Norm.cpp - local response normalisation --------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;
using nn::Expr;

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

// Sums over each element's window. Zeros around the image stand for clipping.
template <typename OpTy>
static Value windowSums(const Build &build, OpTy op, Value image, Build::Body body) {
  int64_t size = op.getSize(), reach = size / 2;
  auto type = cast<RankedTensorType>(image.getType());
  auto d = [&](unsigned i) { return build.dim(i); };
  if (op.getRegion() == nn::LrnRegion::Across) {
    Value x = build.padded(image, {0, 0, 0, reach}, {0, 0, 0, reach}, 0);
    return build.reduceWindows(x, build.map(5, {d(0), d(1), d(2), d(3) + d(4)}), {size}, type, 0,
                               body);
  }
  Value x = build.padded(image, {0, reach, reach, 0}, {0, reach, reach, 0}, 0);
  return build.reduceWindows(x, build.map(6, {d(0), d(1) + d(4), d(2) + d(5), d(3)}), {size, size},
                             type, 0, body);
}

template <typename OpTy> static Value windowSquares(const Build &build, OpTy op) {
  return windowSums(build, op, op.getX(), [](OpBuilder &b, Location l, ValueRange args) {
    return multiplyAdd(b, l, args[0], args[0], args[1]);
  });
}

// alpha / n
template <typename OpTy> static double alphaOf(OpTy op) {
  double size = op.getSize();
  double cells = op.getRegion() == nn::LrnRegion::Across ? size : size * size;
  return op.getAlpha().convertToDouble() / cells;
}

// (bias + alpha / n * squares)^beta
template <typename OpTy> static Expr divisor(OpTy op, Expr base) {
  return base(power(base.builder, base.loc, base.value, op.getBeta().convertToDouble()));
}
template <typename OpTy> static Expr baseOf(OpTy op, Expr squares) {
  return squares(multiplyAdd(squares.builder, squares.loc, squares.value,
                             squares.constant(alphaOf(op)).value,
                             squares.constant(op.getBias().convertToDouble()).value));
}

static LoweredValues lowerLrn(nn::LrnOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto body = bodyOf([&](ArrayRef<Expr> e) { return e[0] / divisor(op, baseOf(op, e[1])); });
  return SmallVector<Value>{
      build.elementwise({op.getX(), windowSquares(build, op)}, op.getType(), body)};
}

// With base B and windows that are symmetric, so that j is in i's window where i is in j's:
// dx_j = g_j / B_j^beta - 2 alpha / n beta x_j * sum over the window of g_i x_i / B_i^(beta + 1).
static LoweredValues lowerLrnBackward(nn::LrnBackwardOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  auto type = cast<RankedTensorType>(op.getType());
  Value squares = windowSquares(build, op);
  Value terms =
      build.elementwise({op.getX(), op.getG(), squares}, type, bodyOf([&](ArrayRef<Expr> e) {
                          Expr base = baseOf(op, e[2]);
                          return e[0] * e[1] / (divisor(op, base) * base);
                        }));
  Value sums = windowSums(build, op, terms, bodyOf([](ArrayRef<Expr> e) { return e[1] + e[0]; }));
  double factor = 2 * alphaOf(op) * op.getBeta().convertToDouble();
  return SmallVector<Value>{
      build.elementwise({op.getX(), op.getG(), squares, sums}, type, bodyOf([&](ArrayRef<Expr> e) {
                          return e[1] / divisor(op, baseOf(op, e[2])) - e[0] * factor * e[3];
                        }))};
}

static LogicalResult differentiateLrn(nn::LrnOp op, OpBuilder &builder, ValueRange upstream,
                                      ArrayRef<bool>, Values &gradients) {
  gradients[0] = nn::LrnBackwardOp::create(builder, op.getLoc(), op.getType(), op.getX(),
                                           upstream.front(), op.getSize(), op.getAlpha(),
                                           op.getBeta(), op.getBias(), op.getRegion());
  return success();
}

void dlc::ops::addNormModels(MLIRContext *context) {
  addLinalg<nn::LrnOp, lowerLrn>(context);
  addLinalg<nn::LrnBackwardOp, lowerLrnBackward>(context);
  addGradient<nn::LrnOp, differentiateLrn>(context);
}
