//===-- StateTest.cpp - Weights and training state in files -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LineModel.h"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <sys/resource.h>

using line::Trainer;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

class State : public testing::Test {
protected:
  fs::path folder =
      fs::path(testing::TempDir()) /
      (std::string("state-") + testing::UnitTest::GetInstance()->current_test_info()->name());
  std::string path = folder / "s.safetensors";

  void SetUp() override {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  static void train(Trainer &t, int steps) {
    for (int i = 0; i < steps; ++i)
      ASSERT_EQ(t.step(), DLC_OK) << t.error();
  }
  std::string contents() {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string &bytes) { std::ofstream(path, std::ios::binary) << bytes; }

  /// A state after two steps.
  std::string saved() {
    Trainer t;
    train(t, 2);
    EXPECT_EQ(dlc_rt_save_state(t.m, path.c_str()), DLC_OK) << t.error();
    return contents();
  }
  void expectRefused(dlc_status status, const char *text,
                     const dlc_rt_model_desc &desc = line::desc()) {
    Trainer t(3, 1, desc);
    train(t, 1);
    const std::string before = t.everything();
    EXPECT_EQ(dlc_rt_load_state(t.m, path.c_str()), status);
    EXPECT_THAT(t.error(), HasSubstr(text));
    EXPECT_EQ(t.everything(), before);
  }
};

/// `text` with its first `from` replaced, of the same length.
std::string replaced(std::string text, const std::string &from, const std::string &to) {
  EXPECT_EQ(from.size(), to.size());
  const size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos);
  return text.replace(place, from.size(), to);
}

std::string bytesOf(const void *data, size_t size) {
  return {static_cast<const char *>(data), size};
}

} // namespace

TEST_F(State, ResumingIsAsNeverStopping) {
  Trainer whole, first, second(99, 2);
  const dlc_schedule schedule = {0.2, DLC_SCHEDULE_COSINE, 0, 0, 0.01, 15, 3};
  ASSERT_EQ(dlc_rt_set_schedule(whole.m, &schedule), DLC_OK);
  ASSERT_EQ(dlc_rt_set_schedule(first.m, &schedule), DLC_OK);
  train(whole, 20);
  train(first, 8);
  ASSERT_EQ(dlc_rt_save_state(first.m, path.c_str()), DLC_OK) << first.error();
  train(second, 3); // what it learnt is forgotten
  ASSERT_EQ(dlc_rt_load_state(second.m, path.c_str()), DLC_OK) << second.error();
  EXPECT_EQ(dlc_rt_step(second.m), 8);
  train(second, 12);
  EXPECT_EQ(second.everything(), whole.everything());
}

TEST_F(State, AStateIsAsItWasSaved) {
  const std::string before = saved();
  Trainer t(99);
  ASSERT_EQ(dlc_rt_load_state(t.m, path.c_str()), DLC_OK) << t.error();
  EXPECT_EQ(t.state(line::kGradient)[0], 0);
  ASSERT_EQ(dlc_rt_save_state(t.m, path.c_str()), DLC_OK);
  EXPECT_EQ(contents(), before);
}

TEST_F(State, WeightsGoToAnInstanceThatOnlyRuns) {
  Trainer t;
  train(t, 50);
  std::vector<float> here, there;
  ASSERT_EQ(t.forward(here), DLC_OK);
  ASSERT_EQ(dlc_rt_save_weights(t.m, path.c_str()), DLC_OK) << t.error();
  dlc_options options = line::optionsFor(0, 1);
  options.training = 0;
  Trainer runs(options);
  ASSERT_EQ(dlc_rt_load(runs.m, path.c_str()), DLC_OK) << runs.error();
  ASSERT_EQ(runs.forward(there), DLC_OK);
  EXPECT_EQ(here, there);
}

TEST_F(State, LoadStartsAnew) {
  Trainer t, other(99);
  train(t, 5);
  ASSERT_EQ(dlc_rt_save_weights(t.m, path.c_str()), DLC_OK);
  train(other, 5);
  std::vector<float> out, due;
  ASSERT_EQ(other.forward(out), DLC_OK); // its weights are prepared, and stale after the load
  ASSERT_EQ(dlc_rt_load(other.m, path.c_str()), DLC_OK) << other.error();
  EXPECT_EQ(dlc_rt_step(other.m), 0);
  EXPECT_EQ(other.state(line::kSlot)[0], 0);
  EXPECT_EQ(other.state(line::kKernel)[1], t.state(line::kKernel)[1]);
  ASSERT_EQ(other.forward(out), DLC_OK);
  ASSERT_EQ(t.forward(due), DLC_OK);
  EXPECT_EQ(out, due);
}

TEST_F(State, PreparedWeightsAreThoseOfTheStep) {
  Trainer t;
  train(t, 5);
  ASSERT_EQ(dlc_rt_save_prepared(t.m, path.c_str()), DLC_OK) << t.error();
  dlc_options options = line::optionsFor(0, 1);
  options.training = 0;
  Trainer runs(options);
  std::vector<float> here, there;
  ASSERT_EQ(dlc_rt_load(runs.m, path.c_str()), DLC_OK) << runs.error();
  ASSERT_EQ(runs.forward(there), DLC_OK);
  ASSERT_EQ(t.forward(here), DLC_OK);
  EXPECT_EQ(here, there);
  EXPECT_EQ(dlc_rt_load(t.m, path.c_str()), DLC_ERROR_UNSUPPORTED);
  EXPECT_THAT(t.error(), HasSubstr("prepared weights cannot be trained"));
}

