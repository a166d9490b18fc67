//===- Pool.cpp - pooling -----------------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <limits>

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

static constexpr double kLowest = -std::numeric_limits<double>::infinity();

static Value maximum(OpBuilder &builder, Location loc, ValueRange args) {
  return arith::MaximumFOp::create(builder, loc, args[0], args[1]);
}
static Value sum(OpBuilder &builder, Location loc, ValueRange args) {
  return arith::AddFOp::create(builder, loc, args[0], args[1]);
}
static Value product(OpBuilder &builder, Location loc, ValueRange args) {
  return arith::MulFOp::create(builder, loc, args[0], args[1]);
}

// How many cells of each window along `dim` count in an average: those of the image and, where
// asked for, of the declared padding; never those that ceil_mode reaches beyond it.
static SmallVector<int64_t> countedCells(nn::Pool2DOp op, int dim) {
  int64_t extent = op.getX().getType().getDimSize(1 + dim);
  int64_t low = op.getPadding()[2 * dim], high = op.getPadding()[2 * dim + 1];
  int64_t first = op.getCountIncludePad() ? -low : 0;
  int64_t last = extent + (op.getCountIncludePad() ? high : 0);
  SmallVector<int64_t> counts;
  for (int64_t i = 0; i < op.getType().getDimSize(1 + dim); ++i) {
    int64_t start = i * op.getStrides()[dim] - low, end = start + op.getWindow()[dim];
    counts.push_back(std::min(end, last) - std::max(start, first));
  }
  return counts;
}

// Divides sums by the counted cells: by one number where all windows count alike, else by a
// constant image.
static Value averaged(const Build &build, nn::Pool2DOp op, Value sums) {
  SmallVector<float> reciprocals;
  for (int64_t rows : countedCells(op, 0))
    for (int64_t columns : countedCells(op, 1))
      reciprocals.push_back(1.0 / static_cast<double>(rows * columns));
  RankedTensorType type = op.getType();
  if (llvm::all_equal(reciprocals))
    return build.elementwise({sums}, type, [&](OpBuilder &b, Location l, ValueRange args) {
      Value factor = floatConstant(b, l, args[0].getType(), reciprocals.front());
      return product(b, l, {args[0], factor});
    });
  Value factors = build.constant(type.getShape().slice(1, 2), reciprocals);
  AffineMap all = build.identity(4), pixel = build.map(4, {build.dim(1), build.dim(2)});
  return build.generic({sums, factors}, build.empty(type), {all, pixel, all}, product);
}

static LoweredValues lowerPool(nn::Pool2DOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  bool isMax = op.getKind() == nn::PoolKind::Max;
  RankedTensorType image = op.getX().getType(), type = op.getType();
  // The padding that the windows really reach: less than declared where the last stride stops
  // short, more where ceil_mode adds a window.
  int64_t high[2];
  SmallVector<AffineExpr> pixel;
  for (int dim : {0, 1}) {
    int64_t stride = op.getStrides()[dim], window = op.getWindow()[dim];
    int64_t reached = (type.getDimSize(1 + dim) - 1) * stride + window;
    high[dim] =
        std::max<int64_t>(0, reached - op.getPadding()[2 * dim] - image.getDimSize(1 + dim));
    pixel.push_back(build.dim(1 + dim) * stride + build.dim(4 + dim));
  }
  double outside = isMax ? kLowest : 0;
  Value x = build.padded(op.getX(), {0, op.getPadding()[0], op.getPadding()[2], 0},
                         {0, high[0], high[1], 0}, outside);
  AffineMap xMap = build.map(6, {build.dim(0), pixel[0], pixel[1], build.dim(3)});
  Value y = build.reduceWindows(x, xMap, op.getWindow(), type, outside, isMax ? maximum : sum);
  return SmallVector<Value>{isMax ? y : averaged(build, op, y)};
}

static LoweredValues lowerGlobalPool(nn::GlobalPool2DOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  bool isMax = op.getKind() == nn::PoolKind::Max;
  RankedTensorType image = op.getX().getType(), type = op.getType();
  // (n, c, h, w)
  auto d = [&](unsigned i) { return build.dim(i); };
  AffineMap maps[] = {build.map(4, {d(0), d(2), d(3), d(1)}), build.map(4, {d(0), d(1)})};
  Value y = build.generic({op.getX()}, build.filled(type, isMax ? kLowest : 0), maps,
                          isMax ? maximum : sum);
  if (isMax)
    return SmallVector<Value>{y};
  double pixels = static_cast<double>(image.getDimSize(1)) * image.getDimSize(2);
  return SmallVector<Value>{
      build.elementwise({y}, type, [&](OpBuilder &b, Location l, ValueRange args) {
        return product(b, l, {args[0], floatConstant(b, l, args[0].getType(), 1 / pixels)});
      })};
}

void dlc::ops::addPoolModels(MLIRContext *context) {
  addLinalg<nn::Pool2DOp, lowerPool>(context);
  addLinalg<nn::GlobalPool2DOp, lowerGlobalPool>(context);
}
