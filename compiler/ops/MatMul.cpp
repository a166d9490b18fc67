//===- MatMul.cpp - dense layers ----------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

// y[..., n] = sum over k of x[..., k] * kernel[k, n], then + bias[n].
static LoweredValues lowerDense(nn::DenseOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  RankedTensorType type = op.getType();
  unsigned rank = type.getRank();
  SmallVector<AffineExpr> rows;
  for (unsigned i = 0; i + 1 < rank; ++i)
    rows.push_back(build.dim(i));
  AffineExpr n = build.dim(rank - 1), k = build.dim(rank);
  auto rowsAnd = [&](AffineExpr last) {
    SmallVector<AffineExpr> results(rows);
    results.push_back(last);
    return build.map(rank + 1, results);
  };
  Value product =
      build.generic({op.getX(), op.getKernel()}, build.filled(type, 0),
                    {rowsAnd(k), build.map(rank + 1, {k, n}), rowsAnd(n)}, multiplyAddBody);
  return SmallVector<Value>{build.plusBias(product, op.getBias())};
}

// y[k, n] = sum over all rows of x[..., k] * g[..., n].
static LoweredValues lowerDenseBackwardKernel(nn::DenseBackwardKernelOp op, OpBuilder &builder,
                                              Value batch) {
  Build build{builder, op.getLoc(), batch};
  unsigned rows = op.getX().getType().getRank() - 1;
  AffineExpr k = build.dim(0), n = build.dim(1);
  auto rowsAnd = [&](AffineExpr last) {
    SmallVector<AffineExpr> results;
    for (unsigned i = 0; i < rows; ++i)
      results.push_back(build.dim(2 + i));
    results.push_back(last);
    return build.map(2 + rows, results);
  };
  return SmallVector<Value>{build.generic({op.getX(), op.getG()}, build.filled(op.getType(), 0),
                                          {rowsAnd(k), rowsAnd(n), build.map(2 + rows, {k, n})},
                                          multiplyAddBody)};
}

static LogicalResult differentiateDense(nn::DenseOp op, OpBuilder &builder, ValueRange upstream,
                                        ArrayRef<bool> wanted, Values &gradients) {
  Location loc = op.getLoc();
  Value g = upstream.front();
  if (wanted[0]) {
    Value back = nn::TransposeOp::create(builder, loc, op.getKernel(), ArrayRef<int64_t>{1, 0});
    gradients[0] = nn::DenseOp::create(builder, loc, g, back, Value());
  }
  if (wanted[1])
    gradients[1] = nn::DenseBackwardKernelOp::create(builder, loc, op.getX(), g);
  if (op.getBias() && wanted[2])
    gradients[2] = nn::ReduceSumOp::create(builder, loc, op.getBias().getType(), g);
  return success();
}

void dlc::ops::addMatMulModels(MLIRContext *context) {
  addLinalg<nn::DenseOp, lowerDense>(context);
  addLinalg<nn::DenseBackwardKernelOp, lowerDenseBackwardKernel>(context);
  addGradient<nn::DenseOp, differentiateDense>(context);
}
