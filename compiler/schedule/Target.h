//===- Target.h - facts about CPUs that decide kernels ------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_TARGET_H
#define DLC_COMPILER_SCHEDULE_TARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace dlc::schedule {

/// What code for a CPU depends on. One row a micro-architecture level; nothing else in the compiler
/// knows a chip.
struct TargetFacts {
  llvm::StringRef march; ///< name of the row
  llvm::StringRef arch;  ///< LLVM's name of the architecture
  llvm::StringRef cpu;   ///< LLVM's target-cpu
  int64_t lanes;         ///< float32 elements of a vector register
  int64_t registers;     ///< vector registers
  bool fma;              ///< fused multiply-add exists
  int64_t l2;            ///< bytes of the second level cache of one core
  int64_t l3;            ///< bytes of the last level cache that a library may count on
};

/// All rows; of one architecture, each can do what those before it can.
llvm::ArrayRef<TargetFacts> allTargets();

/// The facts of `march`, or nothing for an unknown name.
std::optional<TargetFacts> lookupTarget(llvm::StringRef march);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_TARGET_H
