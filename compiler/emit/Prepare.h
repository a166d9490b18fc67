//===-- Prepare.h - Weights prepared at compile time -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_PREPARE_H
#define DLC_COMPILER_EMIT_PREPARE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

namespace dlc::emit {

/// "lib<name>.<variant>.prepared"; `name` is the C name of the model.
std::string preparedFile(llvm::StringRef name, llvm::StringRef variant);

/// Whether a file is called so, for any variant.
bool isPreparedFile(llvm::StringRef file, llvm::StringRef name);

/// Loads the library into this process, lets each of its CPU variants prepare
/// the weights, and saves them where `place` says for that variant. Each variant
/// goes to `done`, or to `skipped` with the reason why this machine cannot.
llvm::Error prepareWeights(const std::string &library, const std::string &weights,
                           llvm::function_ref<std::string(llvm::StringRef variant)> place,
                           llvm::function_ref<void(llvm::StringRef variant)> done,
                           llvm::function_ref<void(std::string reason)> skipped);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_PREPARE_H
