//===- Conv.cpp - convolutions ------------------------------------------------------===//

#include "dialects/nn/Window.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Conv.cpp.inc"

LogicalResult dlc::nn::inferWindow(std::optional<Location> loc, RankedTensorType image,
                                   const Window &window, int64_t &height, int64_t &width) {
  if (window.size.size() != 2 || window.strides.size() != 2 || window.padding.size() != 4 ||
      window.dilations.size() != 2)
    return emitOptionalError(loc, "a window needs 2 sizes, 2 strides, 2 dilations and 4 paddings");
  int64_t *results[] = {&height, &width};
  StringRef names[] = {"height", "width"};
  for (int dim : {0, 1}) {
    int64_t size = window.size[dim], stride = window.strides[dim], dilation = window.dilations[dim];
    int64_t low = window.padding[2 * dim], high = window.padding[2 * dim + 1];
    if (size < 1 || stride < 1 || dilation < 1 || low < 0 || high < 0)
      return emitOptionalError(
          loc, "window, stride and dilation must be at least 1, padding at least 0");
    int64_t extent = image.getDimSize(dim + 1);
    if (ShapedType::isDynamic(extent))
      return emitOptionalError(loc, "an image needs a static ", names[dim]);
    *results[dim] = windowedExtent(extent, size, stride, dilation, low, high, window.ceilMode);
    if (*results[dim] < 1)
      return emitOptionalError(loc, "a window of ", names[dim], " ", (size - 1) * dilation + 1,
                               " does not fit an image of ", names[dim], " ", extent,
                               " with padding ", low, " and ", high);
  }
  return success();
}

// What both convolutions share once their kernels' roles are known.
static LogicalResult inferConv(std::optional<Location> loc, Value x, Value kernel, Value bias,
                               int64_t outChannels, ArrayRef<int64_t> strides,
                               ArrayRef<int64_t> padding, ArrayRef<int64_t> dilations,
                               SmallVectorImpl<Type> &types) {
  auto image = cast<RankedTensorType>(x.getType());
  auto weights = cast<RankedTensorType>(kernel.getType());
  int64_t height, width;
  Window window{weights.getShape().take_front(2), strides, padding, dilations};
  if (failed(inferWindow(loc, image, window, height, width)))
    return failure();
  if (bias && cast<RankedTensorType>(bias.getType()).getDimSize(0) != outChannels)
    return emitOptionalError(loc, "the bias needs ", outChannels,
                             " elements, one an output channel");
  types.push_back(image.clone({image.getDimSize(0), height, width, outChannels}));
  return success();
}

LogicalResult Conv2DOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  if (failed(checkStatic(loc, adaptor.getX(), {adaptor.getKernel(), adaptor.getBias()})))
    return failure();
  int64_t channels = cast<RankedTensorType>(adaptor.getX().getType()).getDimSize(3);
  auto kernel = cast<RankedTensorType>(adaptor.getKernel().getType());
  int64_t groups = adaptor.getGroups();
  if (groups < 1 || channels % groups || kernel.getDimSize(3) % groups)
    return emitOptionalError(loc, "groups = ", groups, " must divide ", channels,
                             " input channels and ", kernel.getDimSize(3), " filters");
  if (kernel.getDimSize(2) != channels / groups)
    return emitOptionalError(loc, "the kernel takes ", kernel.getDimSize(2),
                             " channels a group but the input has ", channels / groups);
  return inferConv(loc, adaptor.getX(), adaptor.getKernel(), adaptor.getBias(),
                   kernel.getDimSize(3), adaptor.getStrides(), adaptor.getPadding(),
                   adaptor.getDilations(), types);
}

LogicalResult DepthwiseConv2DOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                  Adaptor adaptor, SmallVectorImpl<Type> &types) {
  if (failed(checkStatic(loc, adaptor.getX(), {adaptor.getKernel(), adaptor.getBias()})))
    return failure();
  int64_t channels = cast<RankedTensorType>(adaptor.getX().getType()).getDimSize(3);
  auto kernel = cast<RankedTensorType>(adaptor.getKernel().getType());
  if (kernel.getDimSize(2) != channels)
    return emitOptionalError(loc, "the kernel takes ", kernel.getDimSize(2),
                             " channels but the input has ", channels);
  return inferConv(loc, adaptor.getX(), adaptor.getKernel(), adaptor.getBias(),
                   channels * kernel.getDimSize(3), adaptor.getStrides(), adaptor.getPadding(),
                   adaptor.getDilations(), types);
}

// Multiply-adds of every output element: one for each weight that reaches it.
static int64_t convFlops(RankedTensorType out, int64_t weightsPerOutput) {
  return 2 * out.getDimSize(1) * out.getDimSize(2) * out.getDimSize(3) * weightsPerOutput;
}

int64_t Conv2DOp::getFlopsPerSample() {
  auto kernel = getKernel().getType();
  return convFlops(getType(), kernel.getDimSize(0) * kernel.getDimSize(1) * kernel.getDimSize(2));
}

int64_t DepthwiseConv2DOp::getFlopsPerSample() {
  auto kernel = getKernel().getType();
  return convFlops(getType(), kernel.getDimSize(0) * kernel.getDimSize(1));
}

