//===- ErrorTest.cpp - one wrong model, one message ---------------------------------===//

#include "TestModel.h"

using namespace dlc::frontend;
using namespace dlc::frontend::test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

// Expects exactly one message that holds `text`.
void expectError(const std::string &json, const std::string &text) {
  Imported m(json);
  EXPECT_FALSE(m.ok());
  EXPECT_THAT(m.messages, ElementsAre(HasSubstr(text))) << json;
}

void expectLayerError(const std::string &layers, const std::string &text,
                      const std::string &shape = "[8, 8, 3]", const std::string &rest = "") {
  expectError(model(shape, layers, rest), text);
}

constexpr const char *kDense = R"({"type": "Dense", "name": "d", "units": 2})";

TEST(Errors, TopLevel) {
  expectError("[]", "1:1: error: a model must be an object, not a list");
  expectError(R"({"inputs": [{"name": "x", "shape": [2]}], "layers": []})",
              R"(the model needs "name", a string)");
  expectError(R"({"name": "m", "layers": []})", R"(the model needs "inputs", a list of inputs)");
  expectError(R"({"name": "m", "inputs": [{"name": "x", "shape": [2]}]})",
              R"(the model needs "layers")");
  expectError(R"({"name": "m", "inputs": [], "layers": []})", "the model has no inputs");
  expectError(model("[2]", ""), "the model has no layers");
  expectError(model("[2]", kDense, R"(, "layer": 3)"),
              R"(unknown key "layer"; did you mean "layers"?)");
  expectError(model("[2]", kDense, R"(, "dlc": 2)"), R"("dlc" is the version of the format)");
  expectError(model("[2]", kDense, R"(, "weights": 7)"), R"("weights" must be a string, not 7)");
  expectError(model("[2]", kDense, R"(, "weights": "")"), "path of a safetensors file");
  expectError(model("[2]", kDense, R"(, "train": [])"), R"("train" must be an object, not a list)");
  expectError(model("[2]", kDense, R"(, "train": {"optimiser": "SGD"})"),
              R"(train: unknown key "optimiser"; did you mean "optimizer"?)");
}

TEST(Errors, ModelNames) {
  auto named = [](std::string name) {
    return R"({"name": ")" + name + R"(", "inputs": [{"name": "x", "shape": [2]}], "layers": [)" +
           kDense + "]}";
  };
  expectError(named(""), "must have 1 to 64 characters");
  expectError(named(std::string(65, 'a')), "must have 1 to 64 characters");
  expectError(named("../net"), "must not be a path");
  expectError(named("a\\\\b"), "must not be a path");
  expectError(named("net;rm"), "made of letters, digits");
  expectError(named(".."), "made of letters, digits");
  expectError(named("caf\xC3\xA9"), "made of letters, digits");
  EXPECT_TRUE(Imported(named("My net-2.0")).ok());
}

TEST(Errors, Inputs) {
  auto input = [](std::string entry) {
    return R"({"name": "m", "inputs": [)" + entry + R"(], "layers": [)" + kDense + "]}";
  };
  expectError(input("3"), "an input must be an object, not 3");
  expectError(input(R"({"name": "x"})"), R"(an input needs "name" and "shape")");
  expectError(input(R"({"name": "x", "shape": [2], "type": "f"})"), R"(input: unknown key "type")");
  expectError(input(R"({"name": "a/b", "shape": [2]})"), "an input's name must be made of");
  expectError(input(R"({"name": "x", "shape": 2})"), R"("shape" must be a list of 1 to 7 extents)");
  expectError(input(R"({"name": "x", "shape": []})"),
              R"("shape" must be a list of 1 to 7 extents)");
  expectError(input(R"({"name": "x", "shape": [1,1,1,1,1,1,1,1]})"), "1 to 7 extents");
  expectError(input(R"({"name": "x", "shape": [0]})"),
              "must be an integer between 1 and 2147483647");
  expectError(input(R"({"name": "x", "shape": [-3]})"), "not -3");
  expectError(input(R"({"name": "x", "shape": [1e3]})"), "not 1e3");
  expectError(input(R"({"name": "x", "shape": [2.0]})"), "not 2.0");
  expectError(input(R"({"name": "x", "shape": [null]})"), "not null");
  expectError(input(R"({"name": "x", "shape": [2147483648]})"), "not 2147483648");
  expectError(input(R"({"name": "x", "shape": [99999999999999999999]})"),
              "not 99999999999999999999");
  expectError(input(R"({"name": "x", "shape": [2000000000, 2000000000, 2000000000]})"),
              "more elements than 1 TiB can hold");
  expectError(input(R"({"name": "x", "shape": [2], "dtype": "float16"})"),
              R"("dtype" must be "float32", "uint8", "int32" or "int64", not "float16")");
  expectError(input(R"({"name": "x", "shape": [2]}, {"name": "x", "shape": [2]})"),
              R"(the name "x" is used twice)");
}

