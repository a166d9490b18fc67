//===- LoopTest.cpp - training, stopping and going on -------------------------------===//

#include "tools/train/Loop.h"
#include "compiler/WriteFile.h"
#include "tools/common/OpenModel.h"
#include "tools/train/Pictures.h"
#include "tools/train/Transfer.h"
#include "llvm/Support/FileSystem.h"
#include <cmath>
#include <csignal>
#include <gmock/gmock.h>

using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;
using llvm::StringRef;
using testing::HasSubstr;

namespace {

/// Logistic regression on two numbers, with momentum, so that a state is more than the weights.
class Line : public Network {
public:
  std::string name() const override { return "line"; }
  Signature signature() const override { return {input, output, target}; }
  std::vector<std::string> metrics() const override { return {"loss", "accuracy"}; }

  llvm::Error differentiate(int64_t, int64_t batch, llvm::ArrayRef<dlc_in> inputs,
                            llvm::ArrayRef<dlc_in> targets, float &loss, BatchPart *part) override {
    double sum = 0;
    std::fill_n(gradient, 3, 0);
    for (int64_t i = 0; i < batch; ++i) {
      const float *x = static_cast<const float *>(inputs[0].data) + 2 * i;
      int label = static_cast<const int32_t *>(targets[0].data)[i];
      double p = probability(x), error = p - label;
      sum -= std::log(label ? p : 1 - p);
      gradient[0] += error * x[0] / batch, gradient[1] += error * x[1] / batch;
      gradient[2] += error / batch;
    }
    loss = sum / batch;
    if (part)
      for (llvm::MutableArrayRef<float> list : llvm::reverse(gradients()))
        part->takeGradient(list);
    if (stepFails == steps)
      return llvm::createStringError("the loss is nan");
    if (interruptAt == steps)
      std::raise(SIGINT);
    return llvm::Error::success();
  }
  std::vector<llvm::MutableArrayRef<float>> gradients() override {
    return {llvm::MutableArrayRef(gradient).take_front(2),
            llvm::MutableArrayRef(gradient).drop_front(2)};
  }
  llvm::Error update() override {
    for (int k = 0; k < 3; ++k) {
      state[3 + k] = 0.9 * state[3 + k] + gradient[k];
      state[k] -= rate * state[3 + k];
    }
    ++steps;
    return llvm::Error::success();
  }
  llvm::Error evaluate(int64_t batch, llvm::ArrayRef<dlc_in> inputs, llvm::ArrayRef<dlc_in> targets,
                       llvm::MutableArrayRef<double> metrics) override {
    metrics[0] = metrics[1] = 0;
    for (int64_t i = 0; i < batch; ++i) {
      double p = probability(static_cast<const float *>(inputs[0].data) + 2 * i);
      int label = static_cast<const int32_t *>(targets[0].data)[i];
      metrics[0] -= std::log(label ? p : 1 - p) / batch;
      metrics[1] += double((p > 0.5) == label) / batch;
    }
    return llvm::Error::success();
  }
  llvm::Error forward(int64_t batch, llvm::ArrayRef<dlc_in> inputs,
                      llvm::ArrayRef<dlc_out> outputs) override {
    for (int64_t i = 0; i < batch; ++i) {
      float *scores = static_cast<float *>(outputs[0].data) + 2 * i;
      scores[1] = probability(static_cast<const float *>(inputs[0].data) + 2 * i);
      scores[0] = 1 - scores[1];
    }
    return llvm::Error::success();
  }
  int64_t step() const override { return steps; }
  double learningRate() const override { return rate; }
  llvm::Error load(StringRef path) override { return loadState(path); }
  llvm::Error save(StringRef path) override { return saveState(path); }
  llvm::Error loadState(StringRef path) override {
    auto file = llvm::MemoryBuffer::getFile(path);
    if (!file || (*file)->getBufferSize() != sizeof state + sizeof steps)
      return llvm::createStringError("no state");
    std::memcpy(state, (*file)->getBufferStart(), sizeof state);
    std::memcpy(&steps, (*file)->getBufferStart() + sizeof state, sizeof steps);
    return llvm::Error::success();
  }
  llvm::Error saveState(StringRef path) override {
    return writeFile(path, [&](llvm::raw_ostream &os) {
      os.write(reinterpret_cast<const char *>(state), sizeof state);
      os.write(reinterpret_cast<const char *>(&steps), sizeof steps);
      return llvm::Error::success();
    });
  }

