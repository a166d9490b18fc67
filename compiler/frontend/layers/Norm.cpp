//===- Norm.cpp - normalisation and rescaling ---------------------------------------===//

#include "compiler/frontend/layers/Layers.h"
#include <cmath>

using namespace mlir;

namespace dlc::frontend {

static int64_t channelsOf(const Tensor &x) { return x.type().getShape().back(); }

FailureOr<Tensor> buildBatchNormalization(LayerBuilder &b) {
  FailureOr<Tensor> x = b.lastAxis();
  if (failed(x))
    return failure();
  int64_t channels = channelsOf(*x);
  // Without gamma or beta their neutral values stand in.
  auto weight = [&](StringRef flag, StringRef name, double neutral) -> FailureOr<Value> {
    if (b.flag(flag))
      return b.parameter(name, channels);
    return b.splat(neutral, channels);
  };
  FailureOr<Value> gamma = weight("scale", "gamma", 1), beta = weight("center", "beta", 0);
  FailureOr<Value> mean = b.parameter("moving_mean", channels, ParamKind::State);
  FailureOr<Value> variance = b.parameter("moving_variance", channels, ParamKind::State);
  if (failed(gamma) || failed(beta) || failed(mean) || failed(variance))
    return failure();
  SmallVector<NamedAttribute> attributes = {b.attr("epsilon", b.number("epsilon")),
                                            b.attr("momentum", b.number("momentum"))};
  if (!b.isTrainable())
    attributes.push_back(b.unit("frozen"));
  else if (b.joinsStatistics())
    attributes.push_back(b.unit("joint"));
  FailureOr<Value> y =
      b.create<nn::BatchNormOp>({x->value, *gamma, *beta, *mean, *variance}, attributes);
  if (failed(y))
    return failure();
  return Tensor{*y, x->channelsFirst};
}

FailureOr<Tensor> buildLRN(LayerBuilder &b) {
  if (b.integer("size") % 2 == 0)
    return b.error("size", "\"size\" must be odd, so that the window has a middle");
  FailureOr<Value> x = b.image();
  if (failed(x))
    return failure();
  auto region = b.text("region") == "across" ? nn::LrnRegion::Across : nn::LrnRegion::Within;
  FailureOr<Value> y = b.create<nn::LrnOp>(
      *x, {b.attr("size", b.integer("size")), b.attr("alpha", b.number("alpha")),
           b.attr("beta", b.number("beta")), b.attr("bias", b.number("bias")),
           b.attr("region", nn::LrnRegionAttr::get(x->getContext(), region))});
  if (failed(y))
    return failure();
  return b.imageResult(*y);
}

// The field's numbers: one a channel, or a single one that holds for all of them.
static FailureOr<ArrayRef<double>> perChannel(LayerBuilder &b, StringRef field, int64_t channels) {
  ArrayRef<double> values = b.numbers(field);
  if (values.size() != 1 && static_cast<int64_t>(values.size()) != channels)
    return b.error(field, "\"" + field + "\" has " + Twine(values.size()) +
                              " numbers, but the last dimension has " + Twine(channels));
  return values;
}

static Value vectorOf(LayerBuilder &b, ArrayRef<double> values, int64_t channels) {
  return values.size() == 1 ? b.splat(values.front(), channels) : b.constant(values);
}

// x * scale + shift along the last dimension; a shift of zeros is left out.
static FailureOr<Tensor> affine(LayerBuilder &b, const Tensor &x, ArrayRef<double> scale,
                                ArrayRef<double> shift) {
  SmallVector<Value> operands = {x.value, vectorOf(b, scale, channelsOf(x))};
  if (llvm::any_of(shift, [](double value) { return value != 0; }))
    operands.push_back(vectorOf(b, shift, channelsOf(x)));
  FailureOr<Value> y = b.create<nn::AffineOp>(operands);
  if (failed(y))
    return failure();
  return Tensor{*y, x.channelsFirst};
}

FailureOr<Tensor> buildRescaling(LayerBuilder &b) {
  Tensor x = b.stored();
  bool isScalar = b.numbers("scale").size() == 1 && b.numbers("offset").size() == 1;
  if (x.channelsFirst && !isScalar) {
    FailureOr<Value> value = b.logical();
    if (failed(value))
      return failure();
    x = {*value};
  }
  auto scale = perChannel(b, "scale", channelsOf(x)),
       offset = perChannel(b, "offset", channelsOf(x));
  if (failed(scale) || failed(offset))
    return failure();
  return affine(b, x, *scale, *offset);
}

FailureOr<Tensor> buildNormalization(LayerBuilder &b) {
  FailureOr<Tensor> x = b.lastAxis();
  if (failed(x))
    return failure();
  auto mean = perChannel(b, "mean", channelsOf(*x)),
       variance = perChannel(b, "variance", channelsOf(*x));
  if (failed(mean) || failed(variance))
    return failure();
  SmallVector<double> scale, shift;
  for (size_t i = 0, e = std::max(mean->size(), variance->size()); i < e; ++i) {
    double m = (*mean)[mean->size() == 1 ? 0 : i], v = (*variance)[variance->size() == 1 ? 0 : i];
    // Keras divides by no less than its epsilon.
    scale.push_back(1.0 / std::max(std::sqrt(v), 1e-7));
    shift.push_back(-m * scale.back());
  }
  return affine(b, *x, scale, shift);
}

} // namespace dlc::frontend
