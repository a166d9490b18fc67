//===- Activations.cpp - elementwise functions and softmax --------------------------===//

#include "compiler/frontend/layers/Layers.h"

using namespace mlir;

namespace dlc::frontend {

using Apply = FailureOr<Value> (*)(LayerBuilder &, Value);

template <typename OpTy> static FailureOr<Value> simple(LayerBuilder &b, Value x) {
  return b.create<OpTy>(x);
}

static FailureOr<Value> relu(LayerBuilder &b, Value x, double slope, double threshold = 0,
                             std::optional<double> maximum = std::nullopt) {
  SmallVector<NamedAttribute> attributes = {b.attr("negative_slope", slope),
                                            b.attr("threshold", threshold)};
  if (maximum)
    attributes.push_back(b.attr("max_value", *maximum));
  return b.create<nn::ReluOp>(x, attributes);
}

// Keras 3's functions with Keras 3's defaults.
static const std::pair<StringRef, Apply> kFunctions[] = {
    {"linear", [](LayerBuilder &, Value x) -> FailureOr<Value> { return x; }},
    {"relu", [](LayerBuilder &b, Value x) { return relu(b, x, 0); }},
    {"relu6", [](LayerBuilder &b, Value x) { return relu(b, x, 0, 0, 6.0); }},
    {"leaky_relu", [](LayerBuilder &b, Value x) { return relu(b, x, 0.2); }},
    {"sigmoid", simple<nn::SigmoidOp>},
    {"tanh", simple<nn::TanhOp>},
    {"softmax", simple<nn::SoftmaxOp>},
    {"log_softmax",
     [](LayerBuilder &b, Value x) { return b.create<nn::SoftmaxOp>(x, b.unit("log")); }},
    {"elu", [](LayerBuilder &b, Value x) { return b.create<nn::EluOp>(x, b.attr("alpha", 1.0)); }},
    {"exponential", simple<nn::ExpOp>},
    {"gelu", simple<nn::GeluOp>},
    {"silu", simple<nn::SwishOp>},
    {"swish", simple<nn::SwishOp>},
    {"hard_sigmoid", simple<nn::HardSigmoidOp>},
    {"softplus", simple<nn::SoftplusOp>},
    {"sign", simple<nn::SignOp>}, // dlc's own
};

static bool readsLastDimension(StringRef function) { return function.ends_with("softmax"); }

FailureOr<Value> LayerBuilder::activate(Value x) {
  StringRef name = text("activation");
  for (auto [function, apply] : kFunctions)
    if (function == name)
      return apply(*this, x);
  llvm_unreachable("an activation of the table without a function");
}

FailureOr<Tensor> buildActivation(LayerBuilder &b) {
  Tensor x = b.stored();
  if (x.channelsFirst && readsLastDimension(b.text("activation"))) {
    FailureOr<Value> logical = b.logical();
    if (failed(logical))
      return failure();
    x = {*logical};
  }
  FailureOr<Value> y = b.activate(x.value);
  if (failed(y))
    return failure();
  return Tensor{*y, x.channelsFirst};
}

static FailureOr<Tensor> elementwise(LayerBuilder &b, FailureOr<Value> y) {
  if (failed(y))
    return failure();
  return Tensor{*y, b.stored().channelsFirst};
}

FailureOr<Tensor> buildReLU(LayerBuilder &b) {
  std::optional<double> maximum;
  if (!b.field("max_value").isNull())
    maximum = b.number("max_value");
  return elementwise(
      b, relu(b, b.stored().value, b.number("negative_slope"), b.number("threshold"), maximum));
}

FailureOr<Tensor> buildLeakyReLU(LayerBuilder &b) {
  return elementwise(b, relu(b, b.stored().value, b.number("negative_slope")));
}

FailureOr<Tensor> buildRReLU(LayerBuilder &b) {
  double lower = b.number("lower"), upper = b.number("upper");
  if (lower > upper)
    return b.error("upper", "\"upper\" must not be less than \"lower\"");
  return elementwise(
      b, b.create<nn::RReluOp>(b.stored().value, {b.attr("lower", lower), b.attr("upper", upper)}));
}

FailureOr<Tensor> buildDropout(LayerBuilder &b) {
  double rate = b.number("rate");
  if (static_cast<float>(rate) >= 1.0f)
    return b.error("rate", "\"rate\" must be less than 1: nothing would be left");
  return elementwise(b, b.create<nn::DropoutOp>(b.stored().value, b.attr("rate", rate)));
}

FailureOr<Tensor> buildSoftmax(LayerBuilder &b) {
  FailureOr<Tensor> x = b.lastAxis();
  if (failed(x))
    return failure();
  FailureOr<Value> y = b.create<nn::SoftmaxOp>(x->value);
  if (failed(y))
    return failure();
  return Tensor{*y, x->channelsFirst};
}

} // namespace dlc::frontend