TEST(Errors, UnusedInput) {
  expectError(R"({"name": "m", "inputs": [{"name": "x", "shape": [2]}, {"name": "y", "shape": [2]}],
                  "layers": [{"type": "Dense", "units": 2, "from": "x"}]})",
              R"(input "y": no output depends on it)");
}

TEST(Errors, UnknownLayerAndKey) {
  expectLayerError(
      R"({"type": "Conv2d", "filters": 3, "kernel_size": 3})",
      R"(2:10: error: layer "conv2d": unknown layer "Conv2d"; did you mean "Conv2D"?)");
  expectLayerError(R"({"type": "Frobnicate"})", R"(unknown layer "Frobnicate")");
  expectLayerError(R"({"type": 3})", "unknown layer 3");
  expectLayerError(
      R"({"type": "Conv2D", "name": "c1", "filter": 3, "filters": 3, "kernel_size": 3})",
      R"(2:34: error: layer "c1": unknown key "filter"; did you mean "filters"?)");
  expectLayerError(R"({"name": "c1"})", R"(layer "c1": needs one of "type", "repeat" and "block")");
  expectLayerError("7", "a layer must be an object, not 7");
}

TEST(Errors, EveryMistakeIsReported) {
  Imported m(model("[4]", R"({"type": "Dense", "units": 0},
{"type": "Dense", "unit": 2, "units": 2},
{"type": "Flaten"})"));
  EXPECT_THAT(m.messages, ElementsAre(HasSubstr("2:28: error:"), HasSubstr("3:19: error:"),
                                      HasSubstr("4:10: error:")));
}

TEST(Errors, MissingField) {
  expectLayerError(R"({"type": "Dense"})",
                   R"(2:1: error: layer "dense": needs "units", an integer of at least 1)");
  expectLayerError(R"({"type": "Conv2D", "filters": 3})", R"(needs "kernel_size")");
}

TEST(Errors, WrongTypes) {
  auto conv = [](std::string fields) {
    return R"({"type": "Conv2D", "name": "c", "filters": 4, "kernel_size": 3, )" + fields + "}";
  };
  expectLayerError(R"({"type": "Dense", "units": "ten"})",
                   R"("units" must be an integer of at least 1, not "ten")");
  expectLayerError(R"({"type": "Dense", "units": 1.5})", "not 1.5");
  expectLayerError(R"({"type": "Dense", "units": 1e3})", "not 1e3");
  expectLayerError(conv(R"("strides": [1])"), "or a pair [height, width] of them, not a list");
  expectLayerError(conv(R"("strides": [1, "2"])"), "not a list");
  expectLayerError(conv(R"("use_bias": 1)"), R"("use_bias" must be true or false, not 1)");
  expectLayerError(conv(R"("padding": "sme")"),
                   R"("padding" must be "valid" or "same" or [[top, bottom], [left, right]], not )"
                   R"("sme"; did you mean "same"?)");
  expectLayerError(conv(R"("padding": [1, 1])"), "[[top, bottom], [left, right]], not a list");
  expectLayerError(conv(R"("padding": [[1, -1], [1, 1]])"), "not a list");
  expectLayerError(conv(R"("activation": "rleu")"), R"(did you mean "relu"?)");
  expectLayerError(conv(R"("activation": null)"), "not null");
  expectLayerError(conv(R"("data_format": "NCHW")"), R"("channels_last" or "channels_first")");
  expectLayerError(R"({"type": "Rescaling", "scale": 1e39})", "must be a number");
  expectLayerError(R"({"type": "Rescaling", "scale": []})", "not a list");
  expectLayerError(R"({"type": "Dense", "units": 3, "trainable": "no"})",
                   R"("trainable" must be true or false)");
}

TEST(Errors, Sizes) {
  expectLayerError(R"({"type": "Dense", "units": 0})", "must be an integer of at least 1, not 0");
  expectLayerError(R"({"type": "Dense", "units": -5})", "not -5");
  expectLayerError(R"({"type": "Dense", "units": 2147483648})", "the largest is 2147483647");
  expectLayerError(R"({"type": "Dense", "units": 2147483647})",
                   R"(layer "dense": its kernel would be larger than 1 TiB)", "[1000000]");
  expectLayerError(R"({"type": "Dense", "units": 2000000000})", "at most 1 TiB", "[100000, 1]");
  expectLayerError(R"({"type": "Conv2D", "filters": 3, "kernel_size": 0})", "not 0");
  expectLayerError(R"({"type": "Conv2D", "filters": 3, "kernel_size": 3, "strides": 0})", "not 0");
  expectLayerError(R"({"type": "Conv2D", "filters": 3, "kernel_size": 3, "dilation_rate": -1})",
                   "not -1");
  expectLayerError(
      R"({"type": "DepthwiseConv2D", "kernel_size": 3, "depth_multiplier": 2000000000})",
      "3 channels times 2000000000 are too many");
  expectLayerError(R"({"type": "ChannelPad", "after": 2147483647})", "extents up to 2147483647");
  expectLayerError(R"({"type": "Conv2D", "filters": 1000000, "kernel_size": 1},
{"type": "Conv2D", "filters": 65535, "kernel_size": 1, "padding": [[65535, 65535], [65535, 65535]]})",
                   "at most 1 TiB");
  expectLayerError(R"({"type": "Conv2D", "filters": 1, "kernel_size": 65535, "padding": "same"})",
                   "more than 64 bits can count", "[524288, 524288, 1]");
}

