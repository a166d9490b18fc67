//===-- TrainTest.cpp - Training on a GPU -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaTest.h"

#include <cmath>
#include <limits>

using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using toy::Instance;

namespace {

/// An instance that trains, with access to its state.
struct Trainer {
  explicit Trainer(const dlc_options &options = gpu::training()) : instance(options, gpu::desc()) {
    EXPECT_EQ(instance.status, DLC_OK) << instance.error;
  }

  /// The saved weights' bytes, header and all.
  std::string save() {
    const std::string path = testing::TempDir() + "scale.safetensors";
    EXPECT_EQ(dlc_rt_save_weights(m, path.c_str()), DLC_OK) << dlc_rt_error(m);
    std::string bytes(1 << 12, 0);
    FILE *file = fopen(path.c_str(), "rb");
    bytes.resize(fread(bytes.data(), 1, bytes.size(), file));
    fclose(file);
    return bytes;
  }

  Instance instance;
  dlc_model *m = instance.m;
  gpu::Samples samples;
};

/// What training on the host gives.
struct Reference {
  float w[4] = {0.5f, 0.5f, 0.5f, 0.5f}, b = 0.25f, loss = 0;
  int step = 0;

  void run(const gpu::Samples &s) {
    float gradient[4];
    std::fill_n(gradient, 4, 1e-3f * static_cast<float>(step++));
    loss = 0;
    for (int i = 0; i < 12; ++i) {
      const float error = s.x[i] * w[i % 4] + b - s.target[i];
      loss += error * error / 12;
      gradient[i % 4] += 2 * error * s.x[i] / 12;
    }
    for (int i = 0; i < 4; ++i)
      w[i] -= 0.25f * gradient[i];
  }
};

} // namespace

TEST_F(Cuda, TrainStep) {
  Trainer t;
  Reference reference;
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(t.samples.step(t.m), DLC_OK) << dlc_rt_error(t.m);
    reference.run(t.samples);
    EXPECT_NEAR(t.samples.loss, reference.loss, 1e-5f);
  }
  EXPECT_EQ(dlc_rt_step(t.m), 5);
  EXPECT_EQ(fake.calls("cuStreamBeginCapture_v2"), 1u);
  EXPECT_EQ(fake.calls("cuGraphLaunch"), 5u);
  // forward uses what was learnt.
  ASSERT_EQ(t.samples.forward(t.m), DLC_OK);
  for (int i = 0; i < 12; ++i)
    EXPECT_NEAR(t.samples.out[i], t.samples.x[i] * reference.w[i % 4] + 0.25f, 1e-5f);
}

TEST_F(Cuda, WarmForTraining) {
  Trainer t;
  ASSERT_EQ(dlc_rt_warm(t.m, 3), DLC_OK) << dlc_rt_error(t.m);
  EXPECT_EQ(fake.calls("cuStreamBeginCapture_v2"), 6u);
  EXPECT_EQ(t.samples.step(t.m), DLC_OK);
  EXPECT_EQ(t.samples.forward(t.m), DLC_OK);
  EXPECT_EQ(fake.calls("cuStreamBeginCapture_v2"), 6u);
}

