//===- LayersTest.cpp - each layer's ops --------------------------------------------===//

#include "TestModel.h"
#include "compiler/frontend/LayerTable.h"

using namespace dlc::frontend;
using namespace dlc::frontend::test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

// Imports one layer and expects its op and the type of its result.
void expectLayer(const char *shape, const std::string &layer, const std::string &op,
                 const std::string &result) {
  Imported m(model(shape, layer));
  ASSERT_TRUE(m.ok()) << layer << "\n" << (m.messages.empty() ? "" : m.messages.front());
  EXPECT_THAT(m.ir(), HasSubstr(op)) << layer;
  EXPECT_THAT(m.results(), ElementsAre("tensor<?x" + result + "xf32>")) << layer;
}

TEST(Layers, Dense) {
  expectLayer("[7]", R"({"type": "Dense", "units": 3})", "nn.dense %arg1, %arg2, %arg3", "3");
  expectLayer("[5, 7]", R"({"type": "Dense", "units": 3, "use_bias": false})",
              "nn.dense %arg1, %arg2 :", "5x3");
  expectLayer("[7]", R"({"type": "Dense", "units": 3, "activation": "softmax"})", "nn.softmax",
              "3");
}

TEST(Layers, Conv2D) {
  auto conv = [](std::string rest) {
    return R"({"type": "Conv2D", "filters": 4, "kernel_size": 3)" + rest + "}";
  };
  expectLayer("[8, 9, 2]", conv(""), "padding = array<i64: 0, 0, 0, 0>", "6x7x4");
  expectLayer("[8, 9, 2]", conv(R"(, "padding": "same")"), "padding = array<i64: 1, 1, 1, 1>",
              "8x9x4");
  // Keras puts the odd row and column behind the image.
  expectLayer("[8, 9, 2]", conv(R"(, "padding": "same", "strides": 2)"),
              "padding = array<i64: 0, 1, 1, 1>", "4x5x4");
  expectLayer("[8, 9, 2]", conv(R"(, "padding": [[1, 2], [3, 4]])"),
              "padding = array<i64: 1, 2, 3, 4>", "9x14x4");
  expectLayer("[8, 9, 2]", conv(R"(, "dilation_rate": [2, 1], "padding": "same")"),
              "padding = array<i64: 2, 2, 1, 1>", "8x9x4");
  expectLayer("[8, 9, 2]", conv(R"(, "groups": 2, "use_bias": false)"), "groups = 2", "6x7x4");
  expectLayer("[8, 9, 2]", conv(R"(, "strides": [1, 3], "activation": "relu")"), "nn.relu",
              "6x3x4");
}

TEST(Layers, DepthwiseConv2D) {
  Imported m(model("[8, 8, 3]", R"({"type": "DepthwiseConv2D", "name": "d", "kernel_size": [3, 2],
                                    "depth_multiplier": 2})"));
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m.argument("nn.param", "d/kernel"), "tensor<3x2x3x2xf32>");
  EXPECT_EQ(m.argument("nn.param", "d/bias"), "tensor<6xf32>");
  EXPECT_THAT(m.results(), ElementsAre("tensor<?x6x7x6xf32>"));
}

TEST(Layers, Pooling) {
  expectLayer("[8, 8, 3]", R"({"type": "MaxPooling2D"})",
              "kind = #nn.pool<max>, padding = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>, "
              "window = array<i64: 2, 2>",
              "4x4x3");
  expectLayer("[7, 7, 3]", R"({"type": "MaxPooling2D", "ceil_mode": true})", "ceil_mode", "4x4x3");
  expectLayer("[7, 7, 3]",
              R"({"type": "MaxPooling2D", "pool_size": 3, "strides": 1, "padding": "same"})",
              "padding = array<i64: 1, 1, 1, 1>", "7x7x3");
  expectLayer("[8, 8, 3]", R"({"type": "AveragePooling2D", "padding": [[1, 1], [0, 0]],
                               "count_include_pad": true})",
              "count_include_pad", "5x4x3");
  expectLayer("[8, 8, 3]", R"({"type": "GlobalAveragePooling2D"})", "#nn.pool<avg>", "3");
  expectLayer("[8, 8, 3]", R"({"type": "GlobalMaxPooling2D", "keepdims": true})", "#nn.pool<max>",
              "1x1x3");
  expectLayer("[3, 8, 8]", R"({"type": "GlobalMaxPooling2D", "keepdims": true,
                               "data_format": "channels_first"})",
              "#nn.pool<max>", "3x1x1");
}

TEST(Layers, Shapes) {
  expectLayer("[2, 3, 4]", R"({"type": "Flatten"})", "nn.reshape", "24");
  expectLayer("[2, 3, 4]", R"({"type": "Reshape", "target_shape": [4, -1]})", "nn.reshape", "4x6");
  expectLayer("[2, 3, 4]", R"({"type": "Reshape", "target_shape": [6, 4]})", "nn.reshape", "6x4");
  expectLayer("[2, 3, 4]", R"({"type": "ZeroPadding2D"})", "low = array<i64: 0, 1, 1, 0>", "4x5x4");
  expectLayer("[2, 3, 4]", R"({"type": "ZeroPadding2D", "padding": [2, 0]})",
              "low = array<i64: 0, 2, 0, 0>", "6x3x4");
  expectLayer("[2, 3, 4]", R"({"type": "ZeroPadding2D", "padding": [[0, 1], [2, 3]]})",
              "high = array<i64: 0, 1, 3, 0>, low = array<i64: 0, 0, 2, 0>", "3x8x4");
  expectLayer("[2, 3, 4]", R"({"type": "ChannelPad", "before": 1, "after": 2})",
              "high = array<i64: 0, 0, 0, 2>, low = array<i64: 0, 0, 0, 1>", "2x3x7");
  expectLayer("[4, 2, 3]", R"({"type": "ChannelPad", "after": 2, "data_format": "channels_first"})",
              "nn.pad", "6x2x3");
  expectLayer("[2, 3]", R"({"type": "Concatenate", "from": ["x", "x", "x"]})", "axis = 2", "2x9");
  expectLayer("[2, 3]", R"({"type": "Concatenate", "axis": 1, "from": ["x", "x"]})", "axis = 1",
              "4x3");
}

