//===-- LoadTest.cpp - Weights into an instance -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyModel.h"

#include <cstdio>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using testing::HasSubstr;
using toy::CountingAllocator;
using toy::Instance;

namespace {

struct Case {
  const char *name, *header;
  size_t dataBytes;
  const char *message;

  friend std::ostream &operator<<(std::ostream &out, const Case &c) { return out << c.name; }
};

std::string imageOf(const Case &c) { return toy::file(c.header, std::string(c.dataBytes, '\0')); }

class Misfits : public testing::TestWithParam<Case> {};

} // namespace

TEST_P(Misfits, AreErrorsAndLeaveTheWeights) {
  CountingAllocator counting;
  dlc_options options = {};
  counting.install(options);
  Instance toy(options);
  const std::vector<float> image = {1, 2, 3};
  std::vector<float> out;

  EXPECT_EQ(toy.load(imageOf(GetParam())), DLC_ERROR_MISMATCH);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr(GetParam().message));
  EXPECT_EQ(toy.run(image, out), DLC_ERROR_NOT_READY);

  ASSERT_EQ(toy.load(toy::weights(2, 5)), DLC_OK);
  const int64_t live = counting.live;
  EXPECT_EQ(toy.load(imageOf(GetParam())), DLC_ERROR_MISMATCH);
  EXPECT_EQ(counting.live, live);
  ASSERT_EQ(toy.run(image, out), DLC_OK);
  EXPECT_EQ(out, toy::expected(image, 2, 5));
}

INSTANTIATE_TEST_SUITE_P(
    Load, Misfits,
    testing::Values(
        Case{"Missing", R"({"d/kernel":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}})", 24,
             "tensor \"d/bias\" is missing, one of the 2 that model \"toy\" needs; the file has "
             "1, the first is \"d/kernel\""},
        Case{"Empty", "{}", 0, "tensor \"d/kernel\" is missing"},
        Case{"Shape",
             R"({"d/kernel":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
             R"("d/bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}})",
             32, "tensor \"d/kernel\": its shape is [2, 3], model \"toy\" needs [3, 2]"},
        Case{"Rank",
             R"({"d/kernel":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},)"
             R"("d/bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}})",
             32, "its shape is [6], model \"toy\" needs [3, 2]"},
        Case{"Dtype",
             R"({"d/kernel":{"dtype":"I32","shape":[3,2],"data_offsets":[0,24]},)"
             R"("d/bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}})",
             32, "tensor \"d/kernel\": its dtype is int32, model \"toy\" needs float32"},
        Case{"Extra",
             R"({"d/kernel":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},)"
             R"("d/bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},)"
             R"("d/odd":{"dtype":"U8","shape":[],"data_offsets":[32,33]}})",
             33, "tensor \"d/odd\" is no parameter of model \"toy\"; remove it"}),
    [](const auto &test) { return test.param.name; });

TEST(Load, BrokenFileLeavesTheWeights) {
  Instance toy;
  ASSERT_EQ(toy.load(toy::weights(2, 5)), DLC_OK);
  std::string broken = toy::weights(9, 9);
  broken.pop_back();
  EXPECT_EQ(toy.load(broken), DLC_ERROR_FORMAT);
  std::vector<float> out;
  ASSERT_EQ(toy.run({1, 2, 3}, out), DLC_OK);
  EXPECT_EQ(out, toy::expected({1, 2, 3}, 2, 5));
}

TEST(Load, EveryFailedAllocationLeavesTheWeights) {
  CountingAllocator counting;
  dlc_options options = {};
  options.threads = 1;
  counting.install(options);
  Instance toy(options);
  ASSERT_EQ(toy.load(toy::weights(2, 5)), DLC_OK);
  const int64_t live = counting.live;
  for (int64_t i = 0; i < 4; ++i) { // header, table, prepare's scratch and result
    counting.failAt = counting.calls + i;
    EXPECT_EQ(toy.load(toy::weights(9, 9)), DLC_ERROR_RESOURCE) << i;
    EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("no memory"));
    EXPECT_EQ(counting.live, live);
    std::vector<float> out;
    ASSERT_EQ(toy.run({1, 2, 3}, out), DLC_OK);
    EXPECT_EQ(out, toy::expected({1, 2, 3}, 2, 5));
  }
}

TEST(Load, DropsTheCanonicalWeights) {
  CountingAllocator counting;
  dlc_options options = {};
  counting.install(options);
  Instance toy(options);
  const int64_t live = counting.live;
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
    EXPECT_EQ(counting.live, live + 64) << "the prepared weights alone stay";
  }
}

TEST(Load, AgainPreparesAgain) {
  Instance toy;
  std::vector<float> out;
  for (float scale : {1.0f, 2.0f, -3.0f}) {
    ASSERT_EQ(toy.load(toy::weights(scale, scale)), DLC_OK);
    ASSERT_EQ(toy.run({1, 2, 3}, out), DLC_OK);
    EXPECT_EQ(out, toy::expected({1, 2, 3}, scale, scale));
  }
}

TEST(Load, FromPath) {
  const std::string path = testing::TempDir() + "dlc_load_test.safetensors";
  std::ofstream(path, std::ios::binary) << toy::weights(4, 1);
  Instance toy;
  EXPECT_EQ(dlc_rt_load(toy.m, path.c_str()), DLC_OK);
  std::vector<float> out;
  ASSERT_EQ(toy.run({1, 2, 3}, out), DLC_OK);
  EXPECT_EQ(out, toy::expected({1, 2, 3}, 4, 1));
  std::remove(path.c_str());
}

TEST(Load, FileThatShrinksWhileItIsReadLeavesTheWeights) {
  const std::string path = testing::TempDir() + "dlc_shrinking_test.safetensors";
  std::ofstream(path, std::ios::binary) << toy::weights(4, 1);
  Instance toy;
  ASSERT_EQ(toy.load(toy::weights(2, 5)), DLC_OK);
  toy::duringPrepare = [&] { std::ofstream(path, std::ios::trunc); };
  EXPECT_EQ(dlc_rt_load(toy.m, path.c_str()), DLC_ERROR_IO);
  toy::duringPrepare = nullptr;
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("the file ends"));
  std::vector<float> out;
  ASSERT_EQ(toy.run({1, 2, 3}, out), DLC_OK);
  EXPECT_EQ(out, toy::expected({1, 2, 3}, 2, 5));
  std::remove(path.c_str());
}

TEST(Load, BadPaths) {
  Instance toy;
  EXPECT_EQ(dlc_rt_load(toy.m, "/no/such/file"), DLC_ERROR_IO);
  EXPECT_THAT(dlc_rt_error(toy.m),
              HasSubstr("/no/such/file: cannot be opened: No such file or directory"));
  EXPECT_EQ(dlc_rt_load(toy.m, "/tmp"), DLC_ERROR_IO);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("is it a regular file"));
  EXPECT_EQ(dlc_rt_load(toy.m, "/dev/null"), DLC_ERROR_FORMAT);
  EXPECT_EQ(dlc_rt_load(toy.m, nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_rt_load(nullptr, "x"), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_rt_load_memory(toy.m, nullptr, 8), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_rt_load_memory(nullptr, "", 0), DLC_ERROR_ARGUMENT);
}
