//===-- TrainingTest.cpp - Training a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LineModel.h"

#include <cmath>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using line::Trainer;
using testing::HasSubstr;

namespace {

constexpr float kNan = __builtin_nanf(""), kInfinity = __builtin_inff();

/// Spoils one thing at a time; nothing may change then.
class Training : public testing::Test {
protected:
  Trainer t;

  template <typename Call> void expectError(dlc_status status, const char *text, Call call) {
    const std::string before = t.everything();
    EXPECT_EQ(call(), status) << t.error();
    EXPECT_THAT(t.error(), HasSubstr(text));
    EXPECT_EQ(t.everything(), before);
  }
  void expectStepError(dlc_status status, const char *text, int64_t batch = 6) {
    expectError(status, text, [&] { return t.step(batch); });
  }
  std::vector<float> kernel() { return {t.state(line::kKernel), t.state(line::kKernel) + 2}; }
};

} // namespace

TEST_F(Training, IsReadyWithoutALoad) {
  std::vector<float> out;
  ASSERT_EQ(t.forward(out), DLC_OK) << t.error();
  EXPECT_EQ(out[0], t.x[0] * kernel()[0] + t.x[1] * kernel()[1] - 0.25f);
  EXPECT_EQ(dlc_rt_step(t.m), 0);
  for (float value : kernel())
    EXPECT_TRUE(value >= -1 && value < 1 && value != 0) << value;
}

TEST_F(Training, TheSeedDecidesTheFirstValues) {
  EXPECT_EQ(Trainer(7).everything(), t.everything());
  EXPECT_NE(Trainer(8).everything(), t.everything());
}

TEST_F(Training, Learns) {
  for (int i = 0; i < 300; ++i)
    ASSERT_EQ(t.step(), DLC_OK) << t.error();
  EXPECT_LT(t.loss, 1e-3f);
  EXPECT_NEAR(kernel()[0], 3, 0.05);
  EXPECT_EQ(dlc_rt_step(t.m), 300);
}

// Weights that forward uses are prepared again after a step, and after statistics moved.
TEST_F(Training, ForwardUsesTheNewWeights) {
  std::vector<float> before, after;
  ASSERT_EQ(t.forward(before), DLC_OK);
  ASSERT_EQ(t.step(), DLC_OK);
  ASSERT_EQ(t.forward(after), DLC_OK);
  EXPECT_NE(before, after);
  ASSERT_EQ(dlc_rt_differentiate(t.m, 6, t.inputs, t.targets, nullptr), DLC_OK);
  ASSERT_EQ(t.forward(before), DLC_OK);
  EXPECT_NE(before, after);
}

TEST_F(Training, AStepIsDifferentiateAndUpdate) {
  Trainer other;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(t.step(), DLC_OK);
    ASSERT_EQ(dlc_rt_differentiate(other.m, 6, other.inputs, other.targets, &other.loss), DLC_OK);
    ASSERT_EQ(dlc_rt_update(other.m), DLC_OK);
    EXPECT_EQ(t.loss, other.loss);
  }
  EXPECT_EQ(t.everything(), other.everything());
}

TEST(TrainingThreads, TheirNumberDoesNotMatter) {
  std::vector<std::string> ends;
  for (int32_t threads : {1, 2, 4}) {
    Trainer t(7, threads);
    for (int i = 0; i < 50; ++i)
      ASSERT_EQ(t.step(), DLC_OK);
    ends.push_back(t.everything());
  }
  EXPECT_EQ(ends[0], ends[1]);
  EXPECT_EQ(ends[0], ends[2]);
}

// Two halves, each with the random numbers of its place, make the whole.
TEST_F(Training, PartsOfABatch) {
  auto differentiate = [&](int64_t first, int64_t batch) {
    std::vector<dlc_in> inputs(t.inputs, t.inputs + 2), targets(t.targets, t.targets + 2);
    inputs[0].data = t.x.data() + 2 * first;
    targets[0].data = t.target.data() + first;
    EXPECT_EQ(dlc_rt_differentiate(t.m, batch, inputs.data(), targets.data(), nullptr), DLC_OK)
        << t.error();
    return t.state(line::kGradient)[0];
  };
  const float whole = differentiate(0, 6), first = differentiate(0, 3),
              misplaced = differentiate(3, 3);
  ASSERT_EQ(dlc_rt_set_first_sample(t.m, 3), DLC_OK);
  const float second = differentiate(3, 3);
  EXPECT_NEAR((first + second) / 2, whole, 1e-6);
  EXPECT_GT(std::abs((first + misplaced) / 2 - whole), 1e-4);
  for (int64_t number : {int64_t(-1), int64_t(1) << 31})
    expectError(DLC_ERROR_ARGUMENT, "it must be within 0 and 2147483647",
                [&] { return dlc_rt_set_first_sample(t.m, number); });
}

