//===- LayerTable.cpp - the one table of layers -------------------------------------===//
// Drives parsing, validation, suggestions, `dlc schema` and `dlc layers`. Names and defaults are
// Keras's; what is dlc's own says so.

#include "compiler/frontend/LayerTable.h"
#include "compiler/frontend/FieldForms.h"
#include "compiler/frontend/Initializers.h"
#include "compiler/frontend/layers/Layers.h"

using namespace mlir;

namespace dlc::frontend {

using namespace forms;

static Field padding() {
  return {"padding",
          FieldKind::Padding,
          R"("valid")",
          "none, as much as keeps the extent at stride 1, or explicit amounts (dlc's own form)",
          "valid|same",
          0,
          double(kMaxWindow)};
}
static Field dataFormat() {
  return choice("data_format", R"("channels_last")", "channels_last|channels_first",
                "order of the input's and the output's dimensions: [height, width, channels] or "
                "[channels, height, width]");
}
static Field activation() {
  return choice("activation", R"("linear")", kActivations, "function applied to the result");
}
static Field useBias() { return flag("use_bias", "true", "adds a trainable bias"); }
static Field initializer(StringRef name, StringRef fallback) {
  return named(name, initializerRows, fallback, "first values, for training");
}
static Field regularizer(StringRef name) {
  return named(name, regularizerRows, "null", "penalty of large values, for training");
}
// Of a layer with a kernel and perhaps a bias.
static std::vector<Field> withTraining(std::vector<Field> fields) {
  fields.push_back(initializer("kernel_initializer", R"("glorot_uniform")"));
  fields.push_back(initializer("bias_initializer", R"("zeros")"));
  fields.push_back(regularizer("kernel_regularizer"));
  fields.push_back(regularizer("bias_regularizer"));
  return fields;
}

static Field axis(StringRef doc) { return integer("axis", "-1", doc, -8, 8); }
static Field keepDims() {
  return flag("keepdims", "false", "keeps height and width as extents of 1");
}

static std::vector<Field> poolFields() {
  return {pair("pool_size", "2", "height and width of the window"),
          pair("strides", "null", "step of the window; null means pool_size"), padding(),
          flag("ceil_mode", "false",
               "rounds the output extent up: a last window may hang over the edge (dlc's own)"),
          dataFormat()};
}

static std::vector<Field> averagePoolFields() {
  std::vector<Field> fields = poolFields();
  fields.push_back(flag("count_include_pad", "false",
                        "counts padding as zeros of the window's mean (dlc's own)"));
  return fields;
}

static std::vector<Field> convFields(bool depthwise) {
  std::vector<Field> fields = {
      depthwise ? integer("depth_multiplier", "1", "output channels of each input channel")
                : integer("filters", kRequired, "number of output channels"),
      pair("kernel_size", kRequired, "height and width of the window"),
      pair("strides", "1", "step of the window"),
      padding(),
      pair("dilation_rate", "1", "distance between the pixels of a window"),
      useBias(),
      activation(),
      dataFormat()};
  if (!depthwise)
    fields.push_back(integer("groups", "1", "independent parts that channels are split into"));
  return withTraining(std::move(fields));
}

static std::vector<LayerType> makeTable() {
  return {
      {"Dense", "Multiplies the last dimension by a [in, units] kernel.", buildDense,
       withTraining({integer("units", kRequired, "number of outputs"), useBias(), activation()})},
      {"Conv2D",
       "2-D convolution; kernel [height, width, in / groups, filters].",
       buildConv2D,
       convFields(false),
       {"Convolution2D"}},
      {"DepthwiseConv2D",
       "Convolves each channel alone; kernel [height, width, channels, depth_multiplier].",
       buildDepthwiseConv2D, convFields(true)},
      {"MaxPooling2D",
       "Largest value of each window.",
       buildMaxPooling2D,
       poolFields(),
       {"MaxPool2D"}},
      {"AveragePooling2D",
       "Mean of each window.",
       buildAveragePooling2D,
       averagePoolFields(),
       {"AvgPool2D"}},
      {"GlobalMaxPooling2D",
       "Largest value of each channel.",
       buildGlobalMaxPooling2D,
       {keepDims(), dataFormat()},
       {"GlobalMaxPool2D"}},
      {"GlobalAveragePooling2D",
       "Mean of each channel.",
       buildGlobalAveragePooling2D,
       {keepDims(), dataFormat()},
       {"GlobalAvgPool2D"}},
      {"Flatten", "All of a sample in one dimension.", buildFlatten, {}},
      {"Reshape",
       "The same elements in another shape.",
       buildReshape,
       {{"target_shape",
         FieldKind::Integers,
         kRequired,
         "extents without the batch; one of them may be -1: what is left",
         {},
         -1,
         double(kMaxExtent)}}},
      {"ZeroPadding2D",
       "Adds zeros around an image.",
       buildZeroPadding2D,
       {{"padding",
         FieldKind::PadAmounts,
         "1",
         "rows and columns to add",
         {},
         0,
         double(kMaxWindow)},
        dataFormat()}},
      {"ChannelPad",
       "Adds channels of zeros (dlc's own; the shortcut of ResNet's option A).",
       buildChannelPad,
       {integer("before", "0", "channels before the first", 0),
        integer("after", "0", "channels behind the last", 0), dataFormat()}},
      {"BatchNormalization",
       "Normalises each channel by its statistics: gamma * (x - moving_mean) / "
       "sqrt(moving_variance + epsilon) + beta.",
       buildBatchNormalization,
       {axis("dimension of the channels, the last one"),
        number("epsilon", "0.001", "added to the variance", 0),
        number("momentum", "0.99", "weight of the old statistics while training", 0, 1),
        flag("center", "true", "adds beta"), flag("scale", "true", "multiplies by gamma"),
        initializer("beta_initializer", R"("zeros")"),
        initializer("gamma_initializer", R"("ones")"),
        initializer("moving_mean_initializer", R"("zeros")"),
        initializer("moving_variance_initializer", R"("ones")"), regularizer("beta_regularizer"),
        regularizer("gamma_regularizer")}},
      {"LRN",
       "Local response normalisation: x / (bias + alpha / n * sum of squares)^beta over a window "
       "of n values (dlc's own; alpha is divided by n as in Caffe and PyTorch).",
       buildLRN,
       {integer("size", "5", "extent of the window, odd", 1, kMaxWindow),
        number("alpha", "0.0001", "weight of the squares", 0), number("beta", "0.75", "exponent"),
        number("bias", "1.0", "added to the sum", 0),
        choice("region", R"("across")", "across|within",
               "a window of `size` channels, or of `size` x `size` pixels of one channel"),
        dataFormat()},
       {"LocalResponseNormalization"}},
      {"Dropout",
       "Drops values while training; does nothing at inference.",
       buildDropout,
       {number("rate", kRequired, "share of the values to drop, less than 1", 0, 1)}},
      {"Add", "Sum of its inputs, which have one shape.", buildAdd, {}, {}, 2, kManyInputs},
      {"Subtract", "First input minus the second.", buildSubtract, {}, {}, 2, 2},
      {"Multiply",
       "Product of its inputs, which have one shape.",
       buildMultiply,
       {},
       {},
       2,
       kManyInputs},
      {"Maximum",
       "Largest of its inputs, element by element.",
       buildMaximum,
       {},
       {},
       2,
       kManyInputs},
      {"Minimum",
       "Smallest of its inputs, element by element.",
       buildMinimum,
       {},
       {},
       2,
       kManyInputs},
      {"Concatenate",
       "Its inputs one after the other along an axis.",
       buildConcatenate,
       {axis("dimension to join along; 0 is the batch and cannot be joined")},
       {},
       1,
       kManyInputs},
      {"Activation",
       "Applies a function to each element (softmax: to the last dimension).",
       buildActivation,
       {choice("activation", kRequired, kActivations, "the function")}},
      {"ReLU",
       "min(x, max_value) from threshold on, below it negative_slope * (x - threshold).",
       buildReLU,
       {{"max_value", FieldKind::Number, "null", "upper bound of the result", {}, 0, kAny},
        number("negative_slope", "0.0", "slope below the threshold", 0),
        number("threshold", "0.0", "where the function turns", 0)}},
      {"LeakyReLU",
       "x where positive, else negative_slope * x.",
       buildLeakyReLU,
       {number("negative_slope", "0.3", "slope below zero", 0)}},
      {"RReLU",
       "x where positive, else x times a slope that each element draws anew while training "
       "(PyTorch's); (lower + upper) / 2 at inference.",
       buildRReLU,
       {number("lower", "0.125", "least slope", 0),
        number("upper", "0.3333333333333333", "largest slope", 0)}},
      {"Softmax",
       "exp(x) over its sum along an axis.",
       buildSoftmax,
       {axis("dimension that sums to 1, the last one")}},
      {"Rescaling",
       "x * scale + offset.",
       buildRescaling,
       {numbers("scale", kRequired, "factor"), numbers("offset", "0.0", "added to the product")}},
      {"Normalization",
       "(x - mean) / sqrt(variance), with statistics given here.",
       buildNormalization,
       {axis("dimension of the statistics, the last one"),
        numbers("mean", kRequired, "mean of the data"),
        numbers("variance", kRequired, "variance of the data", 0)}},
  };
}

ArrayRef<LayerType> layerTypes() {
  static const std::vector<LayerType> table = makeTable();
  return table;
}

const LayerType *findLayerType(StringRef name) {
  for (const LayerType &type : layerTypes())
    if (type.name == name || llvm::is_contained(type.aliases, name))
      return &type;
  return nullptr;
}

SmallVector<StringRef> layerTypeNames() {
  SmallVector<StringRef> names;
  for (const LayerType &type : layerTypes()) {
    names.push_back(type.name);
    names.append(type.aliases.begin(), type.aliases.end());
  }
  return names;
}

} // namespace dlc::frontend
