//===- Pool.cpp - pooling -----------------------------------------------------------===//

#include "compiler/frontend/layers/Layers.h"
#include "compiler/frontend/layers/Window.h"

using namespace mlir;
using dlc::nn::PoolKind;

namespace dlc::frontend {

static NamedAttribute kindAttr(LayerBuilder &b, Value x, PoolKind kind) {
  return b.attr("kind", nn::PoolKindAttr::get(x.getContext(), kind));
}

static FailureOr<Tensor> buildPool(LayerBuilder &b, PoolKind kind, bool countIncludePad) {
  FailureOr<Value> x = b.image();
  if (failed(x))
    return failure();
  auto window = b.integers("pool_size");
  auto strides = b.field("strides").isNull() ? window : b.integers("strides");
  SmallVector<NamedAttribute> attributes = {
      kindAttr(b, *x, kind), b.attr("window", window), b.attr("strides", strides),
      b.attr("padding", ArrayRef<int64_t>(resolvePadding(b, *x, window, strides, {1, 1})))};
  if (b.flag("ceil_mode"))
    attributes.push_back(b.unit("ceil_mode"));
  if (countIncludePad)
    attributes.push_back(b.unit("count_include_pad"));
  FailureOr<Value> y = b.create<nn::Pool2DOp>(*x, attributes);
  if (failed(y) || failed(b.checkWork(*y, window[0] * window[1])))
    return failure();
  return b.imageResult(*y);
}

FailureOr<Tensor> buildMaxPooling2D(LayerBuilder &b) { return buildPool(b, PoolKind::Max, false); }

FailureOr<Tensor> buildAveragePooling2D(LayerBuilder &b) {
  return buildPool(b, PoolKind::Avg, b.flag("count_include_pad"));
}

static FailureOr<Tensor> buildGlobalPool(LayerBuilder &b, PoolKind kind) {
  FailureOr<Value> x = b.image();
  if (failed(x))
    return failure();
  FailureOr<Value> y = b.create<nn::GlobalPool2DOp>(*x, kindAttr(b, *x, kind));
  if (failed(y))
    return failure();
  if (!b.flag("keepdims"))
    return Tensor{*y};
  int64_t channels = cast<RankedTensorType>(y->getType()).getDimSize(1);
  FailureOr<Value> kept = b.reshape(*y, {1, 1, channels});
  if (failed(kept))
    return failure();
  return b.imageResult(*kept);
}

FailureOr<Tensor> buildGlobalMaxPooling2D(LayerBuilder &b) {
  return buildGlobalPool(b, PoolKind::Max);
}
FailureOr<Tensor> buildGlobalAveragePooling2D(LayerBuilder &b) {
  return buildGlobalPool(b, PoolKind::Avg);
}

} // namespace dlc::frontend