TEST_F(Cuda, LossThatIsNotFinite) {
  Trainer t;
  const std::string before = t.save();
  t.samples.target[3] = 1e30f; // finite, its square is not
  EXPECT_EQ(t.samples.step(t.m), DLC_ERROR_NUMERIC);
  EXPECT_THAT(dlc_rt_error(t.m), HasSubstr("training step 1: the loss is infinite"));
  EXPECT_EQ(t.save(), before);
  EXPECT_EQ(dlc_rt_step(t.m), 0);
  t.samples.target[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(t.samples.step(t.m), DLC_ERROR_NUMERIC);
  EXPECT_THAT(dlc_rt_error(t.m), HasSubstr("target \"out\": sample 0 holds NaN"));
}

TEST_F(Cuda, GradientThatIsNotFinite) {
  Trainer t;
  const std::string before = t.save();
  // The error's square is finite, its product with the input is not.
  t.samples.x[2] = 1e25f;
  t.samples.target[2] = 5e24f - 1e18f;
  EXPECT_EQ(t.samples.step(t.m), DLC_ERROR_NUMERIC);
  EXPECT_TRUE(std::isfinite(t.samples.loss));
  EXPECT_THAT(dlc_rt_error(t.m),
              HasSubstr("training step 1: the gradient of \"s/kernel\" holds infinity"));
  EXPECT_EQ(t.save(), before);
  EXPECT_EQ(dlc_rt_step(t.m), 0);
  // An update by itself looks too.
  EXPECT_EQ(dlc_rt_update(t.m), DLC_ERROR_NUMERIC);
  EXPECT_THAT(dlc_rt_error(t.m), HasSubstr("the gradient of \"s/kernel\" holds infinity"));
  EXPECT_EQ(t.save(), before);
  t.samples = gpu::Samples();
  EXPECT_EQ(t.samples.step(t.m), DLC_OK) << dlc_rt_error(t.m);
  EXPECT_NE(t.save(), before);
}

TEST_F(Cuda, LabelsAreChecked) {
  CallersData caller(fake);
  Trainer t;
  t.samples.label[1] = 3;
  EXPECT_EQ(t.samples.step(t.m), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(dlc_rt_error(t.m), HasSubstr("target \"class\": label 3 of sample 1"));
  const dlc_in in = {caller.copy(t.samples.x), DLC_FLOAT32};
  dlc_in due[] = {{caller.copy(t.samples.target), DLC_FLOAT32},
                  {caller.copy(t.samples.label), DLC_INT32}};
  EXPECT_EQ(dlc_rt_train_step(t.m, 3, &in, due, nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(dlc_rt_error(t.m), HasSubstr("target \"class\": label 3 of sample 1"));
  t.samples.label[1] = 2;
  due[1].data = caller.copy(t.samples.label);
  float loss = -1;
  ASSERT_EQ(dlc_rt_train_step(t.m, 3, &in, due, &loss), DLC_OK) << dlc_rt_error(t.m);
  Reference reference;
  reference.run(t.samples);
  EXPECT_NEAR(loss, reference.loss, 1e-5f);
}

TEST_F(Cuda, BackwardAndGradients) {
  CallersData caller(fake);
  Trainer t;
  const std::vector<float> ones(12, 1);
  std::vector<float> xGradient(12);
  const dlc_in in = {t.samples.x.data(), DLC_FLOAT32}, up = {ones.data(), DLC_FLOAT32};
  const dlc_out down = {xGradient.data(), DLC_FLOAT32};
  ASSERT_EQ(dlc_rt_backward(t.m, 3, &in, &up, &down), DLC_OK) << dlc_rt_error(t.m);
  EXPECT_THAT(xGradient, Each(0.5f));
  ASSERT_EQ(dlc_rt_backward(t.m, 3, &in, &up, nullptr), DLC_OK); // adds
  dlc_tensor gradient;
  int64_t count = 1;
  ASSERT_EQ(dlc_rt_gradients(t.m, &gradient, &count), DLC_OK);
  EXPECT_STREQ(gradient.info.name, "s/kernel");
  auto *data = static_cast<const float *>(gradient.data);
  const auto &x = t.samples.x;
  EXPECT_THAT(caller.read(data, 4),
              ElementsAre(2 * (x[0] + x[4] + x[8]), 2 * (x[1] + x[5] + x[9]),
                          2 * (x[2] + x[6] + x[10]), 2 * (x[3] + x[7] + x[11])));
  ASSERT_EQ(dlc_rt_zero_grad(t.m), DLC_OK);
  EXPECT_THAT(caller.read(data, 4), Each(0));
  ASSERT_EQ(dlc_rt_update(t.m), DLC_OK);
  EXPECT_EQ(dlc_rt_step(t.m), 1);
}

TEST_F(Cuda, Evaluate) {
  Trainer t;
  const dlc_in in = {t.samples.x.data(), DLC_FLOAT32};
  const dlc_in due[] = {{t.samples.target.data(), DLC_FLOAT32},
                        {t.samples.label.data(), DLC_INT32}};
  double metric = -1;
  ASSERT_EQ(dlc_rt_evaluate(t.m, 3, &in, due, &metric), DLC_OK) << dlc_rt_error(t.m);
  Reference reference;
  reference.run(t.samples);
  EXPECT_NEAR(metric, reference.loss, 1e-5);
}

TEST_F(Cuda, StateInFiles) {
  const std::string path = testing::TempDir() + "scale.state";
  Trainer straight, resumed;
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(straight.samples.step(straight.m), DLC_OK);
    if (i == 1) {
      ASSERT_EQ(dlc_rt_save_state(straight.m, path.c_str()), DLC_OK) << dlc_rt_error(straight.m);
      ASSERT_EQ(dlc_rt_load_state(resumed.m, path.c_str()), DLC_OK) << dlc_rt_error(resumed.m);
    } else if (i > 1) {
      ASSERT_EQ(resumed.samples.step(resumed.m), DLC_OK);
    }
  }
  EXPECT_EQ(straight.samples.loss, resumed.samples.loss);
  EXPECT_EQ(straight.save(), resumed.save());
}

TEST_F(Cuda, LoadBeginsAnew) {
  Trainer t;
  ASSERT_EQ(t.samples.step(t.m), DLC_OK);
  ASSERT_EQ(t.instance.load(gpu::weights()), DLC_OK) << dlc_rt_error(t.m);
  EXPECT_EQ(dlc_rt_step(t.m), 0);
  ASSERT_EQ(t.samples.forward(t.m), DLC_OK);
  EXPECT_THAT(t.samples.out, testing::Pointwise(FloatNear(1e-6f), gpu::expected(t.samples.x)));
}

TEST_F(Cuda, GradientsOneByOneAreOfCpus) {
  dlc_options options = gpu::training();
  options.on_gradient = [](void *, const dlc_tensor *) {};
  const Instance instance(options, gpu::desc());
  EXPECT_EQ(instance.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_THAT(instance.error, HasSubstr("only CPUs call them"));
}
