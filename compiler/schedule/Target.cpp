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

// Times are those that `dlc tune` measured on one core of an AMD Zen 5 with 1 MiB of second level
// cache (a multiply-add at the peak: 0.12 ns, as x86-64-v2 0.14 ns); the model explains 13 layers
// of 3x3 in three forms to 5 % (x86-64-v2: 9 %). There the slow sums of x86-64-v2 hide bytes and
// launches, whose times are about those of the wider rows. The AArch64 row is its baseline, which
// has NEON; its times are about those of the other rows, not measured. Cache sizes are small ones
// of those in use.
static constexpr CostTable kV2 = {256 << 10, 4 << 20, 1.14, 1.15, 5.77, 0.22, 13000};
static constexpr CostTable kV3 = {512 << 10, 8 << 20, 0.935, 0.976, 3.6, 0.243, 16700};
static constexpr CostTable kV4 = {1 << 20, 16 << 20, 0.97, 0.994, 5.98, 0.224, 12900};
static constexpr CostTable kNeon = {512 << 10, 4 << 20, 1, 1, 6, 0.22, 13000};

static constexpr TargetFacts kTargets[] = {
    {"x86-64-v2", "x86_64", "x86-64-v2", 4, 16, false, false, kV2},
    {"x86-64-v3", "x86_64", "x86-64-v3", 8, 16, true, false, kV3},
    {"x86-64-v4", "x86_64", "x86-64-v4", 16, 32, true, false, kV4},
    {"aarch64", "aarch64", "generic", 4, 32, true, true, kNeon},
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
