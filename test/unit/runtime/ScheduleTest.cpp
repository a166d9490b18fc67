//===-- ScheduleTest.cpp - Learning rates and first values -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/Schedule.h"
#include "runtime/Elementary.h"
#include "runtime/Random.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

using namespace dlc::rt;
using testing::HasSubstr;

static void expectClose(double value, double due, double argument) {
  EXPECT_LE(std::fabs(value - due), 4 * 0x1p-52 * std::fabs(due)) << "at " << argument;
}

TEST(Elementary, CloseToTheCLibrarys) {
  for (double x = -700; x < 700; x += 0.37)
    expectClose(exponential(x), std::exp(x), x);
  for (double x = 1e-300; x < 1e300; x *= 1.7)
    expectClose(logarithm(x), std::log(x), x);
  for (double x = 0.5; x < 2; x += 0.0037)
    expectClose(logarithm(x), std::log(x), x);
  for (double x = 0; x <= 2; x += 1.0 / 512)
    EXPECT_NEAR(cosPi(x), std::cos(3.14159265358979323846 * x), 1e-15) << x;
  EXPECT_EQ(cosPi(0.5), 0);
  EXPECT_EQ(cosPi(1), -1);
  EXPECT_EQ(cosPi(2), 1);
}

TEST(Elementary, Powers) {
  for (double x : {0.1, 0.5, 0.97, 1.0, 1.5, 12.0})
    for (double y : {-3.5, -2.0, -0.1, 0.0, 0.3, 1.0, 2.0, 7.0, 33.3})
      EXPECT_NEAR(power(x, y) / std::pow(x, y), 1, 0x1p-50 * (1 + std::fabs(y * std::log(x))))
          << x << "^" << y;
  EXPECT_EQ(power(0, 0), 1);
  EXPECT_EQ(power(0, 0.5), 0);
  EXPECT_EQ(power(0.5, 3), 0.125);
  EXPECT_EQ(power(0.5, INFINITY), 0);
  EXPECT_EQ(power(1, INFINITY), 1);
  EXPECT_EQ(exponential(1000), INFINITY);
  EXPECT_EQ(exponential(-1000), 0);
  EXPECT_TRUE(std::isnan(exponential(NAN)));
}

TEST(Schedule, Kinds) {
  dlc_schedule s = {0.1, DLC_SCHEDULE_CONSTANT, 0.5, 0.75, 0.01, 10, 0};
  EXPECT_EQ(learningRate(s, 12345), 0.1);
  s.kind = DLC_SCHEDULE_STEP;
  EXPECT_EQ(learningRate(s, 9), 0.1);
  EXPECT_EQ(learningRate(s, 10), 0.05);
  EXPECT_EQ(learningRate(s, 29), 0.025);
  s.kind = DLC_SCHEDULE_EXPONENTIAL;
  EXPECT_NEAR(learningRate(s, 5), 0.1 * std::sqrt(0.5), 1e-16);
  EXPECT_EQ(learningRate(s, 10), 0.05);
  s.kind = DLC_SCHEDULE_COSINE;
  EXPECT_EQ(learningRate(s, 0), 0.1);
  EXPECT_NEAR(learningRate(s, 5), 0.055, 1e-16);
  EXPECT_NEAR(learningRate(s, 3), 0.01 + 0.045 * (1 + std::cos(0.3 * M_PI)), 1e-16);
  EXPECT_EQ(learningRate(s, 10), 0.01);
  EXPECT_EQ(learningRate(s, 1000), 0.01);
  s.kind = DLC_SCHEDULE_INVERSE;
  EXPECT_NEAR(learningRate(s, 8), 0.1 * std::pow(5, -0.75), 1e-16);
}

TEST(Schedule, WarmUp) {
  const dlc_schedule s = {0.1, DLC_SCHEDULE_STEP, 0.5, 0, 0, 2, 4};
  EXPECT_EQ(learningRate(s, 0), 0.1 / 4);
  EXPECT_EQ(learningRate(s, 2), 0.05 * 0.75);
  EXPECT_EQ(learningRate(s, 3), 0.05);
  EXPECT_EQ(learningRate(s, 4), 0.025);
}

