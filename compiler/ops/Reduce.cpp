//===- Reduce.cpp - reductions along a dimension ------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

// Reduces `x` over its last dimension.
static Value reduceLast(const Build &build, Value x, double init, Build::Body body) {
  auto type = cast<RankedTensorType>(x.getType());
  unsigned rank = type.getRank();
  Value out = build.filled(type.clone(type.getShape().drop_back()), init);
  return build.generic({x}, out, {build.identity(rank), build.leadingDims(rank, rank - 1)}, body);
}

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
  Value largest = reduceLast(build, op.getX(), -std::numeric_limits<double>::infinity(),
                             [](OpBuilder &b, Location l, ValueRange args) -> Value {
                               return arith::MaximumFOp::create(b, l, args[0], args[1]);
                             });
  Value shifted = build.elementwise({op.getX(), largest}, type, difference, /*leading=*/true);
  Value powers = build.elementwise({shifted}, type, exponential);
  Value total = reduceLast(build, powers, 0, sum);
  auto quotient = [&](OpBuilder &b, Location l, ValueRange args) -> Value {
    if (op.getLog())
      return arith::SubFOp::create(b, l, args[0], math::LogOp::create(b, l, args[1]));
    return arith::DivFOp::create(b, l, args[0], args[1]);
  };
  return SmallVector<Value>{
      build.elementwise({op.getLog() ? shifted : powers, total}, type, quotient, /*leading=*/true)};
}

void dlc::ops::addReduceModels(MLIRContext *context) {
  addLinalg<nn::SoftmaxOp, lowerSoftmax>(context);
}
