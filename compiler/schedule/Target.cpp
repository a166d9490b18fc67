//===- Target.cpp - facts about CPUs that decide kernels ----------------------------===//

#include "compiler/schedule/Target.h"

using namespace dlc::schedule;

std::optional<TargetFacts> dlc::schedule::lookupTarget(llvm::StringRef march) {
  struct Row {
    llvm::StringLiteral name;
    TargetFacts facts;
  };
  static constexpr Row rows[] = {
      {"x86-64-v2", {4, 16, false, 256 << 10}},
      {"x86-64-v3", {8, 16, true, 512 << 10}},
      {"x86-64-v4", {16, 32, true, 1 << 20}},
  };
  for (const Row &row : rows)
    if (row.name == march)
      return row.facts;
  return std::nullopt;
}
