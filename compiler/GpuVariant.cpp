//===- GpuVariant.cpp - the GPUs a library is compiled for --------------------------===//

#include "compiler/GpuVariant.h"
#include "llvm/ADT/STLExtras.h"

using namespace dlc;

// The least that dlc compiles for, whose PTX all later GPUs take, and the one that has kernels of
// its own kind.
static constexpr llvm::StringLiteral kUsual[] = {"sm_80", "sm_90a"};

static std::string joined(llvm::ArrayRef<llvm::StringRef> names) { return llvm::join(names, ", "); }

std::string dlc::knownChips() {
  return joined(llvm::map_to_vector(schedule::allChips(),
                                    [](const schedule::Chip &chip) { return chip.name; }));
}

std::string dlc::usualChips() {
  return joined(llvm::map_to_vector(kUsual, [](llvm::StringRef name) { return name; }));
}

llvm::Expected<std::vector<schedule::Chip>> dlc::chooseChips(llvm::ArrayRef<std::string> names) {
  auto isNamed = [&](llvm::StringRef name) {
    return names.empty() ? llvm::is_contained(kUsual, name) : llvm::is_contained(names, name);
  };
  for (llvm::StringRef name : names)
    if (!schedule::lookupChip(name))
      return llvm::createStringError("unknown GPU '" + name + "'; --chip takes " + knownChips());
  std::vector<schedule::Chip> chips;
  for (const schedule::Chip &chip : llvm::reverse(schedule::allChips()))
    if (isNamed(chip.name))
      chips.push_back(chip);
  return chips;
}
