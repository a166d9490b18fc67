//===-- Check.h - Checks of a model's description -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_CHECK_H
#define DLC_COMPILER_EMIT_CHECK_H

#include "compiler/emit/Emit.h"

namespace dlc::emit {

/// A failure that is no fault of the input.
llvm::Error makeFault(const llvm::Twine &message);

/// Checks what Emit.h asks of the variants and of their modules.
llvm::Error checkVariants(const Model &model);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_CHECK_H
