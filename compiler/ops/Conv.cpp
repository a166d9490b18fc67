//===- Conv.cpp - convolutions ------------------------------------------------------===//
//
// The plain form: pad, then one generic over (n, oh, ow, channels..., kh, kw, c). It serves every
// stride, dilation and group; schedule takes the shapes it has kernels for before this is used.
//
//===------------------------------------------------------------------------------===//

#include "compiler/ops/Models.h"
#include "compiler/ops/Spread.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

// Loops (n, oh, ow, g, o, kh, kw, c) with a group dimension of its own in all three operands; the
// reshapes around it are views.
static Value groupedConv(const Build &build, nn::Conv2DOp op, Value x) {
  RankedTensorType image = cast<RankedTensorType>(x.getType()), type = op.getType();
  ArrayRef<int64_t> w = op.getKernel().getType().getShape(), in = image.getShape();
  int64_t groups = op.getGroups(), outPerGroup = w[3] / groups;
  auto split = [&](Value value, ArrayRef<int64_t> shape) {
    auto from = cast<RankedTensorType>(value.getType());
    return build.splitLast(value, from.clone(shape));
  };
  Value grouped = split(x, {in[0], in[1], in[2], groups, w[2]});
  Value kernel = split(op.getKernel(), {w[0], w[1], w[2], groups, outPerGroup});
  ArrayRef<int64_t> out = type.getShape();
  RankedTensorType groupedType = type.clone({out[0], out[1], out[2], groups, outPerGroup});
  auto d = [&](unsigned i) { return build.dim(i); };
  AffineMap maps[] = {
      build.map(8, {d(0), pixel(op, 0, d(1), d(5)), pixel(op, 1, d(2), d(6)), d(3), d(7)}),
      build.map(8, {d(5), d(6), d(7), d(3), d(4)}), build.map(8, {d(0), d(1), d(2), d(3), d(4)})};
  Value y = build.generic({grouped, kernel}, build.filled(groupedType, 0), maps, multiplyAddBody);
  return build.mergeLast(y, type);
}

static LoweredValues lowerConv(nn::Conv2DOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  Value x = paddedInput(build, op);
  if (op.getGroups() != 1)
    return SmallVector<Value>{build.plusBias(groupedConv(build, op, x), op.getBias())};
  // (n, oh, ow, o, kh, kw, c)
  auto d = [&](unsigned i) { return build.dim(i); };
  AffineMap maps[] = {
      build.map(7, {d(0), pixel(op, 0, d(1), d(4)), pixel(op, 1, d(2), d(5)), d(6)}),
      build.map(7, {d(4), d(5), d(6), d(3)}), build.map(7, {d(0), d(1), d(2), d(3)})};
  Value y =
      build.generic({x, op.getKernel()}, build.filled(op.getType(), 0), maps, multiplyAddBody);
  return SmallVector<Value>{build.plusBias(y, op.getBias())};
}

static LoweredValues lowerDepthwise(nn::DepthwiseConv2DOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  Value x = paddedInput(build, op);
  ArrayRef<int64_t> w = op.getKernel().getType().getShape(), out = op.getType().getShape();
  RankedTensorType type = op.getType().clone({out[0], out[1], out[2], w[2], w[3]});
  // (n, oh, ow, c, m, kh, kw)
  auto d = [&](unsigned i) { return build.dim(i); };
  AffineMap maps[] = {
      build.map(7, {d(0), pixel(op, 0, d(1), d(5)), pixel(op, 1, d(2), d(6)), d(3)}),
      build.map(7, {d(5), d(6), d(3), d(4)}), build.map(7, {d(0), d(1), d(2), d(3), d(4)})};
  Value y = build.generic({x, op.getKernel()}, build.filled(type, 0), maps, multiplyAddBody);
  return SmallVector<Value>{build.plusBias(build.mergeLast(y, op.getType()), op.getBias())};
}

// Loops (th, tw, o, g, c) with a group dimension of its own on both sides.
static LoweredValues lowerFlipKernel(nn::FlipKernelOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  RankedTensorType from = op.getKernel().getType(), type = op.getType();
  int64_t groups = op.getGroups();
  ArrayRef<int64_t> in = from.getShape(), out = type.getShape();
  Value kernel =
      build.splitLast(op.getKernel(), from.clone({in[0], in[1], in[2], groups, in[3] / groups}));
  auto tap = [&](unsigned i) {
    int64_t last = op.getFirst()[i] + (out[i] - 1) * op.getSteps()[i];
    return build.dim(i) * -op.getSteps()[i] + last;
  };
  AffineMap maps[] = {build.map(5, {tap(0), tap(1), build.dim(4), build.dim(3), build.dim(2)}),
                      build.identity(5)};
  Value y = build.generic(
      kernel, build.empty(type.clone({out[0], out[1], out[2], groups, out[3] / groups})), maps,
      [](OpBuilder &, Location, ValueRange args) { return args[0]; });
  return SmallVector<Value>{build.mergeLast(y, type)};
}

template <typename OpTy, typename DataOp, typename KernelOp>
static LogicalResult differentiateConv(OpTy op, OpBuilder &builder, ValueRange upstream,
                                       ArrayRef<bool> wanted, Values &gradients) {
  Location loc = op.getLoc();
  Value g = upstream.front();
  auto build = [&]<typename BackwardOp>(Type type, Value first, Value second) -> Value {
    if constexpr (requires { op.getGroups(); })
      return BackwardOp::create(builder, loc, type, first, second, op.getStrides(), op.getPadding(),
                                op.getDilations(), op.getGroups());
    else
      return BackwardOp::create(builder, loc, type, first, second, op.getStrides(), op.getPadding(),
                                op.getDilations());
  };
  if (wanted[0])
    gradients[0] = build.template operator()<DataOp>(op.getX().getType(), g, op.getKernel());
  if (wanted[1])
    gradients[1] = build.template operator()<KernelOp>(op.getKernel().getType(), op.getX(), g);
  if (op.getBias() && wanted[2])
    gradients[2] = nn::ReduceSumOp::create(builder, loc, op.getBias().getType(), g);
  return success();
}

void dlc::ops::addConvModels(MLIRContext *context) {
  addGradient<nn::Conv2DOp, differentiateConv<nn::Conv2DOp, nn::Conv2DBackwardDataOp,
                                              nn::Conv2DBackwardKernelOp>>(context);
  addGradient<nn::DepthwiseConv2DOp,
              differentiateConv<nn::DepthwiseConv2DOp, nn::DepthwiseConv2DBackwardDataOp,
                                nn::DepthwiseConv2DBackwardKernelOp>>(context);
  addLinalg<nn::Conv2DOp, lowerConv>(context);
  addLinalg<nn::DepthwiseConv2DOp, lowerDepthwise>(context);
  addLinalg<nn::FlipKernelOp, lowerFlipKernel>(context);
}
