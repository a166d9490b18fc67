//===-- Merge.h - One module from all variants and the runtime -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_MERGE_H
#define DLC_COMPILER_EMIT_MERGE_H

#include "compiler/emit/Emit.h"
#include "compiler/emit/Names.h"

#include "llvm/Target/TargetMachine.h"

namespace dlc::emit {

/// Consumes the modules of all variants and merges them, each function compiled
/// for its variant's CPU and named <function>.<variant>, with the descriptor and
/// the documented functions. Calls of the runtime are still declarations.
llvm::Expected<std::unique_ptr<llvm::Module>> mergeVariants(Model &model, const Names &names,
                                                            llvm::TargetMachine &machine);

/// Adds what the module calls of the runtime.
llvm::Error linkRuntime(llvm::Module &module, llvm::StringRef bitcodePath);

/// Makes everything internal but the documented functions and the entry.
void internalize(llvm::Module &module, const Names &names);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_MERGE_H