TEST(Schedule, Faults) {
  const dlc_schedule good = {0.1, DLC_SCHEDULE_STEP, 0.5, 0, 0, 2, 4};
  EXPECT_EQ(faultOf(good), nullptr);
  auto expectFault = [&](const char *text, auto change) {
    dlc_schedule bad = good;
    change(bad);
    ASSERT_NE(faultOf(bad), nullptr) << text;
    EXPECT_THAT(faultOf(bad), HasSubstr(text));
  };
  expectFault("kind", [](dlc_schedule &s) { s.kind = 5; });
  expectFault("kind", [](dlc_schedule &s) { s.kind = -1; });
  expectFault("learning_rate", [](dlc_schedule &s) { s.learning_rate = -0.1; });
  expectFault("learning_rate", [](dlc_schedule &s) { s.learning_rate = INFINITY; });
  expectFault("period", [](dlc_schedule &s) { s.period = 0; });
  expectFault("gamma", [](dlc_schedule &s) { s.gamma = NAN; });
  expectFault("warmup_steps", [](dlc_schedule &s) { s.warmup_steps = -1; });
  expectFault("minimum", [](dlc_schedule &s) {
    s.kind = DLC_SCHEDULE_COSINE;
    s.minimum = -1;
  });
  expectFault("power", [](dlc_schedule &s) {
    s.kind = DLC_SCHEDULE_INVERSE;
    s.power = NAN;
  });
}

// Known answers of the authors' own implementation.
TEST(Random, Philox) {
  const Words zero = philox(0, {});
  EXPECT_EQ(zero.word[0], 0x6627e8d5u);
  EXPECT_EQ(zero.word[3], 0x9b00dbd8u);
  const Words ones = philox(~uint64_t(0), {{~0u, ~0u, ~0u, ~0u}});
  EXPECT_EQ(ones.word[0], 0x408f276du);
  EXPECT_EQ(ones.word[3], 0x6d5451fdu);
}

static std::vector<float> drawn(int32_t kind, double a, double b, int64_t index = 0) {
  std::vector<float> values(20000);
  const dlc_rt_state_tensor tensor = {{}, 0, DLC_RT_PARAMETER, kind, a, b};
  initialise(tensor, 5, index, 0, 20000, values.data());
  return values;
}

static std::pair<double, double> meanAndDeviation(const std::vector<float> &values) {
  double mean = 0, square = 0;
  for (float v : values)
    mean += v / 20000.0;
  for (float v : values)
    square += (v - mean) * (v - mean) / 20000.0;
  return {mean, std::sqrt(square)};
}

TEST(Random, Distributions) {
  auto [mean, deviation] = meanAndDeviation(drawn(DLC_RT_UNIFORM, -1, 3));
  EXPECT_NEAR(mean, 1, 0.04);
  EXPECT_NEAR(deviation, 4 / std::sqrt(12), 0.02);
  std::tie(mean, deviation) = meanAndDeviation(drawn(DLC_RT_NORMAL, 2, 0.5));
  EXPECT_NEAR(mean, 2, 0.02);
  EXPECT_NEAR(deviation, 0.5, 0.01);
  const std::vector<float> truncated = drawn(DLC_RT_TRUNCATED_NORMAL, 0, 1);
  std::tie(mean, deviation) = meanAndDeviation(truncated);
  EXPECT_NEAR(mean, 0, 0.03);
  EXPECT_NEAR(deviation, 0.8796, 0.01);
  for (float value : truncated)
    ASSERT_LE(std::fabs(value), 2);
  for (float value : drawn(DLC_RT_CONSTANT, 1.5, 0))
    ASSERT_EQ(value, 1.5f);
}

TEST(Random, EachElementByItself) {
  const std::vector<float> whole = drawn(DLC_RT_NORMAL, 0, 1);
  EXPECT_NE(whole, drawn(DLC_RT_NORMAL, 0, 1, 1));
  std::vector<float> part(20000);
  const dlc_rt_state_tensor tensor = {{}, 0, DLC_RT_PARAMETER, DLC_RT_NORMAL, 0, 1};
  initialise(tensor, 5, 0, 7, 20000, part.data());
  initialise(tensor, 5, 0, 0, 7, part.data());
  EXPECT_EQ(part, whole);
}
