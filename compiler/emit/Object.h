//===-- Object.h - Machine code from a module -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_OBJECT_H
#define DLC_COMPILER_EMIT_OBJECT_H

#include "llvm/IR/Module.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace dlc::emit {

/// The one TargetMachine: position independent, one section per function, for
/// the target's baseline; functions name their own CPU.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> makeTargetMachine(llvm::StringRef triple);

/// -O3 without loop unrolling: the kernels come unrolled as they should be.
void optimise(llvm::Module &module, llvm::TargetMachine &machine);

/// Compiles the module to an object file or to assembly.
llvm::Expected<llvm::SmallString<0>>
compileModule(llvm::Module &module, llvm::TargetMachine &machine, llvm::CodeGenFileType type);

/// A module to compile, as bitcode.
struct Part {
  llvm::SmallVector<char, 0> bitcode;
  bool isOptimised; ///< already
};
Part makePart(const llvm::Module &module, bool isOptimised);

/// Compiles all parts to object files, in parallel and in the parts' order.
llvm::Expected<std::vector<llvm::SmallString<0>>> compileParts(llvm::ArrayRef<Part> parts,
                                                               llvm::StringRef triple);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_OBJECT_H