// By train_step and differentiate, and before an update reads what the listener made of it.
TEST(TrainingGradients, AreTold) {
  struct Listener {
    std::vector<std::string> names;
    const void *data = nullptr;
  } listener;
  dlc_options options = line::optionsFor(7, 1);
  options.joint_user = &listener;
  options.on_gradient = [](void *user, const dlc_tensor *gradient) {
    auto &to = *static_cast<Listener *>(user);
    to.names.push_back(gradient->info.name);
    to.data = gradient->data;
    static_cast<float *>(gradient->data)[0] = static_cast<float *>(gradient->data)[1] = 0;
  };
  Trainer t(options);
  ASSERT_EQ(dlc_rt_differentiate(t.m, 6, t.inputs, t.targets, nullptr), DLC_OK) << t.error();
  EXPECT_EQ(listener.names, std::vector<std::string>{"d/kernel"});
  EXPECT_EQ(listener.data, t.state(line::kGradient));
  const std::vector<float> kernel(t.state(line::kKernel), t.state(line::kKernel) + 2);
  ASSERT_EQ(t.step(), DLC_OK) << t.error();
  EXPECT_EQ(listener.names.size(), 2u);
  EXPECT_EQ(std::vector<float>(t.state(line::kKernel), t.state(line::kKernel) + 2), kernel)
      << "moved by another gradient than the listener's";
}

TEST_F(Training, BackwardAddsAndZeroGradClears) {
  const float outGrad[6] = {1, 1, 1, 1, 1, 1}, scoreGrad[18] = {};
  const dlc_in grads[] = {{outGrad, DLC_FLOAT32}, {scoreGrad, DLC_FLOAT32}};
  float xGrad[12] = {};
  const dlc_out inputGrads[] = {{xGrad, DLC_FLOAT32}, {nullptr, 0}};
  auto gradient = [&](int i) { return t.state(line::kGradient)[i]; };
  ASSERT_EQ(dlc_rt_backward(t.m, 6, t.inputs, grads, inputGrads), DLC_OK) << t.error();
  const float once = gradient(1);
  float sum = 0;
  for (int n = 0; n < 6; ++n)
    sum += t.x[2 * n + 1];
  EXPECT_EQ(once, sum);
  EXPECT_EQ(xGrad[10], kernel()[0]);
  // Without any gradient of an input, or with the array alone.
  ASSERT_EQ(dlc_rt_backward(t.m, 6, t.inputs, grads, nullptr), DLC_OK) << t.error();
  EXPECT_EQ(gradient(1), 2 * once);
  const dlc_out none[] = {{nullptr, 0}, {nullptr, 0}};
  ASSERT_EQ(dlc_rt_backward(t.m, 6, t.inputs, grads, none), DLC_OK) << t.error();
  EXPECT_EQ(gradient(1), 3 * once);
  ASSERT_EQ(dlc_rt_zero_grad(t.m), DLC_OK);
  EXPECT_EQ(gradient(0), 0);
  EXPECT_EQ(gradient(1), 0);
}

