//===- DescribeTrainingTest.cpp - what training adds to a signature -----------------===//

#include "compiler/Describe.h"
#include "compiler/Registration.h"
#include "mlir/Parser/Parser.h"
#include "runtime/ModelDesc.h"
#include <gmock/gmock.h>

using namespace mlir;
using namespace dlc;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

// A dense layer after differentiation; the bodies are not looked at.
constexpr llvm::StringLiteral kModel = R"mlir(
module attributes {nn.model = "toy", nn.state_bytes = 320 : i64, nn.learning_rate = 0.1 : f64,
    nn.schedule = {kind = "cosine", minimum = 0.01 : f64, period = 100 : i64, warmup = 5 : i64}} {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"},
      %w: tensor<3x2xf32> {nn.param = "d/w", nn.trainable,
                           nn.initializer = {kind = "uniform", a = -0.5 : f64, b = 0.5 : f64}},
      %m: tensor<2xf32> {nn.param = "d/mean", nn.state}) -> (tensor<?x2xf32> {nn.output = "out"}) {
    %y = tensor.empty(%batch) : tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
  func.func private @gradients(%batch: index {nn.batch},
      %random: tensor<4xi32> {nn.input = "random"}, %x: tensor<?x3xf32> {nn.input = "x"},
      %t: tensor<?xi32> {nn.input = "target of out", nn.classes = 2 : i64},
      %w: tensor<3x2xf32> {nn.param = "d/w", nn.place = 0 : i64},
      %m: tensor<2xf32> {nn.param = "d/mean", nn.place = 64 : i64})
      -> (tensor<1xf32> {nn.output = "loss"},
          tensor<3x2xf32> {nn.gradient = "d/w", nn.place = 256 : i64},
          tensor<2xf32> {nn.param = "d/mean", nn.place = 64 : i64})
  func.func private @backward(%batch: index {nn.batch})
  func.func private @update(%hyper: tensor<2xf32> {nn.input = "hyper"},
      %w: tensor<3x2xf32> {nn.param = "d/w", nn.place = 0 : i64},
      %g: tensor<3x2xf32> {nn.gradient = "d/w", nn.place = 256 : i64},
      %s: tensor<3x2xf32> {nn.slot = "momentum/d/w", nn.init = 0.5 : f64, nn.place = 128 : i64})
      -> (tensor<3x2xf32> {nn.param = "d/w", nn.place = 0 : i64})
  func.func private @metrics(%batch: index {nn.batch})
      -> (tensor<2xf32> {nn.output = "metrics"}) attributes {nn.metrics = ["loss", "accuracy"]}
}
)mlir";

class DescribeTraining : public testing::Test {
protected:
  DescribeTraining() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  // Reads kModel with `from` replaced by `to`; `message` gets the diagnostics.
  FailureOr<emit::Model> describe(StringRef from = "", StringRef to = "") {
    std::string text = kModel.str();
    if (!from.empty())
      text.replace(text.find(from), from.size(), to);
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message += diagnostic.str();
      return success();
    });
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    if (!module)
      return failure();
    return describeModel(*module);
  }

  void expectError(StringRef from, StringRef to, const char *text) {
    message.clear();
    EXPECT_TRUE(failed(describe(from, to)));
    EXPECT_THAT(message, HasSubstr(text));
  }

  MLIRContext context;
  std::string message;
};

} // namespace

TEST_F(DescribeTraining, ReadsAll) {
  FailureOr<emit::Model> model = describe();
  ASSERT_TRUE(succeeded(model)) << message;
  ASSERT_TRUE(model->training);
  const emit::Training &training = *model->training;
  ASSERT_EQ(training.targets.size(), 1u);
  EXPECT_EQ(training.targets[0].tensor.name, "out");
  EXPECT_EQ(training.targets[0].tensor.dtype, DLC_INT32);
  EXPECT_THAT(training.targets[0].tensor.shape, ElementsAre(-1));
  EXPECT_EQ(training.targets[0].classes, 2);
  EXPECT_THAT(training.metrics, ElementsAre("loss", "accuracy"));
  EXPECT_EQ(training.stateBytes, 320);
  EXPECT_EQ(training.schedule.kind, DLC_SCHEDULE_COSINE);
  EXPECT_EQ(training.schedule.learningRate, 0.1);
  EXPECT_EQ(training.schedule.minimum, 0.01);
  EXPECT_EQ(training.schedule.period, 100);
  EXPECT_EQ(training.schedule.warmupSteps, 5);
}

TEST_F(DescribeTraining, TheState) {
  FailureOr<emit::Model> model = describe();
  ASSERT_TRUE(succeeded(model)) << message;
  std::vector<std::string> state;
  for (const emit::StateTensor &tensor : model->training->state)
    state.push_back(tensor.tensor.name + " " + std::to_string(tensor.role) + " " +
                    std::to_string(tensor.offset) + " " + std::to_string(tensor.initializer.kind));
  EXPECT_THAT(state,
              ElementsAre("d/w 0 0 1", "d/mean 0 64 0", "momentum/d/w 1 128 0", "d/w 2 256 0"));
  EXPECT_EQ(model->training->state[0].initializer.a, -0.5);
  EXPECT_EQ(model->training->state[2].initializer.a, 0.5);
}

TEST_F(DescribeTraining, BeforeDifferentiationThereIsForwardAlone) {
  FailureOr<emit::Model> model = describe("@gradients", "@loss");
  ASSERT_TRUE(succeeded(model)) << message;
  EXPECT_FALSE(model->training);
}

TEST_F(DescribeTraining, WhatIsMissing) {
  expectError("@backward", "@forwards", "is no function of a model");
  expectError("func.func private @backward(%batch: index {nn.batch})", "",
              "needs a function @backward beside it");
  expectError(R"(nn.input = "target of out")", R"(nn.inputs = "out")",
              "has 2 arguments marked nn.input");
  expectError("%t: tensor<?xi32>", "%t: tensor<4xi32>", "needs the batch as first extent");
  expectError(R"("loss", "accuracy")", R"("loss")", "for each number of it a name in nn.metrics");
  expectError("nn.learning_rate", "nn.rate", "needs an nn.learning_rate");
  expectError("cosine", "sine", "no nn.schedule of kind \"sine\"");
  expectError("uniform", "unicorn", "no nn.initializer of kind \"unicorn\"");
  expectError("nn.place = 128", "nn.put = 128", "\"momentum/d/w\" has no nn.place");
  expectError("nn.place = 256", "nn.place = 192", "is at byte 256 here and at byte 192 elsewhere");
  expectError("nn.state_bytes", "nn.bytes", "nn.state_bytes");
}
