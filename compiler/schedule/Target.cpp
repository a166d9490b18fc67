//===- Target.cpp - facts about CPUs that decide kernels ----------------------------===//

#include "compiler/schedule/Target.h"

using namespace dlc::schedule;

// The AArch64 row is its baseline, which has NEON; the second-level cache is a small one of those
// in use.
static constexpr TargetFacts kTargets[] = {
    {"x86-64-v2", "x86_64", "x86-64-v2", 4, 16, false, 256 << 10, 4 << 20},
    {"x86-64-v3", "x86_64", "x86-64-v3", 8, 16, true, 512 << 10, 8 << 20},
    {"x86-64-v4", "x86_64", "x86-64-v4", 16, 32, true, 1 << 20, 16 << 20},
    {"aarch64", "aarch64", "generic", 4, 32, true, 512 << 10, 4 << 20},
};

llvm::ArrayRef<TargetFacts> dlc::schedule::allTargets() { return kTargets; }

std::optional<TargetFacts> dlc::schedule::lookupTarget(llvm::StringRef march) {
  for (const TargetFacts &row : kTargets)
    if (row.march == march)
      return row;
  return std::nullopt;
}
