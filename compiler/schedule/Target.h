//===- Target.h - facts about CPUs that decide kernels ------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_TARGET_H
#define DLC_COMPILER_SCHEDULE_TARGET_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace dlc::schedule {

/// What layouts and tiles depend on. One row a micro-architecture level; nothing else in the compiler
/// knows a chip.
struct TargetFacts {
  int64_t lanes;     ///< float32 elements of a vector register
  int64_t registers; ///< vector registers
  bool fma;          ///< fused multiply-add exists
  int64_t l2;        ///< bytes of the second level cache of one core
};

/// The facts of `march` (x86-64-v2, x86-64-v3, x86-64-v4), or nothing for an unknown name.
std::optional<TargetFacts> lookupTarget(llvm::StringRef march);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_TARGET_H
