//===- CpuVariant.h - the CPUs a library is compiled for ----------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPUVARIANT_H
#define DLC_COMPILER_CPUVARIANT_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace dlc {

/// One --march: a level of x86-64 whose facts decide the kernels, and what more LLVM may use.
struct CpuVariant {
  std::string name;     ///< as the user wrote it
  std::string level;    ///< x86-64-v2, -v3 or -v4: LLVM's target-cpu and the row of target facts
  std::string tune;     ///< LLVM's tune-cpu, or empty
  std::string features; ///< LLVM's target-features beyond the level, or empty
  uint64_t required = 0; ///< bits that `create` checks
};

/// The variant that --march names, or nothing. `native` is the level of the machine dlc runs on with
/// those of its features that `create` can check, so that the library refuses other machines politely.
std::optional<CpuVariant> lookupVariant(llvm::StringRef march);

} // namespace dlc

#endif // DLC_COMPILER_CPUVARIANT_H
