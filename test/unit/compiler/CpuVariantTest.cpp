//===- CpuVariantTest.cpp - the CPUs a library is compiled for ----------------------===//

#include "compiler/CpuVariant.h"
#include <gmock/gmock.h>

using namespace dlc;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

static std::vector<std::string> namesOf(llvm::ArrayRef<std::string> march) {
  llvm::Expected<std::vector<CpuVariant>> cpus = chooseVariants(march);
  if (!cpus)
    return {llvm::toString(cpus.takeError())};
  std::vector<std::string> names;
  for (const CpuVariant &cpu : *cpus)
    names.push_back(cpu.name);
  return names;
}

TEST(CpuVariant, BestFirstAndEachOnce) {
  EXPECT_THAT(namesOf({"x86-64-v3", "x86-64-v2", "x86-64-v4", "x86-64-v3"}),
              ElementsAre("x86-64-v4", "x86-64-v3", "x86-64-v2"));
}

TEST(CpuVariant, UnknownOnesAreRefused) {
  EXPECT_THAT(namesOf({"x86-64-v3", "z80"}),
              ElementsAre("unknown CPU 'z80'; `dlc targets` lists the known ones"));
}

TEST(CpuVariant, OneArchitectureALibrary) {
  EXPECT_THAT(namesOf({"aarch64"}), ElementsAre("aarch64"));
  EXPECT_THAT(namesOf({"x86-64-v3", "aarch64"}),
              ElementsAre("--march names x86-64-v3 and aarch64, which are of different "
                          "architectures (x86_64 and aarch64); compile a library for each"));
}

// A machine before 2009: the message names what it lacks, not what it has.
TEST(CpuVariant, AnOldMachineIsToldWhatItLacks) {
  llvm::StringMap<bool> features;
  for (const char *has : {"cx16", "sahf", "sse3", "ssse3"})
    features[has] = true;
  features["sse4.2"] = false;
  std::string text = explainNoNative(features);
  EXPECT_THAT(text, HasSubstr("below x86-64-v2"));
  EXPECT_THAT(text, HasSubstr("(it lacks popcnt, sse4.1, sse4.2)"));
  EXPECT_THAT(text, HasSubstr("--march x86-64-v2,x86-64-v3,x86-64-v4"));
  EXPECT_THAT(text, Not(HasSubstr("unknown")));
}