TEST(Errors, BatchTooLarge) {
  ImportOptions options;
  options.batch = int64_t(1) << 30;
  Imported m(model("[100000]", kDense), options);
  EXPECT_THAT(m.messages, ElementsAre(HasSubstr(R"(input "x": a batch of 1073741824 is larger)")));
}

TEST(Errors, ShapesThatDoNotFit) {
  expectLayerError(
      R"({"type": "Conv2D", "name": "c1", "filters": 4, "kernel_size": 9})",
      R"(2:1: error: layer "c1": a window of height 9 does not fit an image of height 8)");
  expectLayerError(R"({"type": "MaxPooling2D", "pool_size": [1, 9]})",
                   "a window of width 9 does not fit");
  expectLayerError(R"({"type": "MaxPooling2D", "pool_size": 2, "padding": [[2, 0], [0, 0]]})",
                   "must be smaller than the pooling window");
  expectLayerError(R"({"type": "Conv2D", "filters": 4, "kernel_size": 3})",
                   "needs an image [height, width, channels], but its input has shape [8]", "[8]");
  expectLayerError(
      R"({"type": "Conv2D", "filters": 4, "kernel_size": 3, "data_format": "channels_first"})",
      "needs an image [channels, height, width]", "[8]");
  expectLayerError(R"({"type": "Conv2D", "filters": 4, "kernel_size": 3, "groups": 2})",
                   "groups = 2 must divide the 3 input channels and the 4 filters");
  expectLayerError(
      R"({"type": "Conv2D", "name": "a", "filters": 4, "kernel_size": 1},
{"type": "Add", "from": ["a", "x"]})",
      "its inputs need one shape, but input 1 has [8, 8, 4] and input 2 has [8, 8, 3]");
  expectLayerError(R"({"type": "MaxPooling2D", "name": "a"},
{"type": "Concatenate", "from": ["a", "x"]})",
                   "differ elsewhere");
  expectLayerError(R"({"type": "Reshape", "target_shape": [5, -1]})",
                   "192 elements do not fill it");
  expectLayerError(R"({"type": "Reshape", "target_shape": [-1, -1]})", "may have one -1 only");
  expectLayerError(R"({"type": "Reshape", "target_shape": [0]})", "must not be 0");
  expectLayerError(R"({"type": "Reshape", "target_shape": []})", "1 to 7 extents");
  expectLayerError(R"({"type": "Reshape", "target_shape": [2000000000, 2000000000, 2000000000]})",
                   "more elements than the input's 192");
  expectLayerError(R"({"type": "Rescaling", "scale": [1, 2]})",
                   R"("scale" has 2 numbers, but the last dimension has 3)");
}