TEST_F(Training, BackwardRefuses) {
  float outGrad[6] = {}, scoreGrad[18] = {}, xGrad[12] = {};
  dlc_in grads[] = {{outGrad, DLC_FLOAT32}, {scoreGrad, DLC_FLOAT32}};
  dlc_out inputGrads[] = {{xGrad, DLC_FLOAT32}, {nullptr, 0}};
  auto call = [&] { return dlc_rt_backward(t.m, 6, t.inputs, grads, inputGrads); };
  inputGrads[1] = {t.count.data() + 6, DLC_INT32};
  expectError(DLC_ERROR_ARGUMENT, "input \"count\" is of integers and has no gradient", call);
  inputGrads[1] = {nullptr, 0};
  inputGrads[0].data = scoreGrad + 6;
  expectError(DLC_ERROR_ARGUMENT, "gradient of input \"x\" overlaps gradient of output \"score\"",
              call);
  inputGrads[0].data = xGrad;
  outGrad[2] = kNan;
  expectError(DLC_ERROR_NUMERIC, "gradient of output \"out\": sample 2 holds NaN", call);
  grads[0].dtype = DLC_INT32;
  expectError(DLC_ERROR_ARGUMENT, "gradient of output \"out\": dtype int32", call);
  expectError(DLC_ERROR_ARGUMENT, "the array of output gradients is NULL",
              [&] { return dlc_rt_backward(t.m, 6, t.inputs, nullptr, inputGrads); });
}

TEST_F(Training, TheListOfGradients) {
  int64_t count = 0;
  ASSERT_EQ(dlc_rt_gradients(t.m, nullptr, &count), DLC_OK);
  EXPECT_EQ(count, 1);
  dlc_tensor list[2] = {};
  count = 2;
  ASSERT_EQ(dlc_rt_gradients(t.m, list, &count), DLC_OK);
  EXPECT_EQ(count, 1);
  EXPECT_STREQ(list[0].info.name, "d/kernel");
  EXPECT_EQ(list[0].data, t.state(line::kGradient));
  count = 0;
  expectError(DLC_ERROR_ARGUMENT, "a list of 0 has no room for its 1 gradients",
              [&] { return dlc_rt_gradients(t.m, list, &count); });
  expectError(DLC_ERROR_ARGUMENT, "the count of gradients is NULL",
              [&] { return dlc_rt_gradients(t.m, list, nullptr); });
}

// Its batch_step is 4, so that forward runs twice.
TEST_F(Training, EvaluateIsForwardAndMetrics) {
  double metrics[2];
  std::vector<float> out;
  ASSERT_EQ(t.step(), DLC_OK);
  const std::string before = t.everything();
  ASSERT_EQ(dlc_rt_evaluate(t.m, 6, t.inputs, t.targets, metrics), DLC_OK) << t.error();
  EXPECT_EQ(t.everything(), before);
  ASSERT_EQ(t.forward(out), DLC_OK);
  float square = 0, most = 0;
  for (int n = 0; n < 6; ++n) {
    const float error = out[n] - t.target[n];
    square += error * error / 6;
    most = std::fmax(most, std::fabs(error));
  }
  EXPECT_EQ(metrics[0], static_cast<double>(square));
  EXPECT_EQ(metrics[1], static_cast<double>(most));
  t.label[0] = 3;
  expectError(DLC_ERROR_ARGUMENT, "label 3 of sample 0 is not within 0 and 2",
              [&] { return dlc_rt_evaluate(t.m, 6, t.inputs, t.targets, metrics); });
  expectError(DLC_ERROR_ARGUMENT, "the array of metrics is NULL",
              [&] { return dlc_rt_evaluate(t.m, 6, t.inputs, t.targets, nullptr); });
}

TEST_F(Training, LabelsOutOfRange) {
  t.label[4] = 3;
  expectStepError(DLC_ERROR_ARGUMENT,
                  "target \"score\": label 3 of sample 4 is not within 0 and 2");
  t.label[4] = -1;
  expectStepError(DLC_ERROR_ARGUMENT, "label -1 of sample 4");
  EXPECT_EQ(t.step(4), DLC_OK) << t.error();
}

TEST_F(Training, NoNumbers) {
  ASSERT_EQ(t.step(), DLC_OK);
  t.x[7] = kNan;
  expectStepError(DLC_ERROR_NUMERIC, "training step 2: input \"x\": sample 3 holds NaN");
  t.x[7] = -kInfinity;
  expectStepError(DLC_ERROR_NUMERIC, "input \"x\": sample 3 holds infinity");
  EXPECT_EQ(t.step(3), DLC_OK) << t.error();
  t.x[7] = 0;
  t.target[5] = kNan;
  expectStepError(DLC_ERROR_NUMERIC, "training step 3: target \"out\": sample 5 holds NaN");
}

