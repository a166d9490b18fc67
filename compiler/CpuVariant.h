//===- CpuVariant.h - the CPUs a library is compiled for ----------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPUVARIANT_H
#define DLC_COMPILER_CPUVARIANT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dlc {

/// One --march: a row of the target facts, which decide the kernels, and what more LLVM may use.
struct CpuVariant {
  std::string name;      ///< as the user wrote it
  std::string level;     ///< the row of target facts
  std::string arch;      ///< LLVM's name of its architecture
  std::string cpu;       ///< LLVM's target-cpu
  std::string tune;      ///< LLVM's tune-cpu, or empty
  std::string features;  ///< LLVM's target-features beyond the level, or empty
  uint64_t required = 0; ///< bits that `create` checks
};

/// What --march may name.
std::vector<std::string> knownMarch();

/// LLVM's name of this machine's architecture.
llvm::StringRef hostArch();

/// True if this machine can run the variant.
bool runsHere(const CpuVariant &variant);

/// The variant that --march names, or nothing. `native` is the level of the machine dlc runs on
/// with those of its features that `create` can check, so that the library refuses other machines
/// politely.
std::optional<CpuVariant> lookupVariant(llvm::StringRef march);

/// The variants that --march names, each once and the best first, as `create` tries them. Fails
/// where one is unknown, where `native` is below the least level, or where they are of several
/// architectures.
llvm::Expected<std::vector<CpuVariant>> chooseVariants(llvm::ArrayRef<std::string> march);

/// Why a machine of these features (by LLVM's names) is no `native`, and the cure.
std::string explainNoNative(const llvm::StringMap<bool> &features);

} // namespace dlc

#endif // DLC_COMPILER_CPUVARIANT_H
