//===- GpuVariant.h - the GPUs a library is compiled for ----------------*- C++ -*-===//
#ifndef DLC_COMPILER_GPUVARIANT_H
#define DLC_COMPILER_GPUVARIANT_H

#include "compiler/schedule/Chip.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace dlc {

/// What --chip may name, and what is compiled for where it names nothing: lists with commas.
std::string knownChips();
std::string usualChips();

/// The chips that --chip names, each once and the best first. Fails where one is unknown.
llvm::Expected<std::vector<schedule::Chip>> chooseChips(llvm::ArrayRef<std::string> names);

} // namespace dlc

#endif // DLC_COMPILER_GPUVARIANT_H
