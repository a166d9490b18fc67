//===- Pool.cpp - pooling -----------------------------------------------------------===//

#include "compiler/ops/Models.h"
#include "compiler/ops/Spread.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <limits>

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;
using nn::Expr;

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

// The images of windows' results, in both directions.
static RankedTensorType resultType(nn::Pool2DOp op) { return op.getType(); }
static RankedTensorType resultType(nn::Pool2DBackwardOp op) { return op.getG().getType(); }

// How many cells of each window along `dim` count in an average: those of the image and, where
// asked for, of the declared padding; never those that ceil_mode reaches beyond it.
template <typename OpTy> static SmallVector<int64_t> countedCells(OpTy op, int dim) {
  int64_t extent = op.getX().getType().getDimSize(1 + dim);
  int64_t low = op.getPadding()[2 * dim], high = op.getPadding()[2 * dim + 1];
  int64_t first = op.getCountIncludePad() ? -low : 0;
  int64_t last = extent + (op.getCountIncludePad() ? high : 0);
  SmallVector<int64_t> counts;
  for (int64_t i = 0; i < resultType(op).getDimSize(1 + dim); ++i) {
    int64_t start = i * op.getStrides()[dim] - low, end = start + op.getWindow()[dim];
    counts.push_back(std::min(end, last) - std::max(start, first));
  }
  return counts;
}

// Divides `values` by the counted cells: by one number where all windows count alike, else by a
// constant image.
template <typename OpTy> static Value perCell(const Build &build, OpTy op, Value values) {
  SmallVector<float> reciprocals;
  for (int64_t rows : countedCells(op, 0))
    for (int64_t columns : countedCells(op, 1))
      reciprocals.push_back(1.0 / static_cast<double>(rows * columns));
  RankedTensorType type = resultType(op);
  if (llvm::all_equal(reciprocals))
    return build.elementwise(values, type, [&](OpBuilder &b, Location l, ValueRange args) {
      Value factor = floatConstant(b, l, args[0].getType(), reciprocals.front());
      return product(b, l, {args[0], factor});
    });
  Value factors = build.constant(type.getShape().slice(1, 2), reciprocals);
  AffineMap all = build.identity(4), pixel = build.map(4, {build.dim(1), build.dim(2)});
  return build.generic({values, factors}, build.empty(type), {all, pixel, all}, product);
}

// x inside the padding that the windows really reach: less than declared where the last stride
// stops short, more where ceil_mode adds a window.
template <typename OpTy> static Value paddedInput(const Build &build, OpTy op, double outside) {
  int64_t high[2];
  for (int dim : {0, 1}) {
    int64_t reached =
        (resultType(op).getDimSize(1 + dim) - 1) * op.getStrides()[dim] + op.getWindow()[dim];
    int64_t extent = op.getX().getType().getDimSize(1 + dim);
    high[dim] = std::max<int64_t>(0, reached - op.getPadding()[2 * dim] - extent);
  }
  return build.padded(op.getX(), {0, op.getPadding()[0], op.getPadding()[2], 0},
                      {0, high[0], high[1], 0}, outside);
}

// Loops (n, oh, ow, c, kh, kw).
template <typename OpTy> static AffineMap pixelMap(const Build &build, OpTy op) {
  auto pixel = [&](int dim) {
    return build.dim(1 + dim) * op.getStrides()[dim] + build.dim(4 + dim);
  };
  return build.map(6, {build.dim(0), pixel(0), pixel(1), build.dim(3)});
}

static LoweredValues lowerPool(nn::Pool2DOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  bool isMax = op.getKind() == nn::PoolKind::Max;
  double outside = isMax ? kLowest : 0;
  Value x = paddedInput(build, op, outside);
  Value y = build.reduceWindows(x, pixelMap(build, op), op.getWindow(), op.getType(), outside,
                                isMax ? maximum : sum);
  return SmallVector<Value>{isMax ? y : perCell(build, op, y)};
}

// A number for each tap of a window, in row-major order: loops 4 and 5 in windows, 1 and 2 in whole
// images.
static Expr tapNumber(Expr beside, unsigned rowLoop, unsigned columnLoop, int64_t columns) {
  Expr row = loopNumber(beside, rowLoop) * static_cast<double>(columns);
  return row + loopNumber(beside, columnLoop);
}

// Where x is not the largest, a number beyond all taps.
static Expr placeOfLargest(Expr x, Expr largest, Expr number, int64_t taps) {
  return x.select(arith::CmpFPredicate::OEQ, largest, number,
                  x.constant(static_cast<double>(taps)));
}

// For each window the number of its first largest tap.
static Value firstLargest(const Build &build, nn::Pool2DBackwardOp op) {
  ArrayRef<int64_t> window = op.getWindow();
  int64_t taps = window[0] * window[1];
  Value extent = build.constant(window, 0.0f);
  AffineMap result = build.leadingDims(6, 4);
  return build.generic({paddedInput(build, op, kLowest), op.getY(), extent},
                       build.filled(resultType(op), static_cast<double>(taps)),
                       {pixelMap(build, op), result, build.trailingDims(6, 2), result},
                       bodyOf([&](ArrayRef<Expr> e) {
                         Expr number = tapNumber(e[0], 4, 5, window[1]);
                         Expr place = placeOfLargest(e[0], e[1], number, taps);
                         return e[3].binary<arith::MinimumFOp>(place);
                       }));
}

