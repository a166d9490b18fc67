//===-- CreateTest.cpp - Instances and their options -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using testing::HasSubstr;
using toy::CountingAllocator;
using toy::Instance;

TEST(Create, DefaultsNeedNoOptions) {
  dlc_model *m = nullptr;
  ASSERT_EQ(dlc_rt_create(&toy::desc(), nullptr, &m), DLC_OK);
  EXPECT_STREQ(dlc_rt_variant_name(m), "fast");
  EXPECT_STREQ(dlc_rt_error(m), "");
  dlc_rt_destroy(m);
  dlc_rt_destroy(nullptr);
}

TEST(Create, NullOut) {
  EXPECT_EQ(dlc_rt_create(&toy::desc(), nullptr, nullptr), DLC_ERROR_ARGUMENT);
}

TEST(Create, ClearsOutOnFailure) {
  auto *m = reinterpret_cast<dlc_model *>(64);
  dlc_options options = {};
  options.size = sizeof options;
  options.max_batch = -1;
  EXPECT_EQ(dlc_rt_create(&toy::desc(), &options, &m), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(m, nullptr);
}

TEST(Create, SizeOfOptions) {
  dlc_model *m = nullptr;
  dlc_options options = {};
  for (uint64_t size : {uint64_t(0), sizeof options - 1, uint64_t(1) << 40}) {
    options.size = size;
    EXPECT_EQ(dlc_rt_create(&toy::desc(), &options, &m), DLC_ERROR_ARGUMENT) << size;
  }
}

TEST(Create, Target) {
  dlc_options options = {};
  options.target = DLC_TARGET_CPU;
  EXPECT_EQ(Instance(options).status, DLC_OK);
  options.target = DLC_TARGET_CUDA;
  const Instance other(options);
  EXPECT_EQ(other.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_STREQ(other.error,
               "model \"toy\" was compiled for CPUs alone; compile it with --target cpu,cuda");
  options.target = 3;
  const Instance unknown(options);
  EXPECT_EQ(unknown.status, DLC_ERROR_ARGUMENT);
  EXPECT_STREQ(unknown.error, "dlc_options.target is 3; it must be a dlc_target");
}

TEST(Create, OptionsOfALaterVersion) {
  struct {
    dlc_options options = {};
    uint64_t later = 0;
  } longer;
  char error[256];
  longer.options.size = sizeof longer;
  longer.options.error = error;
  longer.options.error_size = sizeof error;
  dlc_model *m = nullptr;
  EXPECT_EQ(dlc_rt_create(&toy::desc(), &longer.options, &m), DLC_OK);
  dlc_rt_destroy(m);
  longer.later = 1;
  EXPECT_EQ(dlc_rt_create(&toy::desc(), &longer.options, &m), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(error, HasSubstr("compile the model again"));
}

struct BadOption {
  const char *name;
  void (*set)(dlc_options &);
  dlc_status status;
  const char *message;

  friend std::ostream &operator<<(std::ostream &out, const BadOption &o) { return out << o.name; }
};

class BadOptions : public testing::TestWithParam<BadOption> {};

TEST_P(BadOptions, AreErrors) {
  dlc_options options = {};
  GetParam().set(options);
  Instance toy(options);
  EXPECT_EQ(toy.status, GetParam().status);
  EXPECT_EQ(toy.m, nullptr);
  EXPECT_THAT(toy.error, HasSubstr(GetParam().message));
}

alignas(64) static char memory[4096];

INSTANTIATE_TEST_SUITE_P(
    Create, BadOptions,
    testing::Values(BadOption{"Batch", [](dlc_options &o) { o.max_batch = -2; }, DLC_ERROR_ARGUMENT,
                              "max_batch is -2; it must be at least 1"},
                    BadOption{"BatchOverflow", [](dlc_options &o) { o.max_batch = INT64_MAX / 2; },
                              DLC_ERROR_ARGUMENT, "beyond 63 bits"},
                    BadOption{"ArenaOverflow", [](dlc_options &o) { o.max_batch = INT64_MAX / 32; },
                              DLC_ERROR_ARGUMENT, "the arena of batch"},
                    BadOption{"Threads", [](dlc_options &o) { o.threads = -1; }, DLC_ERROR_ARGUMENT,
                              "threads is -1; it must be within 1 and 1024"},
                    BadOption{"ManyThreads", [](dlc_options &o) { o.threads = 1025; },
                              DLC_ERROR_ARGUMENT, "threads is 1025"},
                    BadOption{"Training", [](dlc_options &o) { o.training = 1; },
                              DLC_ERROR_UNSUPPORTED, "compile it with --train"},
                    BadOption{"HalfAnAllocator",
                              [](dlc_options &o) { o.allocate = CountingAllocator::allocate; },
                              DLC_ERROR_ARGUMENT, "belong together"},
                    BadOption{"UnknownVariant", [](dlc_options &o) { o.cpu_variant = "z80"; },
                              DLC_ERROR_ARGUMENT,
                              "no variant \"z80\"; it has impossible, fast, base"},
                    BadOption{"ImpossibleVariant",
                              [](dlc_options &o) { o.cpu_variant = "impossible"; },
                              DLC_ERROR_UNSUPPORTED, "this CPU cannot run \"impossible\""},
                    BadOption{"MisalignedMemory",
                              [](dlc_options &o) {
                                o.memory = memory + 8;
                                o.memory_size = 4000;
                              },
                              DLC_ERROR_ARGUMENT, "multiple of 64 bytes"},
                    BadOption{"SmallMemory",
                              [](dlc_options &o) {
                                o.memory = memory;
                                o.memory_size = 64 * 7 - 1;
                                o.max_batch = 4;
                                o.threads = 2;
                              },
                              DLC_ERROR_ARGUMENT,
                              "memory_size is 447; max_batch 4 and 2 threads take 448 bytes"}),
    [](const auto &test) { return test.param.name; });

TEST(Create, NoVariantForThisCpu) {
  dlc_rt_model_desc d = toy::desc();
  d.info.num_variants = 1;
  Instance toy({}, d);
  EXPECT_EQ(toy.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_THAT(toy.error, HasSubstr("no variant for this CPU"));
}

TEST(Create, VariantByName) {
  dlc_options options = {};
  options.cpu_variant = "base";
  Instance toy(options);
  ASSERT_EQ(toy.status, DLC_OK);
  EXPECT_STREQ(dlc_rt_variant_name(toy.m), "base");
}

TEST(Create, StaticBatch) {
  dlc_options options = {};
  EXPECT_EQ(Instance(options, toy::staticBatchDesc()).status, DLC_OK);
  options.max_batch = 4;
  EXPECT_EQ(Instance(options, toy::staticBatchDesc()).status, DLC_OK);
  options.max_batch = 5;
  Instance toy(options, toy::staticBatchDesc());
  EXPECT_EQ(toy.status, DLC_ERROR_ARGUMENT);
  EXPECT_THAT(toy.error, HasSubstr("compiled for batch 4 alone"));
}

TEST(Create, EveryFailedAllocationIsReportedAndLeaksNothing) {
  for (int64_t failAt = 0; failAt < 3; ++failAt) {
    CountingAllocator counting;
    counting.failAt = failAt;
    dlc_options options = {};
    options.threads = 2;
    counting.install(options);
    Instance toy(options);
    EXPECT_EQ(toy.status, DLC_ERROR_RESOURCE) << failAt;
    EXPECT_THAT(toy.error, HasSubstr("no memory for"));
    EXPECT_EQ(counting.live, 0);
  }
}

TEST(Create, DestroyGivesEverythingBack) {
  CountingAllocator counting;
  dlc_options options = {};
  options.threads = 4;
  counting.install(options);
  {
    Instance toy(options);
    ASSERT_EQ(toy.status, DLC_OK);
    ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
    EXPECT_GT(counting.live, 0);
  }
  EXPECT_EQ(counting.live, 0);
}

TEST(Create, CallersMemoryReplacesTheArena) {
  CountingAllocator with, without;
  dlc_options options = {};
  options.threads = 1;
  options.max_batch = 8;
  with.install(options);
  {
    Instance toy(options);
  }
  options.memory = memory;
  options.memory_size = static_cast<uint64_t>(dlc_rt_arena_bytes(&toy::desc(), 8, 1));
  without.install(options);
  Instance toy(options);
  ASSERT_EQ(toy.status, DLC_OK);
  EXPECT_EQ(without.calls, with.calls - 1);
  ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
  std::vector<float> image(24, 1.5f), out;
  ASSERT_EQ(toy.run(image, out), DLC_OK);
  EXPECT_EQ(out, toy::expected(image));
}

TEST(Create, ArenaHoldsOneStepOfALargeBatch) {
  dlc_options options = {};
  options.threads = 1;
  options.max_batch = 1000;
  options.cpu_variant = "base"; // five samples a step
  options.memory = memory;
  options.memory_size = static_cast<uint64_t>(dlc_rt_arena_bytes(&toy::desc(), 5, 1));
  Instance toy(options);
  ASSERT_EQ(toy.status, DLC_OK) << toy.error;
  ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
  std::vector<float> image(3 * 1000, 1.5f), out;
  ASSERT_EQ(toy.run(image, out), DLC_OK);
  EXPECT_EQ(out, toy::expected(image));
}

TEST(Create, ArenaBytes) {
  EXPECT_EQ(dlc_rt_arena_bytes(&toy::desc(), 1, 1), 192);
  EXPECT_EQ(dlc_rt_arena_bytes(&toy::desc(), 10, 4), 64 * 15);
  EXPECT_EQ(dlc_rt_arena_bytes(&toy::desc(), 0, 1), -1);
  EXPECT_EQ(dlc_rt_arena_bytes(&toy::desc(), 1, 0), -1);
  EXPECT_EQ(dlc_rt_arena_bytes(&toy::desc(), INT64_MAX / 8, 1), -1);
}

TEST(Create, Info) {
  const dlc_model_info *info = dlc_rt_info(&toy::desc());
  EXPECT_EQ(info->size, sizeof(dlc_model_info));
  EXPECT_STREQ(info->name, "toy");
  EXPECT_STREQ(info->params[1].name, "d/bias");
  EXPECT_STREQ(info->variants[1], "fast");
}

TEST(Status, EveryOneHasAName) {
  for (int i = 0; i <= DLC_ERROR_BUSY; ++i)
    EXPECT_STRNE(dlc_status_string(dlc_status(i)), "unknown status") << i;
}
