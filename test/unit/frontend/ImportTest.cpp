//===- ImportTest.cpp - the signature and body of @forward --------------------------===//

#include "TestModel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace dlc::frontend;
using namespace dlc::frontend::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(Import, SignatureAndAttributes) {
  Imported m(model("[8, 8, 3]", R"({"type": "Conv2D", "name": "c", "filters": 4, "kernel_size": 3},
    {"type": "BatchNormalization", "name": "bn"}, {"type": "Flatten"},
    {"type": "Dense", "name": "out", "units": 2, "trainable": false})"));
  ASSERT_TRUE(m.ok());
  EXPECT_THAT(m.messages, ElementsAre());
  std::string ir = m.ir();
  EXPECT_THAT(ir, HasSubstr(R"(module attributes {nn.model = "m"})"));
  EXPECT_THAT(ir, HasSubstr(R"(func.func @forward(%arg0: index {nn.batch}, )"
                            R"(%arg1: tensor<?x8x8x3xf32> {nn.input = "x"}, )"
                            R"(%arg2: tensor<3x3x3x4xf32> {nn.param = "c/kernel", nn.trainable}, )"
                            R"(%arg3: tensor<4xf32> {nn.param = "c/bias", nn.trainable}, )"
                            R"(%arg4: tensor<4xf32> {nn.param = "bn/gamma", nn.trainable}, )"
                            R"(%arg5: tensor<4xf32> {nn.param = "bn/beta", nn.trainable}, )"
                            R"(%arg6: tensor<4xf32> {nn.param = "bn/moving_mean", nn.state}, )"
                            R"(%arg7: tensor<4xf32> {nn.param = "bn/moving_variance", nn.state}, )"
                            R"(%arg8: tensor<144x2xf32> {nn.param = "out/kernel"}, )"
                            R"(%arg9: tensor<2xf32> {nn.param = "out/bias"}) )"
                            R"(-> (tensor<?x2xf32> {nn.output = "out"}))"));
}

TEST(Import, StaticBatch) {
  ImportOptions options;
  options.batch = 5;
  Imported m(model("[3]", R"({"type": "Dense", "units": 2})"), options);
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m.argument("nn.input", "x"), "tensor<5x3xf32>");
  EXPECT_THAT(m.results(), ElementsAre("tensor<5x2xf32>"));
}

TEST(Import, IntegerInputsAreCast) {
  for (auto [dtype, type] : {std::pair{"uint8", "ui8"}, {"int32", "i32"}, {"int64", "i64"}}) {
    Imported m(std::string(R"({"name": "m", "inputs": [{"name": "x", "shape": [3], "dtype": ")") +
               dtype + R"("}], "layers": [{"type": "ReLU"}]})");
    ASSERT_TRUE(m.ok());
    EXPECT_EQ(m.argument("nn.input", "x"), std::string("tensor<?x3x") + type + ">");
    EXPECT_THAT(m.ir(), HasSubstr("nn.cast"));
  }
}

TEST(Import, SeveralInputsAndOutputs) {
  Imported m(R"({"name": "m", "inputs": [{"name": "a", "shape": [3]}, {"name": "b", "shape": [4]}],
    "layers": [{"type": "Dense", "name": "p", "units": 2, "from": "a"},
               {"type": "Dense", "name": "q", "units": 2, "from": "b"},
               {"type": "Add", "name": "s", "from": ["p", "q"]}], "outputs": ["s", "p"]})");
  ASSERT_TRUE(m.ok());
  EXPECT_THAT(
      m.ir(),
      HasSubstr(R"((tensor<?x2xf32> {nn.output = "s"}, tensor<?x2xf32> {nn.output = "p"}))"));
}

TEST(Import, SharedWeightsAreOneArgument) {
  Imported m(model("[4]", R"({"type": "Dense", "name": "a", "units": 4},
    {"type": "Dense", "name": "b", "units": 4, "share": "a"},
    {"type": "Dense", "name": "c", "units": 4, "share": "b"})"));
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m.module->lookupSymbol<func::FuncOp>("forward").getNumArguments(), 4u);
  EXPECT_EQ(m.info.layers[1].parameters, 0);
  EXPECT_THAT(m.info.json, HasSubstr(R"("share": "a")"));
}