// Every pixel gathers from the windows that saw it: all they have of an average, and of a maximum
// all where it was the first largest.
static LoweredValues lowerPoolBackward(nn::Pool2DBackwardOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  bool isMax = op.getKind() == nn::PoolKind::Max;
  const int64_t dilations[] = {1, 1};
  Windows windows{op.getWindow(), op.getStrides(), op.getPadding(), dilations};
  RankedTensorType type = op.getType();
  Value g = isMax ? Value(op.getG()) : perCell(build, op, op.getG());
  Spread gradients(build, g, type, windows, 0);
  auto d = [&](unsigned i) { return build.dim(i); };
  AffineMap place =
      build.map(6, {d(0), gradients.place(0, d(1), d(4)), gradients.place(1, d(2), d(5)), d(3)});
  if (!isMax)
    return SmallVector<Value>{
        build.reduceWindows(gradients.value, place, op.getWindow(), type, 0, sum)};
  Spread places(build, firstLargest(build, op), type, windows, -1);
  Value extent = build.constant(op.getWindow(), 0.0f);
  return SmallVector<Value>{build.generic(
      {gradients.value, places.value, extent}, build.filled(type, 0),
      {place, place, build.trailingDims(6, 2), build.leadingDims(6, 4)},
      bodyOf([&](ArrayRef<Expr> e) {
        Expr number = tapNumber(e[0], 4, 5, op.getWindow()[1]);
        return e[3] + e[1].select(arith::CmpFPredicate::OEQ, number, e[0], e[0].constant(0));
      }))};
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

// Loops (n, h, w, c).
static LoweredValues lowerGlobalPoolBackward(nn::GlobalPool2DBackwardOp op, OpBuilder &builder,
                                             Value batch) {
  Build build{builder, op.getLoc(), batch};
  RankedTensorType type = op.getType();
  int64_t columns = type.getDimSize(2), pixels = type.getDimSize(1) * columns;
  AffineMap all = build.identity(4), channel = build.map(4, {build.dim(0), build.dim(3)});
  if (op.getKind() == nn::PoolKind::Avg)
    return SmallVector<Value>{build.generic(
        op.getG(), build.empty(type), {channel, all},
        bodyOf([&](ArrayRef<Expr> e) { return e[0] * (1 / static_cast<double>(pixels)); }))};
  Value first = build.generic(
      {op.getX(), op.getY()}, build.filled(op.getG().getType(), static_cast<double>(pixels)),
      {all, channel, channel}, bodyOf([&](ArrayRef<Expr> e) {
        Expr place = placeOfLargest(e[0], e[1], tapNumber(e[0], 1, 2, columns), pixels);
        return e[2].binary<arith::MinimumFOp>(place);
      }));
  return SmallVector<Value>{build.generic(
      {op.getG(), first}, build.empty(type), {channel, channel, all}, bodyOf([&](ArrayRef<Expr> e) {
        return e[1].select(arith::CmpFPredicate::OEQ, tapNumber(e[0], 1, 2, columns), e[0],
                           e[0].constant(0));
      }))};
}

static LogicalResult differentiatePool(nn::Pool2DOp op, OpBuilder &builder, ValueRange upstream,
                                       ArrayRef<bool>, Values &gradients) {
  gradients[0] =
      nn::Pool2DBackwardOp::create(builder, op.getLoc(), op.getX().getType(), op.getX(), op.getY(),
                                   upstream.front(), op.getKind(), op.getWindow(), op.getStrides(),
                                   op.getPadding(), op.getCeilMode(), op.getCountIncludePad());
  return success();
}

static LogicalResult differentiateGlobalPool(nn::GlobalPool2DOp op, OpBuilder &builder,
                                             ValueRange upstream, ArrayRef<bool>,
                                             Values &gradients) {
  gradients[0] =
      nn::GlobalPool2DBackwardOp::create(builder, op.getLoc(), op.getX().getType(), op.getX(),
                                         op.getY(), upstream.front(), op.getKind());
  return success();
}

void dlc::ops::addPoolModels(MLIRContext *context) {
  addLinalg<nn::Pool2DOp, lowerPool>(context);
  addLinalg<nn::GlobalPool2DOp, lowerGlobalPool>(context);
  addLinalg<nn::Pool2DBackwardOp, lowerPoolBackward>(context);
  addLinalg<nn::GlobalPool2DBackwardOp, lowerGlobalPoolBackward>(context);
  addGradient<nn::Pool2DOp, differentiatePool>(context);
  addGradient<nn::GlobalPool2DOp, differentiateGlobalPool>(context);
}
