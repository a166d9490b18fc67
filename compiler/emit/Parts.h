//===-- Parts.h - Modules of a model, ready to be compiled -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_PARTS_H
#define DLC_COMPILER_EMIT_PARTS_H

#include "compiler/emit/Emit.h"
#include "compiler/emit/Names.h"

#include "llvm/Target/TargetMachine.h"

namespace dlc::emit {

/// A model as modules that can be compiled side by side. What they call of each
/// other is hidden and named `<model>.*`, so that two models never clash.
struct Parts {
  /// The descriptor and the documented functions; calls of the runtime are
  /// declarations.
  std::unique_ptr<llvm::Module> root;
  /// Each for its CPU, its functions named `<function>.<variant>`.
  std::vector<std::unique_ptr<llvm::Module>> variants;
};

/// Takes the modules out of the model's variants.
llvm::Expected<Parts> makeParts(Model &model, const Names &names, llvm::TargetMachine &machine);

/// Adds to the root what all parts call of the runtime.
llvm::Error linkRuntime(Parts &parts, const Names &names, llvm::StringRef bitcodePath);

/// All parts as one module.
llvm::Expected<std::unique_ptr<llvm::Module>> mergeParts(Parts parts);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_PARTS_H
