//===- ExpandTest.cpp - repetitions, blocks and names -------------------------------===//

#include "TestModel.h"

using namespace dlc::frontend;
using namespace dlc::frontend::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::vector<std::string> names(const Imported &m) {
  std::vector<std::string> list;
  for (const LayerInfo &layer : m.info.layers)
    list.push_back(layer.name);
  return list;
}

void expectError(const std::string &layers, const std::string &text, const std::string &rest = "") {
  Imported m(model("[4]", layers, rest));
  EXPECT_FALSE(m.ok());
  EXPECT_THAT(m.messages, ElementsAre(HasSubstr(text))) << layers;
}

TEST(Names, AutomaticNamesAreKeras) {
  Imported m(model("[8, 8, 3]", R"(
    {"type": "Conv2D", "filters": 3, "kernel_size": 1}, {"type": "Conv2D", "filters": 3, "kernel_size": 1},
    {"type": "MaxPool2D"}, {"type": "BatchNormalization"}, {"type": "ReLU"}, {"type": "LeakyReLU"},
    {"type": "DepthwiseConv2D", "kernel_size": 1}, {"type": "GlobalAveragePooling2D"})"));
  EXPECT_THAT(names(m),
              ElementsAre("conv2d", "conv2d_1", "max_pooling2d", "batch_normalization", "re_lu",
                          "leaky_re_lu", "depthwise_conv2d", "global_average_pooling2d"));
}

TEST(Names, AutomaticNamesKeepClearOfGivenOnes) {
  Imported m(model("[4]", R"({"type": "Flatten"}, {"type": "Flatten", "name": "flatten"},
                             {"type": "Flatten"})"));
  EXPECT_THAT(names(m), ElementsAre("flatten_1", "flatten", "flatten_2"));
}

TEST(Repeat, ExpandsWithPrefixes) {
  Imported m(model("[4]", R"({"repeat": 2, "name": "stage", "layers": [
    {"type": "Dense", "name": "d", "units": 4}, {"type": "ReLU", "name": "r", "from": "d"},
    {"type": "Add", "from": ["r", "@in"]}]}, {"type": "Flatten"})"));
  ASSERT_TRUE(m.ok());
  EXPECT_THAT(names(m), ElementsAre("stage_0_d", "stage_0_r", "stage_0_add", "stage_1_d",
                                    "stage_1_r", "stage_1_add", "flatten"));
  EXPECT_EQ(m.argument("nn.param", "stage_1_d/kernel"), "tensor<4x4xf32>");
  EXPECT_THAT(m.info.json,
              HasSubstr(R"("name": "stage_1_add", "from": ["stage_1_r", "stage_0_add"])"));
}

TEST(Repeat, NestsAndReadsOutward) {
  Imported m(model("[4]", R"({"type": "Dense", "name": "stem", "units": 4},
    {"repeat": 2, "name": "a", "layers": [{"type": "ReLU", "name": "n"},
      {"repeat": 2, "name": "b", "layers": [{"type": "Add", "name": "s", "from": ["stem", "n", "@in"]}]}]},
    {"type": "Add", "from": ["a", "a_0_b_1_s"]})"));
  ASSERT_TRUE(m.ok());
  EXPECT_THAT(m.info.json,
              HasSubstr(R"("name": "a_1_b_1_s", "from": ["stem", "a_1_n", "a_1_b_0_s"])"));
  EXPECT_THAT(m.info.json, HasSubstr(R"("name": "add", "from": ["a_1_b_1_s", "a_0_b_1_s"])"));
}

TEST(Repeat, Errors) {
  std::string body = R"("layers": [{"type": "Flatten"}]})";
  expectError(R"({"repeat": 0, )" + body,
              R"("repeat" must be an integer between 1 and 10000, not 0)");
  expectError(R"({"repeat": -1, )" + body, "not -1");
  expectError(R"({"repeat": 10001, )" + body, "not 10001");
  expectError(R"({"repeat": "3", )" + body, R"(not "3")");
  expectError(R"({"repeat": 3})", R"(layer "repeat": a repetition needs "layers")");
  expectError(R"({"repeat": 3, "layers": []})", R"("layers" must be a list of at least one layer)");
  expectError(R"({"repeat": 3, "layer": 2, )" + body,
              R"(unknown key "layer"; did you mean "layers"?)");
  expectError(R"({"repeat": 3, "from": ["x"], )" + body,
              R"("from" must name one layer, not a list)");
  expectError(R"({"repeat": 3, "block": "b", )" + body,
              R"(needs one of "type", "repeat" and "block")");
  expectError(R"({"repeat": 200, "layers": [{"repeat": 200, "layers": [{"type": "Flatten"}]}]})",
              "the model has more than 20000 layers");
  expectError(R"({"repeat": 2, "name": "a", "layers": [{"type": "Flatten", "name": "f"}]},
                 {"type": "Flatten", "name": "a_1_f"})",
              R"(the name "a_1_f" is used twice)");
}

TEST(Block, ReplacesParameters) {
  Imported m(model("[4, 4, 3]",
                   R"({"block": "b", "name": "u", "with": {"n": 5, "act": "relu", "k": [1, 3]}},
    {"block": "b", "name": "v", "from": "u_c", "with": {"n": 2, "act": "tanh", "k": 1}})",
                   R"(, "blocks": {"b": {"params": ["n", "act", "k"], "layers": [
    {"type": "Conv2D", "name": "c", "filters": "$n*4", "kernel_size": "$k", "activation": "$act"},
    {"type": "Conv2D", "name": "d", "filters": "$n", "kernel_size": 1}]}})"));
  ASSERT_TRUE(m.ok()) << m.messages.front();
  EXPECT_EQ(m.argument("nn.param", "u_c/kernel"), "tensor<1x3x3x20xf32>");
  EXPECT_EQ(m.argument("nn.param", "u_d/kernel"), "tensor<1x1x20x5xf32>");
  EXPECT_EQ(m.argument("nn.param", "v_c/kernel"), "tensor<1x1x20x8xf32>");
  EXPECT_THAT(m.ir(), HasSubstr("nn.tanh"));
}