TEST(Import, OpsKnowLayerAndLine) {
  Imported m(model(
      "[4]", "{\"type\": \"Flatten\"},\n  {\"type\": \"Dense\", \"name\": \"d\", \"units\": 4}"));
  ASSERT_TRUE(m.ok());
  std::string places;
  llvm::raw_string_ostream os(places);
  m.module->lookupSymbol("forward")->walk([&](Operation *op) {
    if (op->getName().getDialectNamespace() == "nn")
      os << op->getLoc();
  });
  EXPECT_EQ(places, R"(loc("flatten"("dir/model.json":2:1))loc("d"("dir/model.json":3:3)))");
}

TEST(Import, ChannelsFirstIsTransposedAtTheBoundaryOnly) {
  Imported m(model("[3, 8, 8]", R"(
    {"type": "Conv2D", "name": "c", "filters": 4, "kernel_size": 3, "data_format": "channels_first"},
    {"type": "BatchNormalization", "axis": 1}, {"type": "ReLU"},
    {"type": "MaxPooling2D", "data_format": "channels_first"},
    {"type": "Concatenate", "axis": 1, "from": ["max_pooling2d", "max_pooling2d"]})"));
  ASSERT_TRUE(m.ok());
  EXPECT_THAT(m.results(), ElementsAre("tensor<?x8x3x3xf32>"));
  EXPECT_EQ(m.argument("nn.param", "c/kernel"), "tensor<3x3x3x4xf32>");
  unsigned transposes = 0;
  m.module->walk(
      [&](Operation *op) { transposes += op->getName().getStringRef() == "nn.transpose"; });
  EXPECT_EQ(transposes, 2u);
  EXPECT_EQ(m.info.layers.back().shape, (std::vector<int64_t>{8, 3, 3}));
}

TEST(Import, ChannelsFirstMeetsLayersThatReadTheModelsOrder) {
  Imported m(model("[3, 4, 5]", R"(
    {"type": "Conv2D", "filters": 2, "kernel_size": 1, "data_format": "channels_first"},
    {"type": "Softmax"}, {"type": "Flatten"})"));
  ASSERT_TRUE(m.ok());
  EXPECT_THAT(m.ir(), HasSubstr("nn.softmax %2 : tensor<?x2x4x5xf32>"));
  EXPECT_THAT(m.results(), ElementsAre("tensor<?x40xf32>"));
}

TEST(Import, ModelInfo) {
  Imported m(model("[4]", R"({"type": "Dense", "units": 4})", R"(, "weights": "w.safetensors",
    "train": {"loss": "mse", "optimizer": {"type": "SGD", "learning_rate": 0.01}})"));
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m.info.name, "m");
  EXPECT_EQ(m.info.weights, "dir/w.safetensors");
  EXPECT_THAT(m.info.json, HasSubstr(R"("weights": "w.safetensors")"));
  EXPECT_THAT(m.info.json, HasSubstr(R"("train": {"loss": "mse")"));
}

TEST(Import, CanonicalJsonMeansTheSame) {
  Imported m(
      model("[8, 8, 3]", R"({"type": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "same"},
    {"repeat": 2, "name": "r", "layers": [{"type": "AvgPool2D"}]}, {"type": "ReLU"}, {"type": "Flatten"},
    {"type": "Rescaling", "scale": 0.5})"));
  ASSERT_TRUE(m.ok());
  Imported again(m.info.json);
  ASSERT_TRUE(again.ok()) << again.messages.front();
  EXPECT_EQ(again.ir(), m.ir());
  EXPECT_EQ(again.info.json, m.info.json);
  EXPECT_THAT(m.info.json,
              HasSubstr(R"("type": "AveragePooling2D", "name": "r_0_average_pooling2d")"));
  EXPECT_THAT(m.info.json, HasSubstr(R"("strides": null)"));
}

} // namespace
