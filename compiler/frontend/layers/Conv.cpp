//===- Conv.cpp - convolutions ------------------------------------------------------===//

#include "compiler/frontend/layers/Layers.h"
#include "compiler/frontend/layers/Window.h"

using namespace mlir;

namespace dlc::frontend {

SmallVector<int64_t, 4> resolvePadding(const LayerBuilder &b, Value image, ArrayRef<int64_t> window,
                                       ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations) {
  const FieldValue &field = b.field("padding");
  if (!field.integers.empty())
    return SmallVector<int64_t, 4>(field.integers);
  SmallVector<int64_t, 4> padding(4, 0);
  if (field.source.text != "same")
    return padding;
  for (int dim : {0, 1}) {
    int64_t extent = cast<RankedTensorType>(image.getType()).getDimSize(dim + 1);
    int64_t outputs = llvm::divideCeil(extent, strides[dim]);
    int64_t reach = (outputs - 1) * strides[dim] + (window[dim] - 1) * dilations[dim] + 1;
    int64_t total = std::max<int64_t>(0, reach - extent);
    padding[2 * dim] = total / 2;
    padding[2 * dim + 1] = total - total / 2;
  }
  return padding;
}

// Bias, the op itself and the activation, once the kernel's shape is known.
template <typename OpTy>
static FailureOr<Tensor> buildConvolution(LayerBuilder &b, Value x, ArrayRef<int64_t> kernelShape,
                                          int64_t outChannels,
                                          SmallVector<NamedAttribute> attributes) {
  FailureOr<Value> kernel = b.parameter("kernel", kernelShape);
  if (failed(kernel))
    return failure();
  SmallVector<Value> operands = {x, *kernel};
  if (b.flag("use_bias")) {
    FailureOr<Value> bias = b.parameter("bias", outChannels);
    if (failed(bias))
      return failure();
    operands.push_back(*bias);
  }
  auto window = b.integers("kernel_size"), strides = b.integers("strides"),
       dilations = b.integers("dilation_rate");
  attributes.push_back(b.attr("strides", strides));
  attributes.push_back(b.attr("dilations", dilations));
  attributes.push_back(
      b.attr("padding", ArrayRef<int64_t>(resolvePadding(b, x, window, strides, dilations))));
  FailureOr<Value> y = b.create<OpTy>(operands, attributes);
  // Channels a group times the window: what each output element costs.
  bool isDepthwise = std::is_same_v<OpTy, nn::DepthwiseConv2DOp>;
  int64_t each = window[0] * window[1] * (isDepthwise ? 1 : kernelShape[2]);
  if (failed(y) || failed(b.checkWork(*y, each)) || failed(y = b.activate(*y)))
    return failure();
  return b.imageResult(*y);
}

FailureOr<Tensor> buildConv2D(LayerBuilder &b) {
  FailureOr<Value> x = b.image();
  if (failed(x))
    return failure();
  int64_t channels = cast<RankedTensorType>(x->getType()).getDimSize(3);
  int64_t filters = b.integer("filters"), groups = b.integer("groups");
  if (channels % groups || filters % groups)
    return b.error("groups", "groups = " + Twine(groups) + " must divide the " + Twine(channels) +
                                 " input channels and the " + Twine(filters) + " filters");
  auto window = b.integers("kernel_size");
  return buildConvolution<nn::Conv2DOp>(b, *x, {window[0], window[1], channels / groups, filters},
                                        filters, {b.attr("groups", groups)});
}

FailureOr<Tensor> buildDepthwiseConv2D(LayerBuilder &b) {
  FailureOr<Value> x = b.image();
  if (failed(x))
    return failure();
  int64_t channels = cast<RankedTensorType>(x->getType()).getDimSize(3);
  int64_t multiplier = b.integer("depth_multiplier");
  if (!isWithinBounds({channels * multiplier}))
    return b.error("depth_multiplier",
                   Twine(channels) + " channels times " + Twine(multiplier) + " are too many");
  auto window = b.integers("kernel_size");
  return buildConvolution<nn::DepthwiseConv2DOp>(
      b, *x, {window[0], window[1], channels, multiplier}, channels * multiplier, {});
}

} // namespace dlc::frontend
