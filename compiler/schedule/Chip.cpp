//===- Chip.cpp - facts about GPUs that decide kernels ------------------------------===//

#include "compiler/schedule/Chip.h"

using namespace dlc::schedule;

// Multiprocessors of A100, RTX A6000, L40S and H100 SXM. PTX 8.0 is the first of sm_90a; 7.0 the
// first of sm_80.
static constexpr Chip kChips[] = {
    {"sm_80", 80, false, "ptx70", 108, 163 << 10, 164 << 10, false},
    {"sm_86", 86, false, "ptx71", 84, 99 << 10, 100 << 10, false},
    {"sm_89", 89, false, "ptx78", 142, 99 << 10, 100 << 10, false},
    {"sm_90a", 90, true, "ptx80", 132, 227 << 10, 228 << 10, true},
};

llvm::ArrayRef<Chip> dlc::schedule::allChips() { return kChips; }

std::optional<Chip> dlc::schedule::lookupChip(llvm::StringRef name) {
  for (const Chip &chip : kChips)
    if (chip.name == name)
      return chip;
  return std::nullopt;
}
