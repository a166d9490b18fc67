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
  Value product = build.generic({op.getX(), op.getKernel()}, build.filled(type, 0),
                                {rowsAnd(k), build.map(rank + 1, {k, n}), rowsAnd(n)},
                                [](OpBuilder &b, Location l, ValueRange args) {
                                  return multiplyAdd(b, l, args[0], args[1], args[2]);
                                });
  return SmallVector<Value>{build.plusBias(product, op.getBias())};
}

void dlc::ops::addMatMulModels(MLIRContext *context) {
  addLinalg<nn::DenseOp, lowerDense>(context);
}