TEST_F(Training, ALossThatIsNoNumber) {
  ASSERT_EQ(t.step(), DLC_OK);
  const std::vector<float> before = kernel();
  t.x[0] = 3e38f;
  EXPECT_EQ(t.step(), DLC_ERROR_NUMERIC);
  EXPECT_THAT(t.error(), HasSubstr("training step 2: the loss is infinite"));
  EXPECT_TRUE(std::isinf(t.loss));
  EXPECT_EQ(kernel(), before);
  EXPECT_EQ(dlc_rt_step(t.m), 1);
  t.x[0] = 1;
  EXPECT_EQ(t.step(), DLC_OK) << t.error();
  EXPECT_TRUE(std::isfinite(kernel()[0]));
}

TEST_F(Training, AGradientThatIsNoNumber) {
  ASSERT_EQ(t.step(), DLC_OK);
  // The loss is about 1e30 / 6, but the slope 1e45.
  t.state(line::kKernel)[0] = 0;
  const std::vector<float> target = t.target;
  t.x[0] = 1e30f;
  t.target[0] = 1e15f;
  const std::vector<float> before = kernel(),
                           slot = {t.state(line::kSlot), t.state(line::kSlot) + 2};
  auto expectTheSame = [&] {
    EXPECT_EQ(kernel(), before);
    EXPECT_EQ(std::vector<float>(t.state(line::kSlot), t.state(line::kSlot) + 2), slot);
    EXPECT_EQ(dlc_rt_step(t.m), 1);
  };
  EXPECT_EQ(t.step(), DLC_ERROR_NUMERIC);
  EXPECT_THAT(t.error(), HasSubstr("training step 2: the gradient of \"d/kernel\" holds infinity; "
                                   "parameters, slots and step are as they were"));
  EXPECT_TRUE(std::isfinite(t.loss));
  expectTheSame();
  EXPECT_EQ(dlc_rt_update(t.m), DLC_ERROR_NUMERIC);
  t.state(line::kGradient)[0] = 0;
  t.state(line::kGradient)[1] = kNan;
  EXPECT_EQ(dlc_rt_update(t.m), DLC_ERROR_NUMERIC);
  EXPECT_THAT(t.error(), HasSubstr("the gradient of \"d/kernel\" holds NaN"));
  expectTheSame();
  t.x[0] = 1;
  t.target = target;
  EXPECT_EQ(t.step(), DLC_OK) << t.error();
}

TEST_F(Training, BadArguments) {
  expectStepError(DLC_ERROR_ARGUMENT, "batch 7 is above max_batch 6", 7);
  expectStepError(DLC_ERROR_ARGUMENT, "batch 0; it must be at least 1", 0);
  expectError(DLC_ERROR_ARGUMENT, "the array of inputs is NULL",
              [&] { return dlc_rt_train_step(t.m, 6, nullptr, t.targets, &t.loss); });
  expectError(DLC_ERROR_ARGUMENT, "the array of targets is NULL",
              [&] { return dlc_rt_train_step(t.m, 6, t.inputs, nullptr, &t.loss); });
  t.targets[1].data = nullptr;
  expectStepError(DLC_ERROR_ARGUMENT, "target \"score\": its data are NULL");
  t.targets[1] = {t.label.data(), DLC_FLOAT32};
  expectStepError(DLC_ERROR_ARGUMENT, "target \"score\": dtype float32 (1) given, int32 (3) is");
  EXPECT_EQ(dlc_rt_train_step(nullptr, 6, t.inputs, t.targets, nullptr), DLC_ERROR_ARGUMENT);
}