  double state[6] = {};
  float gradient[3] = {};
  int64_t steps = 0, stepFails = -1, interruptAt = -1;
  double rate = 0.1;

private:
  double probability(const float *x) const {
    return 1 / (1 + std::exp(-(state[0] * x[0] + state[1] * x[1] + state[2])));
  }

  dlc_tensor_info input{"in", DLC_FLOAT32, 2, {-1, 2}};
  dlc_tensor_info output{"out", DLC_FLOAT32, 2, {-1, 2}};
  dlc_tensor_info target{"out", DLC_INT32, 1, {-1}};
};

class LoopTest : public testing::Test {
protected:
  LoopTest() {
    DataSet data;
    data.place = "d";
    data.inputs.push_back(llvm::cantFail(train::arrayOf("x", DLC_FLOAT32, {100, 2})));
    data.targets.push_back(llvm::cantFail(train::arrayOf("y", DLC_INT32, {100})));
    Counter random({1});
    float *x = reinterpret_cast<float *>(data.inputs[0].begin());
    for (int i = 0; i < 100; ++i) {
      x[2 * i] = random.uniform(-1, 1), x[2 * i + 1] = random.uniform(-1, 1);
      reinterpret_cast<int32_t *>(data.targets[0].begin())[i] = x[2 * i] > x[2 * i + 1];
    }
    samples = llvm::cantFail(fit(std::move(data), Line().signature(), {}));
    std::tie(training, validation) = llvm::cantFail(split(samples, 0.2, 1));
    settings.optimizer = "SGD (keras)";
    settings.batchSize = 7;
    settings.epochs = 5;
    places.weights = folder->file("w");
    places.checkpoint = folder->file("run");
  }

  llvm::Expected<Result> run(Line &line) {
    Interrupts interrupts;
    text.clear();
    llvm::raw_string_ostream os(text);
    Log log = llvm::cantFail(Log::open(folder->file("log"), places.resumes));
    Progress progress(os, false, log, line.metrics());
    return Trainer(line, settings, places, training, validation, progress, group).run();
  }
  std::string contentOf(StringRef name) {
    auto file = llvm::MemoryBuffer::getFile(folder->file(name));
    return file ? (*file)->getBuffer().str() : "none";
  }

  llvm::Expected<TemporaryFolder> folder = TemporaryFolder::create();
  Samples samples;
  View training, validation;
  Settings settings;
  Places places;
  Group group;
  std::string text;
};

} // namespace

TEST_F(LoopTest, Learns) {
  settings.epochs = 30;
  Line line;
  llvm::Expected<Result> result = run(line);
  ASSERT_TRUE(bool(result));
  EXPECT_EQ(result->end, End::Finished);
  EXPECT_EQ(result->history.size(), 30u);
  EXPECT_EQ(line.steps, 30 * 12);
  EXPECT_GT(result->history.back().validation[1], 0.95);
  EXPECT_LT(result->history.back().training[0], result->history[0].training[0]);
  EXPECT_THAT(text, HasSubstr("epoch 30/30  loss "));
  EXPECT_THAT(text, HasSubstr("  val_accuracy "));
  EXPECT_THAT(contentOf("log"), HasSubstr("\"event\":\"epoch\",\"epoch\":30,\"loss\":"));
  EXPECT_NE(contentOf("w"), "none");
}

TEST_F(LoopTest, StopsEarlyAndKeepsTheBest) {
  settings.epochs = 1000;
  settings.stopping = {"val_accuracy", 4, 0.01};
  Line line;
  llvm::Expected<Result> result = run(line);
  ASSERT_TRUE(bool(result));
  EXPECT_EQ(result->end, End::Stopped);
  EXPECT_LT(result->history.size(), 1000u);
  Line best;
  ASSERT_FALSE(best.load(places.weights));
  EXPECT_EQ(best.steps, int64_t(result->best + 1) * 12);
}