TEST(Block, BlocksUseBlocks) {
  Imported m(model("[4]", R"({"block": "outer", "name": "o", "with": {"n": 4}})",
                   R"(, "blocks": {"inner": {"params": ["m"], "layers": [
    {"type": "Dense", "name": "d", "units": "$m"}, {"type": "Add", "from": ["d", "@in"]}]},
    "outer": {"params": ["n"], "layers": [{"repeat": 2, "name": "r", "layers": [
      {"block": "inner", "name": "i", "with": {"m": "$n"}}]}]}})"));
  ASSERT_TRUE(m.ok()) << m.messages.front();
  EXPECT_THAT(names(m), ElementsAre("o_r_0_i_d", "o_r_0_i_add", "o_r_1_i_d", "o_r_1_i_add"));
}

TEST(Block, Errors) {
  auto withBlock = [](std::string block) { return R"(, "blocks": {"b": )" + block + "}"; };
  std::string flat = R"({"layers": [{"type": "Flatten"}]})";
  expectError(R"({"block": "c"})", R"(there is no block "c")", withBlock(flat));
  expectError(R"({"block": "c"})", R"(there is no block "c")");
  expectError(R"({"block": 3})", "there is no block 3", withBlock(flat));
  expectError(R"({"block": "b", "with": {"n": 3}})", R"(unknown key "n")", withBlock(flat));
  expectError(R"({"block": "b", "with": 3})", R"("with" must be an object, not 3)",
              withBlock(flat));
  expectError(R"({"block": "b", "units": 3})", R"(unknown key "units")", withBlock(flat));
  expectError(R"({"type": "Flatten"})", R"(block "b": needs "layers")", withBlock("{}"));
  expectError(R"({"type": "Flatten"})", R"(block "b": must be an object, not 3)", withBlock("3"));
  expectError(R"({"type": "Flatten"})", R"("blocks" must be an object)", R"(, "blocks": [])");
  expectError(R"({"type": "Flatten"})", R"("params" must be a list of names)",
              withBlock(R"({"params": 1, "layers": []})"));
  expectError(R"({"type": "Flatten"})", "a parameter's name must be made of",
              withBlock(R"({"params": ["a*"], "layers": []})"));
  std::string dense = R"({"params": ["n"], "layers": [{"type": "Dense", "units": "$n*4"}]})";
  expectError(R"({"block": "b"})", R"(the block needs "n" in "with")", withBlock(dense));
  expectError(R"({"block": "b", "with": {"n": "x"}})", "multiplies a value that is no integer",
              withBlock(dense));
  expectError(R"({"block": "b", "with": {"n": 9000000000000000000}})", R"("$n*4" is too large)",
              withBlock(dense));
  expectError(R"({"block": "b", "with": {"n": 3}})", R"(unknown parameter "$m")",
              withBlock(R"({"params": ["n"], "layers": [{"type": "Dense", "units": "$m"}]})"));
  expectError(R"({"block": "b", "with": {"n": 3}})", R"(write "$name" or "$name*4")",
              withBlock(R"({"params": ["n"], "layers": [{"type": "Dense", "units": "$n*x"}]})"));
  expectError(R"({"block": "b"})", "nested deeper than 16 levels",
              withBlock(R"({"layers": [{"block": "b"}]})"));
}

TEST(Block, ParametersStandForFieldsOnly) {
  auto use = [](std::string value) { return R"({"block": "b", "with": {"v": )" + value + "}}"; };
  expectError(use(R"("Flatten")"), R"(unknown layer "$v")",
              R"(, "blocks": {"b": {"params": ["v"], "layers": [{"type": "$v"}]}})");
  expectError(use(R"({"type": "Flatten"})"), R"(a layer must be an object, not "$v")",
              R"(, "blocks": {"b": {"params": ["v"], "layers": ["$v"]}})");
  expectError(use(R"([{"type": "Flatten"}])"), R"("layers" must be a list)",
              R"(, "blocks": {"b": {"params": ["v"], "layers": "$v"}})");
}

TEST(Block, AMistakeInABlockIsShownOnce) {
  expectError(R"({"block": "b", "name": "p"}, {"block": "b", "name": "q"})",
              R"(layer "p_dense": unknown key "unit")",
              R"(, "blocks": {"b": {"layers": [{"type": "Dense", "units": 3, "unit": 3}]}})");
}

TEST(Block, ManyCopiesOfALargeValueAreRefused) {
  std::string list = "[0";
  for (int i = 0; i < 100000; ++i)
    list += ",0";
  std::string uses;
  for (int i = 0; i < 20; ++i)
    uses += std::string(i ? "," : "") + R"({"block": "b", "with": {"v": )" +
            (i ? "1" : list + "]") + "}}";
  Imported m(model(
      "[4]", R"({"repeat": 200, "layers": [)" + uses + "]}",
      R"(, "blocks": {"b": {"params": ["v"], "layers": [{"type": "Rescaling", "scale": "$v"}]}})"));
  EXPECT_THAT(m.messages, ElementsAre(HasSubstr("the expanded blocks are too large")));
}

} // namespace