TEST_F(Training, TheSchedule) {
  dlc_schedule schedule;
  ASSERT_EQ(dlc_rt_get_schedule(t.m, &schedule), DLC_OK);
  EXPECT_EQ(schedule.learning_rate, 0.25);
  EXPECT_EQ(dlc_rt_learning_rate(t.m), 0.25 / 4); // the first of four steps of warm-up
  schedule = {0.5, DLC_SCHEDULE_CONSTANT, 0, 0, 0, 0, 0};
  ASSERT_EQ(dlc_rt_set_schedule(t.m, &schedule), DLC_OK);
  EXPECT_EQ(dlc_rt_learning_rate(t.m), 0.5);
  schedule.learning_rate = kNan;
  expectError(DLC_ERROR_ARGUMENT, "learning_rate must be a finite number",
              [&] { return dlc_rt_set_schedule(t.m, &schedule); });
  expectError(DLC_ERROR_ARGUMENT, "NULL", [&] { return dlc_rt_set_schedule(t.m, nullptr); });
  expectError(DLC_ERROR_ARGUMENT, "NULL", [&] { return dlc_rt_get_schedule(t.m, nullptr); });
  EXPECT_EQ(dlc_rt_learning_rate(nullptr), 0);
  EXPECT_EQ(dlc_rt_step(nullptr), 0);
}

TEST(TrainingInstance, InferenceAloneWorksAsEver) {
  dlc_options options = line::optionsFor(0, 1);
  options.training = 0;
  Trainer t(options);
  std::vector<float> out;
  EXPECT_EQ(t.forward(out), DLC_ERROR_NOT_READY);
  EXPECT_EQ(t.step(), DLC_ERROR_UNSUPPORTED);
  EXPECT_THAT(t.error(), HasSubstr("only runs forward; create one with dlc_options.training = 1"));
  EXPECT_EQ(dlc_rt_save_weights(t.m, "/tmp/none"), DLC_ERROR_UNSUPPORTED);
  EXPECT_EQ(
      t.instance.load(toy::file(R"({"d/kernel":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                                R"("d/mean":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
                                toy::bytes({3, -2, 0}))),
      DLC_OK)
      << t.error();
  ASSERT_EQ(t.forward(out), DLC_OK);
  EXPECT_EQ(out, t.target);
}

TEST(TrainingInstance, ALibraryForInferenceCannotTrain) {
  toy::Instance toy(line::optionsFor(0, 1));
  EXPECT_EQ(toy.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_THAT(toy.error, HasSubstr("compile it with --train"));
}

// Its arena of 6 samples takes 64 + 6 * 64 bytes, that of forward none.
TEST(TrainingInstance, TheCallersMemory) {
  alignas(64) char memory[448];
  dlc_options options = line::optionsFor(7, 1);
  options.memory = memory;
  options.memory_size = sizeof memory - 1;
  EXPECT_THAT(Trainer(options).instance.error, HasSubstr("take 448 bytes"));
  options.memory_size = sizeof memory;
  Trainer t(options), own;
  ASSERT_EQ(t.step(), DLC_OK) << t.error();
  ASSERT_EQ(own.step(), DLC_OK);
  EXPECT_EQ(t.everything(), own.everything());
}

TEST(TrainingInstance, AllocatesInCreateAlone) {
  toy::CountingAllocator allocator;
  dlc_options options = line::optionsFor(7, 2);
  allocator.install(options);
  {
    Trainer t(options);
    const int64_t calls = allocator.calls;
    std::vector<float> out;
    double metrics[2];
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(t.step(), DLC_OK) << t.error();
      ASSERT_EQ(t.forward(out), DLC_OK);
      ASSERT_EQ(dlc_rt_evaluate(t.m, 6, t.inputs, t.targets, metrics), DLC_OK);
    }
    EXPECT_EQ(allocator.calls, calls);
  }
  EXPECT_EQ(allocator.live, 0);
}

TEST(TrainingInstance, NoMemory) {
  toy::CountingAllocator allocator;
  dlc_options options = line::optionsFor(7, 1);
  allocator.install(options);
  int64_t failures = 0;
  for (bool works = false; !works; ++failures) {
    allocator.calls = 0;
    allocator.failAt = failures;
    toy::Instance instance(options, line::desc());
    works = instance.status == DLC_OK;
    EXPECT_TRUE(works || instance.status == DLC_ERROR_RESOURCE);
    EXPECT_TRUE(works || std::strstr(instance.error, "no memory")) << instance.error;
  }
  EXPECT_GT(failures, 4);
  EXPECT_EQ(allocator.live, 0);
}

TEST(TrainingInstance, ABatchBeyondAllMemory) {
  dlc_options options = line::optionsFor(7, 1);
  options.max_batch = INT64_MAX / 8;
  toy::Instance instance(options, line::desc());
  EXPECT_NE(instance.status, DLC_OK);
}