Value Conv2DOp::buildScaled(OpBuilder &builder, Value scale, Value shift) {
  Value kernel = AffineOp::create(builder, getLoc(), getKernel(), scale, Value());
  Value bias = scaledBias(builder, getLoc(), getBias(), scale, shift);
  return Conv2DOp::create(builder, getLoc(), getX(), kernel, bias, getStrides(), getPadding(),
                          getDilations(), getGroups());
}

// The output channel c*M + m of kernel [KH, KW, C, M] is the last dimension of [KH, KW, C*M].
Value DepthwiseConv2DOp::buildScaled(OpBuilder &builder, Value scale, Value shift) {
  RankedTensorType type = getKernel().getType();
  ArrayRef<int64_t> shape = type.getShape();
  auto flat = type.clone({shape[0], shape[1], shape[2] * shape[3]});
  Value kernel = ReshapeOp::create(builder, getLoc(), flat, getKernel());
  kernel = AffineOp::create(builder, getLoc(), kernel, scale, Value());
  kernel = ReshapeOp::create(builder, getLoc(), type, kernel);
  Value bias = scaledBias(builder, getLoc(), getBias(), scale, shift);
  return DepthwiseConv2DOp::create(builder, getLoc(), getX(), kernel, bias, getStrides(),
                                   getPadding(), getDilations());
}

// Zeros before a convolution and its own padding are one padding.
template <typename OpTy> static bool addPadding(OpTy op, ArrayRef<int64_t> more) {
  SmallVector<int64_t> padding(op.getPadding());
  for (auto [have, add] : llvm::zip_equal(padding, more))
    have += add;
  op.setPadding(padding);
  return true;
}
bool Conv2DOp::absorbPadding(ArrayRef<int64_t> padding) { return addPadding(*this, padding); }
bool DepthwiseConv2DOp::absorbPadding(ArrayRef<int64_t> padding) {
  return addPadding(*this, padding);
}

// The shapes of a backward op are those that the forward op would have.
template <typename Forward, typename OpTy>
static LogicalResult verifyBackward(OpTy op, Value x, Value kernel, Value g) {
  auto attributes = cast<DictionaryAttr>(op->getPropertiesAsAttribute());
  typename Forward::Properties properties{};
  auto emitError = [&] { return op.emitOpError(); };
  SmallVector<Type> types;
  if (failed(Forward::setPropertiesFromAttr(properties, attributes, emitError)) ||
      failed(Forward::inferReturnTypes(op.getContext(), op.getLoc(), ValueRange({x, kernel}),
                                       attributes, &properties, {}, types)))
    return failure();
  if (types.front() == g.getType())
    return success();
  return op.emitOpError("needs a gradient of type ") << types.front() << ", not " << g.getType();
}

// As many multiply-adds as the forward op has.
static int64_t backwardFlops(Value g, Value kernel, bool depthwise) {
  ArrayRef<int64_t> taps = cast<RankedTensorType>(kernel.getType()).getShape();
  return convFlops(cast<RankedTensorType>(g.getType()),
                   taps[0] * taps[1] * (depthwise ? 1 : taps[2]));
}

LogicalResult Conv2DBackwardDataOp::verify() {
  return verifyBackward<Conv2DOp>(*this, getY(), getKernel(), getG());
}
LogicalResult Conv2DBackwardKernelOp::verify() {
  return verifyBackward<Conv2DOp>(*this, getX(), getY(), getG());
}
LogicalResult DepthwiseConv2DBackwardDataOp::verify() {
  return verifyBackward<DepthwiseConv2DOp>(*this, getY(), getKernel(), getG());
}
LogicalResult DepthwiseConv2DBackwardKernelOp::verify() {
  return verifyBackward<DepthwiseConv2DOp>(*this, getX(), getY(), getG());
}

int64_t Conv2DBackwardDataOp::getFlopsPerSample() {
  return backwardFlops(getG(), getKernel(), /*depthwise=*/false);
}
int64_t Conv2DBackwardKernelOp::getFlopsPerSample() {
  return backwardFlops(getG(), getY(), /*depthwise=*/false);
}
int64_t DepthwiseConv2DBackwardDataOp::getFlopsPerSample() {
  return backwardFlops(getG(), getKernel(), /*depthwise=*/true);
}
int64_t DepthwiseConv2DBackwardKernelOp::getFlopsPerSample() {
  return backwardFlops(getG(), getY(), /*depthwise=*/true);
}

LogicalResult FlipKernelOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                             Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getKernel().getType());
  ArrayRef<int64_t> kernel = type.getShape(), first = adaptor.getFirst(),
                    steps = adaptor.getSteps();
  int64_t groups = adaptor.getGroups();
  if (!type.hasStaticShape() || first.size() != 2 || steps.size() != 2)
    return emitOptionalError(loc, "a kernel of known size is flipped by 2 first taps and 2 steps");
  if (groups < 1 || kernel[3] % groups)
    return emitOptionalError(loc, "groups = ", groups, " must divide ", kernel[3], " filters");
  SmallVector<int64_t> shape = {0, 0, kernel[3] / groups, kernel[2] * groups};
  for (int dim : {0, 1}) {
    if (first[dim] < 0 || first[dim] >= kernel[dim] || steps[dim] < 1)
      return emitOptionalError(loc, "first taps must lie in the kernel, steps be at least 1");
    shape[dim] = (kernel[dim] - 1 - first[dim]) / steps[dim] + 1;
  }
  types.push_back(type.clone(shape));
  return success();
}
