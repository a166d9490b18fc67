//===-- ForwardTest.cpp - Running a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyModel.h"

#include <atomic>
#include <cfenv>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

using testing::HasSubstr;
using toy::CountingAllocator;
using toy::Instance;

namespace {

dlc_options optionsFor(int64_t batch, int32_t threads) {
  dlc_options options = {};
  options.max_batch = batch;
  options.threads = threads;
  return options;
}

/// Arguments of a forward that works, to be spoiled one at a time.
class Forward : public testing::Test {
protected:
  Instance toy{optionsFor(4, 1)};
  float image[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, out[8];
  int32_t count[4] = {};
  uint8_t mask[4];
  dlc_in in[2] = {{image, DLC_FLOAT32}, {count, DLC_INT32}};
  dlc_out outs[2] = {{out, DLC_FLOAT32}, {mask, DLC_UINT8}};

  void SetUp() override { ASSERT_EQ(toy.load(toy::weights()), DLC_OK); }

  void expectError(int64_t batch, const char *message) {
    EXPECT_EQ(dlc_rt_forward(toy.m, batch, in, outs), DLC_ERROR_ARGUMENT);
    EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr(message));
  }
};

} // namespace

TEST_F(Forward, Works) {
  ASSERT_EQ(dlc_rt_forward(toy.m, 4, in, outs), DLC_OK);
  EXPECT_EQ(std::vector<float>(out, out + 8), toy::expected({image, image + 12}));
  EXPECT_EQ(mask[3], 7);
}

