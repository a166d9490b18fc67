//===-- CpuTest.cpp - What this CPU can do -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/Cpu.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

using dlc::rt::FeatureText;

namespace {

/// The flags that the kernel shows for the first core.
std::set<std::string> kernelFlags() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.rfind("flags", 0) == 0) {
      std::istringstream words(line.substr(line.find(':') + 1));
      return {std::istream_iterator<std::string>(words), {}};
    }
  return {};
}

bool hasAll(const std::set<std::string> &flags, const char *names) {
  std::istringstream words(names);
  for (std::string name; words >> name;)
    if (!flags.count(name))
      return false;
  return true;
}

} // namespace

#if defined(__x86_64__)
TEST(Cpu, AgreesWithTheKernel) {
  const std::set<std::string> flags = kernelFlags();
  if (flags.empty()) // the only other witness; sandboxes may hide it
    GTEST_SKIP() << "/proc/cpuinfo has no flags";
  const struct {
    const char *feature, *flags;
  } rows[] = {
      {"x86-64-v2", "pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm"},
      {"x86-64-v3", "pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm avx fma movbe f16c avx2 bmi1 "
                    "bmi2 abm"},
      {"x86-64-v4", "avx2 fma bmi2 avx512f avx512dq avx512cd avx512bw avx512vl"},
      {"avxvnni", "avx_vnni"},
      {"avx512ifma", "avx512ifma"},
      {"avx512vbmi", "avx512vbmi"},
      {"avx512vbmi2", "avx512_vbmi2"},
      {"avx512vnni", "avx512_vnni"},
      {"avx512bitalg", "avx512_bitalg"},
      {"avx512vpopcntdq", "avx512_vpopcntdq"},
      {"avx512bf16", "avx512_bf16"},
      {"avx512fp16", "avx512_fp16"},
      {"gfni", "gfni"},
      {"vaes", "vaes"},
      {"vpclmulqdq", "vpclmulqdq"},
  };
  const uint64_t present = dlc_rt_cpu_features();
  for (auto &row : rows) {
    const uint64_t bit = dlc_rt_cpu_feature(row.feature);
    ASSERT_NE(bit, 0u) << row.feature;
    EXPECT_EQ((present & bit) != 0, hasAll(flags, row.flags)) << row.feature;
  }
}
#endif

TEST(Cpu, EveryFeatureHasItsOwnBit) {
  uint64_t all = 0;
#define ROW(bit, name)                                                                             \
  EXPECT_EQ(dlc_rt_cpu_feature(name), uint64_t(1) << bit);                                         \
  EXPECT_EQ(all &uint64_t(1) << bit, 0u) << name;                                                  \
  all |= uint64_t(1) << bit;
  DLC_RT_CPU_FEATURES(ROW)
#undef ROW
  EXPECT_EQ(dlc_rt_cpu_feature("x86-64-v9"), 0u);
}

TEST(Cpu, FeaturesAsText) {
  EXPECT_STREQ(FeatureText(0).text, "");
  EXPECT_STREQ(FeatureText(5).text, "x86-64-v2, x86-64-v4");
  EXPECT_LT(std::string(FeatureText(~uint64_t(0)).text).size(), sizeof(FeatureText) - 1);
}