TEST(Errors, UnsupportedValues) {
  expectLayerError(R"({"type": "BatchNormalization", "axis": 1})",
                   "axis 1 is not supported: use the last dimension (-1), or 1 behind a "
                   "channels_first layer");
  expectLayerError(R"({"type": "Softmax", "axis": 0})", "0 is the batch");
  expectLayerError(R"({"type": "Softmax", "axis": 1})", "axis 1 is not supported");
  expectLayerError(R"({"type": "Concatenate", "axis": 4, "from": ["x", "x"]})",
                   "must lie between 1 and 3");
  expectLayerError(R"({"type": "LRN", "size": 4})", R"("size" must be odd)");
  expectLayerError(R"({"type": "Dropout", "rate": 1})", R"("rate" must be less than 1)");
  expectLayerError(R"({"type": "Dropout", "rate": -0.1})", "a number between 0 and 1");
  expectLayerError(R"({"type": "ReLU", "max_value": -1})", "a number of at least 0, or null");
}

TEST(Errors, Names) {
  expectLayerError(R"({"type": "Flatten", "name": "a/b"})", "a layer's name must be made of");
  expectLayerError(R"({"type": "Flatten", "name": ""})", "a layer's name must be made of");
  expectLayerError(R"({"type": "Flatten", "name": 3})", "not 3");
  expectLayerError(R"({"type": "Flatten", "name": ")" + std::string(129, 'a') + "\"}",
                   "(at most 128)");
  expectLayerError(R"({"type": "Flatten", "name": "a"},
{"type": "Flatten", "name": "a"})",
                   R"(3:29: error: the name "a" is used twice)");
  expectLayerError(R"({"type": "Flatten", "name": "x"})", R"(the name "x" is used twice)");
}

TEST(Errors, From) {
  expectLayerError(R"({"type": "Flatten", "name": "flat", "from": "y"})",
                   R"(2:45: error: layer "flat": there is no layer or input "y")");
  expectLayerError(R"({"type": "Flatten", "name": "flat"},
{"type": "Dense", "units": 3, "from": "flta"})",
                   R"(did you mean "flat"?)");
  expectLayerError(R"({"type": "Flatten", "name": "f", "from": "f"})",
                   R"(layer "f": reads itself)");
  expectLayerError(R"({"type": "Flatten", "name": "a", "from": "b"},
{"type": "Flatten", "name": "b", "from": "x"})",
                   R"(layer "a": reads "b", which comes later; move it before this layer)");
  expectLayerError(R"({"type": "Flatten", "name": "a", "from": "c"},
{"type": "Flatten", "name": "b"}, {"type": "Flatten", "name": "c"})",
                   R"(layer "a": reads "c", which depends on this layer: a cycle)");
  expectLayerError(R"({"type": "Flatten", "from": []})", R"("from" names no layer)");
  expectLayerError(R"({"type": "Flatten", "from": 3})",
                   R"("from" must be a layer's name or a list)");
  expectLayerError(R"({"type": "Flatten", "from": ["x", null]})", "not null");
  expectLayerError(R"({"type": "Flatten", "from": ["x", "x"]})",
                   "Flatten takes exactly 1 input, not 2");
  expectLayerError(R"({"type": "Add"})", "Add takes at least 2 inputs, not 1");
  expectLayerError(R"({"type": "Subtract", "from": ["x", "x", "x"]})",
                   "takes exactly 2 inputs, not 3");
  expectLayerError(R"({"type": "Flatten", "from": "@in"})", "this layer is in neither");
}

