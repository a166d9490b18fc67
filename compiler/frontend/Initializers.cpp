//===- Initializers.cpp - first values and penalties of weights ---------------------===//
// Names, defaults and formulas are Keras's.

#include "compiler/frontend/Initializers.h"
#include "compiler/frontend/FieldForms.h"
#include <cmath>

using namespace mlir;

namespace dlc::frontend {

using namespace forms;

namespace {

enum class Fan { None, In, Average };

struct InitializerType : Row {
  Initializer value = {};            ///< where no field or fan decides
  StringRef first = {}, second = {}; ///< fields that give a and b
  Fan fan = Fan::None;               ///< the variance is scale / fan
  double scale = 1;
};

} // namespace

static InitializerType scaled(StringRef name, StringRef alias, StringRef kind, Fan fan,
                              double scale, StringRef doc) {
  return {{name, doc, {}, {alias}}, {kind}, {}, {}, fan, scale};
}

static std::vector<InitializerType> makeTable() {
  auto normal = [](StringRef name, StringRef alias, StringRef doc) -> InitializerType {
    return {{name,
             doc,
             {number("mean", "0.0", "mean"), number("stddev", "0.05", "standard deviation", 0)},
             {alias}},
            {name == "random_normal" ? "normal" : "truncated_normal"},
            "mean",
            "stddev"};
  };
  return {
      {{"zeros", "0 everywhere.", {}, {"Zeros"}}},
      {{"ones", "1 everywhere.", {}, {"Ones"}}, {"constant", 1}},
      {{"constant", "One value.", {number("value", "0.0", "the value")}, {"Constant"}},
       {"constant"},
       "value"},
      {{"random_uniform",
        "Evenly in [minval, maxval).",
        {number("minval", "-0.05", "lower end"), number("maxval", "0.05", "upper end")},
        {"RandomUniform"}},
       {"uniform"},
       "minval",
       "maxval"},
      normal("random_normal", "RandomNormal", "Normal distribution."),
      normal("truncated_normal", "TruncatedNormal",
             "Normal distribution within two deviations of its mean."),
      scaled("glorot_uniform", "GlorotUniform", "uniform", Fan::Average, 1,
             "Uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."),
      scaled("glorot_normal", "GlorotNormal", "truncated_normal", Fan::Average, 1,
             "Truncated normal with variance 2 / (fan_in + fan_out)."),
      scaled("he_uniform", "HeUniform", "uniform", Fan::In, 2,
             "Uniform with variance 2 / fan_in (He et al. 2015)."),
      scaled("he_normal", "HeNormal", "truncated_normal", Fan::In, 2,
             "Truncated normal with variance 2 / fan_in."),
      scaled("lecun_uniform", "LecunUniform", "uniform", Fan::In, 1,
             "Uniform with variance 1 / fan_in (LeCun et al. 1998)."),
      scaled("lecun_normal", "LecunNormal", "truncated_normal", Fan::In, 1,
             "Truncated normal with variance 1 / fan_in."),
  };
}

Rows initializerRows() {
  static const std::vector<InitializerType> table = makeTable();
  return llvm::map_to_vector(table,
                             [](const InitializerType &type) -> const Row * { return &type; });
}

Rows regularizerRows() {
  static const Row row = {"L1L2",
                          "l1 * sum |w| + l2 * sum w^2, added to the loss.",
                          {number("l1", "0.0", "factor of the absolute values", 0),
                           number("l2", "0.0", "factor of the squares", 0)}};
  return {&row};
}

// Kernels are [..., in, out]; what stands before these two is the window.
static double fanOf(Fan fan, ArrayRef<int64_t> shape) {
  double in = shape.front(), out = shape.back();
  if (shape.size() >= 2) {
    double window = 1;
    for (int64_t extent : shape.drop_back(2))
      window *= extent;
    in = shape[shape.size() - 2] * window;
    out = shape.back() * window;
  }
  return std::max(1.0, fan == Fan::In ? in : (in + out) / 2);
}

Initializer resolveInitializer(const NamedValue &value, ArrayRef<int64_t> shape) {
  auto &type = *static_cast<const InitializerType *>(value.row);
  Initializer result = type.value;
  if (!type.first.empty())
    result.a = value.number(type.first);
  if (!type.second.empty())
    result.b = value.number(type.second);
  if (type.fan == Fan::None)
    return result;
  double variance = type.scale / fanOf(type.fan, shape);
  if (result.kind == "uniform") {
    result.b = std::sqrt(3 * variance);
    result.a = -result.b;
  } else {
    // The deviation of a standard normal distribution that is cut off at 2.
    constexpr double cutDeviation = 0.87962566103423978;
    result.b = std::sqrt(variance) / cutDeviation;
  }
  return result;
}

Penalty resolvePenalty(const FieldValue &value) {
  if (value.isNull())
    return {};
  const NamedValue &penalty = value.named.front();
  return {penalty.number("l1"), penalty.number("l2")};
}

} // namespace dlc::frontend