TEST_F(Forward, NullModel) {
  EXPECT_EQ(dlc_rt_forward(nullptr, 1, in, outs), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(dlc_rt_error(nullptr), HasSubstr("no instance"));
}

TEST_F(Forward, BatchZero) { expectError(0, "batch 0; it must be at least 1"); }
TEST_F(Forward, BatchNegative) { expectError(-3, "batch -3"); }
TEST_F(Forward, BatchAboveMaximum) {
  expectError(5, "batch 5 is above max_batch 4; create the instance with");
}

TEST_F(Forward, WrongInputDtype) {
  in[1].dtype = DLC_FLOAT32;
  expectError(1, "input \"count\": dtype float32 (1) given, int32 (3) is due");
}
TEST_F(Forward, ForgottenOutputDtype) {
  outs[1].dtype = 0;
  expectError(1, "output \"mask\": dtype none (0) given, uint8 (2) is due");
}
TEST_F(Forward, NullInput) {
  in[0].data = nullptr;
  expectError(1, "input \"image\": its data are NULL");
}
TEST_F(Forward, NullOutput) {
  outs[0].data = nullptr;
  expectError(1, "output \"out\": its data are NULL");
}
TEST_F(Forward, NullArrays) {
  EXPECT_EQ(dlc_rt_forward(toy.m, 1, nullptr, outs), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("the array of inputs is NULL"));
  EXPECT_EQ(dlc_rt_forward(toy.m, 1, in, nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("the array of outputs is NULL"));
}
TEST_F(Forward, Misaligned) {
  in[0].data = reinterpret_cast<char *>(image) + 2;
  expectError(1, "input \"image\": its data must lie at a multiple of 4 bytes");
}

TEST_F(Forward, OutputIsInput) {
  outs[0].data = image;
  expectError(1, "output \"out\" overlaps input \"image\"");
}
TEST_F(Forward, OutputTouchesInputsLastByte) {
  float longer[16] = {};
  in[0].data = longer;
  outs[1].data = reinterpret_cast<char *>(longer) + 4 * 12 - 1;
  expectError(4, "output \"mask\" overlaps input \"image\"");
  // A smaller batch does not reach it.
  EXPECT_EQ(dlc_rt_forward(toy.m, 3, in, outs), DLC_OK);
}
TEST_F(Forward, OutputTwice) {
  outs[1].data = out;
  expectError(1, "output \"mask\" overlaps output \"out\"");
}
TEST_F(Forward, OneInputTwiceIsFine) {
  in[1].data = image;
  EXPECT_EQ(dlc_rt_forward(toy.m, 1, in, outs), DLC_OK);
}

TEST(ForwardMemory, BuffersInTheCallersArena) {
  alignas(64) static char memory[1024];
  dlc_options options = optionsFor(1, 1);
  options.memory = memory;
  options.memory_size = sizeof memory;
  Instance toy(options, toy::weightlessDesc());
  ASSERT_EQ(toy.status, DLC_OK);
  float data[3];
  dlc_in in = {data, DLC_FLOAT32};
  dlc_out out = {memory, DLC_FLOAT32};
  // This model needs no arena, so nothing of it is in the way.
  EXPECT_EQ(dlc_rt_forward(toy.m, 1, &in, &out), DLC_OK);

  Instance loaded(options);
  ASSERT_EQ(loaded.load(toy::weights()), DLC_OK);
  int32_t count = 0;
  uint8_t mask;
  dlc_in ins[] = {{data, DLC_FLOAT32}, {&count, DLC_INT32}};
  dlc_out outs[] = {{memory + 64, DLC_FLOAT32}, {&mask, DLC_UINT8}};
  EXPECT_EQ(dlc_rt_forward(loaded.m, 1, ins, outs), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(dlc_rt_error(loaded.m), HasSubstr("output \"out\" lies in dlc_options.memory"));
  ins[0].data = memory;
  EXPECT_EQ(dlc_rt_forward(loaded.m, 1, ins, outs), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(dlc_rt_error(loaded.m), HasSubstr("input \"image\" lies in dlc_options.memory"));
}

TEST(ForwardState, BeforeLoad) {
  Instance toy;
  std::vector<float> out;
  EXPECT_EQ(toy.run({1, 2, 3}, out), DLC_ERROR_NOT_READY);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("call load or load_memory first"));
}

TEST(ForwardState, WithoutParametersReadyAtOnce) {
  Instance toy({}, toy::weightlessDesc());
  const float data[3] = {1, 2, 3};
  float doubled[3];
  dlc_in in = {data, DLC_FLOAT32};
  dlc_out out = {doubled, DLC_FLOAT32};
  ASSERT_EQ(dlc_rt_forward(toy.m, 1, &in, &out), DLC_OK);
  EXPECT_EQ(doubled[2], 6);
}

TEST(ForwardState, StaticBatchTakesNoOther) {
  Instance toy({}, toy::staticBatchDesc());
  ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
  std::vector<float> out;
  EXPECT_EQ(toy.run(std::vector<float>(12, 1), out), DLC_OK);
  EXPECT_EQ(toy.run(std::vector<float>(9, 1), out), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("batch 3, but this library was compiled for batch 4"));
}

TEST(ForwardState, AllocatesNothing) {
  CountingAllocator counting;
  dlc_options options = optionsFor(32, 3);
  counting.install(options);
  Instance toy(options);
  ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
  const int64_t before = counting.calls, live = counting.live;
  std::vector<float> image(96, 0.5f), out;
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(toy.run(image, out), DLC_OK);
  EXPECT_EQ(counting.calls, before);
  EXPECT_EQ(counting.live, live);
}

//===----------------------------------------------------------------------===//
// Same bits
//===----------------------------------------------------------------------===//

static std::vector<float> noise(size_t count) {
  std::vector<float> values(count);
  uint32_t state = 1;
  for (float &value : values) {
    state = state * 1664525 + 1013904223;
    value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  return values;
}

TEST(BatchStep, SplitsLargerBatches) {
  dlc_options options = optionsFor(13, 2);
  options.cpu_variant = "base"; // five samples a step
  Instance toy(options);
  ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
  for (size_t batch : {1, 5, 6, 10, 13}) {
    const std::vector<float> image = noise(3 * batch);
    std::vector<float> out;
    ASSERT_EQ(toy.run(image, out), DLC_OK);
    EXPECT_EQ(out, toy::expected(image)) << batch;
  }
}

TEST(SameBits, AnyNumberOfThreads) {
  const std::vector<float> image = noise(3 * 101);
  std::vector<float> one, many;
  {
    Instance toy(optionsFor(101, 1));
    ASSERT_EQ(toy.load(toy::weights(0.37f, 1e-3f)), DLC_OK);
    ASSERT_EQ(toy.run(image, one), DLC_OK);
  }
  for (int32_t threads : {2, 3, 4, 16}) {
    Instance toy(optionsFor(101, threads));
    ASSERT_EQ(toy.load(toy::weights(0.37f, 1e-3f)), DLC_OK);
    for (int i = 0; i < 50; ++i) {
      ASSERT_EQ(toy.run(image, many), DLC_OK);
      ASSERT_EQ(toy::bytes(one), toy::bytes(many)) << threads;
    }
  }
}

TEST(SameBits, WhateverTheCallersRounding) {
  const std::vector<float> image = noise(3 * 8);
  std::vector<float> nearest, upward;
  Instance toy(optionsFor(8, 2));
  ASSERT_EQ(toy.load(toy::weights(0.37f, 1e-3f)), DLC_OK);
  ASSERT_EQ(toy.run(image, nearest), DLC_OK);
  std::fesetround(FE_UPWARD);
  const dlc_status status = toy.run(image, upward);
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(FE_TONEAREST);
  ASSERT_EQ(status, DLC_OK);
  EXPECT_EQ(toy::bytes(nearest), toy::bytes(upward));
}

//===----------------------------------------------------------------------===//
// Several callers
//===----------------------------------------------------------------------===//

TEST(Concurrency, TwoInstancesInTwoThreads) {
  auto work = [](float scale, bool *good) {
    Instance toy(optionsFor(33, 2));
    *good = toy.load(toy::weights(scale)) == DLC_OK;
    const std::vector<float> image = noise(99), right = toy::expected(image, scale);
    std::vector<float> out;
    for (int i = 0; i < 2000 && *good; ++i)
      *good = toy.run(image, out) == DLC_OK && out == right;
  };
  bool first = false, second = false;
  std::thread a(work, 1.0f, &first), b(work, 3.0f, &second);
  a.join();
  b.join();
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
}

namespace {

std::atomic<int> inside{0};

void waitForOther(dlc_model *, int64_t, const void *const *, void *const *, const void *, void *) {
  inside = 1;
  while (inside != 2)
    std::this_thread::yield();
}

} // namespace

TEST(Concurrency, OneInstanceServesOneCallAtATime) {
  dlc_rt_variant variant = toy::weightlessDesc().variants[0];
  variant.forward = waitForOther;
  dlc_rt_model_desc d = toy::weightlessDesc();
  d.variants = &variant;
  Instance toy({}, d);
  float data[3] = {}, result[3];
  dlc_in in = {data, DLC_FLOAT32};
  dlc_out out = {result, DLC_FLOAT32};
  std::thread other([&] { EXPECT_EQ(dlc_rt_forward(toy.m, 1, &in, &out), DLC_OK); });
  while (inside != 1)
    std::this_thread::yield();
  EXPECT_EQ(dlc_rt_forward(toy.m, 1, &in, &out), DLC_ERROR_BUSY);
  EXPECT_EQ(dlc_rt_load(toy.m, "anything"), DLC_ERROR_BUSY);
  EXPECT_EQ(dlc_rt_load_memory(toy.m, data, 4), DLC_ERROR_BUSY);
  EXPECT_STREQ(dlc_rt_error(toy.m), "");
  inside = 2;
  other.join();
}