TEST(Errors, SeveralInputsNeedAFrom) {
  expectError(R"({"name": "m", "inputs": [{"name": "x", "shape": [2]}, {"name": "y", "shape": [2]}],
                  "layers": [{"type": "Dense", "units": 2}]})",
              R"(needs "from": the model has 2 inputs)");
}

TEST(Errors, Outputs) {
  expectLayerError(kDense, R"("outputs" must be a list)", "[4]", R"(, "outputs": "d")");
  expectLayerError(kDense, R"("outputs" must be a list)", "[4]", R"(, "outputs": [])");
  expectLayerError(kDense, "an output must be a layer's name, not 3", "[4]", R"(, "outputs": [3])");
  expectLayerError(kDense, R"(there is no layer or input "e")", "[4]", R"(, "outputs": ["e"])");
  expectLayerError(kDense, R"("x" is an input)", "[4]", R"(, "outputs": ["x"])");
  expectLayerError(kDense, R"(the output "d" is listed twice)", "[4]",
                   R"(, "outputs": ["d", "d"])");
}

TEST(Errors, Share) {
  std::string two = R"({"type": "Dense", "name": "a", "units": 4}, )";
  expectLayerError(two + R"({"type": "Dense", "units": 4, "share": "b"})", "there is no layer",
                   "[4]");
  expectLayerError(two + R"({"type": "Dense", "units": 4, "share": 1})",
                   R"("share" must be a layer's name)", "[4]");
  expectLayerError(two + R"({"type": "Flatten", "share": "a"})",
                   R"(is a Flatten and cannot share the weights of "a")", "[4]");
  expectLayerError(R"({"type": "Dense", "name": "a", "units": 4, "share": "a"})",
                   "must name an earlier layer", "[4]");
  expectLayerError(two + R"({"type": "Dense", "units": 5, "share": "a"})",
                   R"(shares the weights of "a", whose kernel is [4, 4], but needs [4, 5])", "[4]");
  expectLayerError(R"({"type": "Dense", "name": "a", "units": 4, "use_bias": false},
{"type": "Dense", "units": 4, "share": "a"})",
                   R"(shares the weights of "a", which has no bias)", "[4]");
  for (const char *key : {R"("trainable": false)", R"("kernel_regularizer": {"l2": 1})",
                          R"("bias_initializer": "ones")"})
    expectLayerError(two + R"({"type": "Dense", "units": 4, "share": "a", )" + key + "}",
                     "belongs to the layer that owns the shared weights", "[4]");
}

TEST(Errors, UnusedLayerIsAWarning) {
  Imported m(model("[4]", R"({"type": "Dense", "name": "a", "units": 2},
{"type": "Dense", "name": "b", "units": 2})",
                   R"(, "outputs": ["a"])"));
  EXPECT_TRUE(m.ok());
  EXPECT_THAT(m.messages,
              ElementsAre(HasSubstr(R"(3:1: warning: layer "b": no output depends on it)")));
}

TEST(Errors, AVerifiersMessageNamesTheLayer) {
  Imported m(model("[8, 8, 3]", R"({"type": "Concatenate", "name": "cat", "axis": 2,
  "from": ["x", "x"]},
{"type": "DepthwiseConv2D", "name": "dw", "kernel_size": 20})"));
  EXPECT_THAT(m.messages,
              ElementsAre(HasSubstr(R"(4:1: error: layer "dw": a window of height 20)")));
}

} // namespace
