//===- Target.cpp - facts about CPUs that decide kernels ----------------------------===//

#include "compiler/schedule/Target.h"
#include "llvm/ADT/STLExtras.h"

using namespace dlc::schedule;

static constexpr CostField kFields[] = {
    {"l2", &CostTable::l2, 64 << 10, 1 << 30}, {"l3", &CostTable::l3, 64 << 10, 1ll << 40},
    {"direct", &CostTable::direct, 0, 1000},   {"product", &CostTable::product, 0, 1000},
    {"vector", &CostTable::vector, 0, 1e6},    {"byte", &CostTable::byte, 0, 1e6},
    {"launch", &CostTable::launch, 0, 1e9},
};

// Times were fitted to 3x3 layers at batch 1 on one core of an AMD Zen 5 (a multiply-add at the
// peak: 0.13 ns): what they took beyond their matrix products at the peak. 64 channels at 56x56
// took 80 us more by F4 for 56,000 vectors and 91 us by F2 for 100,000; 512 at 7x7 took 400 to
// 700 us more for 16.8 (F2) to 37.7 MB (F4) of weights. Cache sizes are small ones of those in
// use. The AArch64 row is its baseline, which has NEON; its times are those of the other row of
// four lanes, not measured.
static constexpr TargetFacts kTargets[] = {
    {"x86-64-v2", "x86_64", "x86-64-v2", 4, 16, false, {256 << 10, 4 << 20, 1, 1, 9, 0.15, 2000}},
    {"x86-64-v3", "x86_64", "x86-64-v3", 8, 16, true, {512 << 10, 8 << 20, 1, 1, 11, 0.15, 2000}},
    {"x86-64-v4", "x86_64", "x86-64-v4", 16, 32, true, {1 << 20, 16 << 20, 1, 1, 11, 0.15, 2000}},
    {"aarch64", "aarch64", "generic", 4, 32, true, {512 << 10, 4 << 20, 1, 1, 9, 0.15, 2000}},
};

llvm::ArrayRef<CostField> dlc::schedule::costFields() { return kFields; }

llvm::SmallVector<double> dlc::schedule::listCosts(const CostTable &costs) {
  llvm::SmallVector<double> numbers;
  for (const CostField &field : kFields)
    numbers.push_back(costs.*field.member);
  return numbers;
}

std::optional<CostTable> dlc::schedule::makeCosts(llvm::ArrayRef<double> numbers) {
  if (numbers.size() != std::size(kFields))
    return std::nullopt;
  CostTable costs;
  for (auto [field, number] : llvm::zip_equal(kFields, numbers))
    costs.*field.member = number;
  return costs;
}

llvm::ArrayRef<TargetFacts> dlc::schedule::allTargets() { return kTargets; }

std::optional<TargetFacts> dlc::schedule::lookupTarget(llvm::StringRef march) {
  for (const TargetFacts &row : kTargets)
    if (row.march == march)
      return row;
  return std::nullopt;
}