// Wherever a run is interrupted, it goes on as if it had not been.
TEST_F(LoopTest, ResumesWithTheSameBits) {
  Line whole;
  ASSERT_TRUE(bool(run(whole)));
  for (int64_t at : {0, 5, 11, 12, 30, 47}) {
    places.resumes = false;
    Line first;
    first.interruptAt = at;
    llvm::Expected<Result> result = run(first);
    ASSERT_TRUE(bool(result));
    EXPECT_EQ(result->end, End::Interrupted);
    EXPECT_EQ(first.steps, at + 1);
    places.resumes = true;
    Line second;
    result = run(second);
    ASSERT_TRUE(bool(result)) << llvm::toString(result.takeError());
    EXPECT_EQ(result->history.size(), 5u);
    EXPECT_EQ(std::memcmp(second.state, whole.state, sizeof whole.state), 0) << at;
    EXPECT_THAT(text, HasSubstr("resumed after "));
  }
}

TEST_F(LoopTest, RefusesTheCheckpointOfAnotherRun) {
  Line line;
  line.interruptAt = 3;
  ASSERT_TRUE(bool(run(line)));
  places.resumes = true;
  settings.batchSize = 8;
  EXPECT_THAT(llvm::toString(run(line).takeError()),
              HasSubstr("a checkpoint of another run: its batch size is 7, and that of this run "
                        "is 8"));
  settings.batchSize = 7;
  settings.optimizer = "SGD (torch)";
  EXPECT_THAT(llvm::toString(run(line).takeError()),
              HasSubstr("its optimizer is SGD (keras), and that of this run is SGD (torch)"));
  settings.optimizer = "SGD (keras)";
  ASSERT_FALSE(writeFile(folder->file("run/progress.json"), [](llvm::raw_ostream &os) {
    os << "{\"dlc_checkpoint\": 1, \"state\": \"../x\"}";
    return llvm::Error::success();
  }));
  EXPECT_THAT(llvm::toString(run(line).takeError()), HasSubstr("it does not tell its model"));
  places.checkpoint = folder->file("nowhere");
  EXPECT_THAT(llvm::toString(run(line).takeError()), HasSubstr("no checkpoint is there"));
}

TEST_F(LoopTest, KeepsWhatWasGoodWhenAStepFails) {
  places.keepsCheckpoints = true;
  Line line;
  line.stepFails = 30;
  EXPECT_THAT(llvm::toString(run(line).takeError()),
              HasSubstr("the loss is nan (epoch 3, after 42 samples"));
  Line kept;
  ASSERT_FALSE(kept.load(places.weights));
  EXPECT_LE(kept.steps, 24);
  places.resumes = true;
  Line again;
  settings.epochs = 2;
  llvm::Expected<Result> result = run(again);
  ASSERT_TRUE(bool(result)) << llvm::toString(result.takeError());
  EXPECT_EQ(again.steps, 24);
}

TEST_F(LoopTest, RefusesFiguresThatAreNotThere) {
  settings.stopping.monitor = "val_f1";
  Line line;
  EXPECT_THAT(llvm::toString(run(line).takeError()),
              HasSubstr("there is no figure \"val_f1\" to watch; the model has loss, accuracy"));
  settings.stopping.monitor = "val_loss";
  validation.order.clear();
  EXPECT_THAT(llvm::toString(run(line).takeError()), HasSubstr("without a validation set"));
}

TEST_F(LoopTest, Draws) {
  Line line;
  llvm::Expected<Result> result = run(line);
  ASSERT_TRUE(bool(result));
  auto confusion = llvm::cantFail(confusionOf(line, validation, 6));
  ASSERT_TRUE(confusion);
  EXPECT_EQ(std::accumulate(confusion->counts.begin(), confusion->counts.end(), int64_t(0)), 20);
  std::string svg;
  llvm::raw_string_ostream os(svg);
  drawConfusion(os, *confusion, {"<low>", "high"});
  EXPECT_THAT(svg, HasSubstr("&lt;low&gt; taken for high"));
  svg.clear();
  drawCurves(os, result->history, line.metrics());
  EXPECT_THAT(svg, HasSubstr("class=\"validation\""));
  EXPECT_THAT(svg, HasSubstr("val_accuracy"));
}