TEST_F(State, OfAnotherModel) {
  saved();
  expectRefused(DLC_ERROR_MISMATCH, "a training state of model \"line\", this is \"curve\"",
                line::otherNameDesc());
  expectRefused(DLC_ERROR_MISMATCH,
                "tensor \"momentum/d/kernel\" is no parameter of model \"line\"",
                line::slotlessDesc());
  Trainer without(7, 1, line::slotlessDesc());
  ASSERT_EQ(dlc_rt_save_state(without.m, path.c_str()), DLC_OK);
  expectRefused(DLC_ERROR_MISMATCH, "tensor \"momentum/d/kernel\" is missing");
}

TEST_F(State, WeightsAlone) {
  Trainer t;
  ASSERT_EQ(dlc_rt_save_weights(t.m, path.c_str()), DLC_OK);
  expectRefused(DLC_ERROR_MISMATCH, "holds no training state; load reads weights alone");
}

TEST_F(State, LoadTakesNoState) {
  saved();
  Trainer t;
  EXPECT_EQ(dlc_rt_load(t.m, path.c_str()), DLC_ERROR_MISMATCH);
  EXPECT_THAT(t.error(), HasSubstr("this is a training state, load the weights that save writes"));
}

TEST_F(State, NoFile) {
  expectRefused(DLC_ERROR_IO, "cannot be opened");
  Trainer t;
  EXPECT_EQ(dlc_rt_load_state(t.m, nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_rt_save_state(t.m, nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_rt_load_state(nullptr, "x"), DLC_ERROR_ARGUMENT);
}

TEST_F(State, DamagedNumbers) {
  const std::string good = saved();
  // version 1, step 2, seed 7
  const int64_t head[] = {1, 2, 7}, version[] = {2, 2, 7}, step[] = {1, -2, 7};
  const std::string old = bytesOf(head, sizeof head);
  write(replaced(good, old, bytesOf(version, sizeof version)));
  expectRefused(DLC_ERROR_FORMAT, "a training state of format 2, this library reads format 1");
  write(replaced(good, old, bytesOf(step, sizeof step)));
  expectRefused(DLC_ERROR_FORMAT, "is damaged: the step is negative");
  const double rate = 0.25, bad = -1;
  write(replaced(good, bytesOf(&rate, 8), bytesOf(&bad, 8)));
  expectRefused(DLC_ERROR_FORMAT, "\"dlc.training\" is damaged: learning_rate must be");
  write(replaced(good, "[10]", "[9] "));
  expectRefused(DLC_ERROR_FORMAT, "");
  write(good.substr(0, good.size() - 1));
  expectRefused(DLC_ERROR_FORMAT, "");
}

TEST_F(State, NoMemoryToLoad) {
  saved();
  toy::CountingAllocator allocator;
  dlc_options options = line::optionsFor(7, 1);
  allocator.install(options);
  {
    Trainer t(options);
    train(t, 1);
    const std::string before = t.everything();
    for (int64_t fail = 0;; ++fail) {
      allocator.calls = 0;
      allocator.failAt = fail;
      if (dlc_rt_load_state(t.m, path.c_str()) == DLC_OK)
        break;
      EXPECT_THAT(t.error(), HasSubstr("no memory"));
      EXPECT_EQ(t.everything(), before);
      ASSERT_LT(fail, 20);
    }
  }
  EXPECT_EQ(allocator.live, 0);
}

TEST_F(State, AFullDiskLeavesTheOldState) {
  const std::string before = saved();
  Trainer t;
  train(t, 9);
  rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small = {64, limit.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_EQ(dlc_rt_save_state(t.m, path.c_str()), DLC_ERROR_IO);
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_THAT(t.error(), HasSubstr("cannot be written: File too large"));
  EXPECT_EQ(contents(), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

// Whatever a file holds, it is refused or taken, and when refused nothing has changed.
TEST_F(State, MutatedFiles) {
  const std::string good = saved();
  std::mt19937 random(1);
  Trainer t;
  train(t, 1);
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string bad = good;
    for (int edits = 1 + i % 3; edits; --edits)
      bad[random() % bad.size()] =
          static_cast<char>(i % 2 ? random() : "0129-[]{}\",:"[random() % 12]);
    if (i % 7 == 0)
      bad.resize(random() % bad.size());
    write(bad);
    const std::string before = t.everything();
    const dlc_status status = dlc_rt_load_state(t.m, path.c_str());
    taken += status == DLC_OK;
    if (status == DLC_OK)
      continue;
    ASSERT_TRUE(status == DLC_ERROR_FORMAT || status == DLC_ERROR_MISMATCH) << t.error();
    ASSERT_EQ(t.everything(), before);
  }
  EXPECT_GT(taken, 0);
}