TEST(Layers, Normalisation) {
  expectLayer("[4, 4, 3]", R"({"type": "BatchNormalization"})", "epsilon = 1.000000e-03", "4x4x3");
  expectLayer("[3]",
              R"({"type": "BatchNormalization", "center": false, "scale": false, "axis": 1})",
              "arith.constant dense<1.000000e+00> : tensor<3xf32>", "3");
  expectLayer("[4, 4, 3]",
              R"({"type": "LocalResponseNormalization", "region": "within", "size": 3})",
              "alpha = 9.99999974E-5 : f32, beta = 7.500000e-01 : f32, bias = 1.000000e+00 : f32, "
              "region = #nn.region<within>, size = 3",
              "4x4x3");
  expectLayer("[4, 4, 3]", R"({"type": "Rescaling", "scale": 0.5})",
              "nn.affine %arg1, %cst :", "4x4x3");
  expectLayer("[2]", R"({"type": "Rescaling", "scale": 2, "offset": [1, -1]})",
              "dense<[1.000000e+00, -1.000000e+00]>", "2");
  expectLayer("[2]", R"({"type": "Normalization", "mean": [1, 2], "variance": 4})",
              "dense<[-5.000000e-01, -1.000000e+00]>", "2");
  // A variance of zero divides by Keras's epsilon.
  expectLayer("[1]", R"({"type": "Normalization", "mean": 0, "variance": 0})",
              "dense<1.000000e+07>", "1");
}

TEST(Layers, HugeConstantsAreNotWrittenOut) {
  expectLayer("[2000000000]", R"({"type": "Rescaling", "scale": 2})", "dense<2.000000e+00>",
              "2000000000");
}

TEST(Layers, Merging) {
  for (auto [type, op] : {std::pair{"Add", "nn.add"},
                          {"Multiply", "nn.mul"},
                          {"Maximum", "nn.maximum"},
                          {"Minimum", "nn.minimum"},
                          {"Subtract", "nn.sub"}})
    expectLayer("[3]", std::string(R"({"type": ")") + type + R"(", "from": ["x", "x"]})", op, "3");
  Imported m(model("[3]", R"({"type": "Add", "from": ["x", "x", "x"]})"));
  EXPECT_THAT(m.ir(), AllOf(HasSubstr("%0 = nn.add %arg1, %arg1"), HasSubstr("nn.add %0, %arg1")));
}

TEST(Layers, Activations) {
  for (auto [function, op] : {std::pair{"linear", "return %arg1"},
                              {"relu", "nn.relu"},
                              {"relu6", "max_value = 6.0"},
                              {"leaky_relu", "negative_slope = 2.000000e-01"},
                              {"sigmoid", "nn.sigmoid"},
                              {"tanh", "nn.tanh"},
                              {"softmax", "nn.softmax %arg1 :"},
                              {"log_softmax", "nn.softmax %arg1 {log}"},
                              {"elu", "nn.elu"},
                              {"exponential", "nn.exp"},
                              {"gelu", "nn.gelu"},
                              {"silu", "nn.swish"},
                              {"swish", "nn.swish"},
                              {"hard_sigmoid", "nn.hard_sigmoid"},
                              {"softplus", "nn.softplus"},
                              {"sign", "nn.sign"}})
    expectLayer("[3]", std::string(R"({"type": "Activation", "activation": ")") + function + "\"}",
                op, "3");
  expectLayer("[3]", R"({"type": "ReLU", "max_value": 6, "negative_slope": 0.5, "threshold": 1})",
              "max_value = 6.000000e+00 : f32, negative_slope = 5.000000e-01 : f32, threshold = "
              "1.000000e+00 : f32",
              "3");
  expectLayer("[3]", R"({"type": "LeakyReLU"})", "negative_slope = 3.000000e-01", "3");
  expectLayer("[3]", R"({"type": "RReLU", "upper": 0.25})",
              "lower = 1.250000e-01 : f32, upper = 2.500000e-01", "3");
  expectLayer("[3]", R"({"type": "Softmax", "axis": 1})", "nn.softmax", "3");
  expectLayer("[3]", R"({"type": "Dropout", "rate": 0.5})", "nn.dropout", "3");
}

TEST(Layers, RowsAreSound) {
  for (const LayerType &type : layerTypes()) {
    EXPECT_EQ(findLayerType(type.name), &type);
    EXPECT_FALSE(type.doc.empty());
    EXPECT_LE(type.minInputs, type.maxInputs);
    for (const Field &field : type.fields) {
      EXPECT_FALSE(field.doc.empty()) << type.name.str() << "." << field.name.str();
      if (field.isRequired())
        continue;
      // Each default passes its own field's check.
      llvm::SourceMgr sources;
      Messages messages(sources);
      FieldValue value;
      EXPECT_TRUE(
          succeeded(decodeField(messages, "", field, json::readLiteral(field.fallback), value)))
          << type.name.str() << "." << field.name.str();
    }
  }
}

} // namespace
