//===-- Header.h - The C header of a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_HEADER_H
#define DLC_COMPILER_EMIT_HEADER_H

#include "compiler/emit/Emit.h"
#include "compiler/emit/Names.h"

namespace dlc::emit {

/// Bytes of the arena that suffice for every variant, term by term.
struct ArenaBytes {
  int64_t constant = 0, perBatch = 0, perThread = 0;
};
ArenaBytes largestArena(const Model &model);
/// The same for trainable instances; zero where the model does not train.
ArenaBytes largestTrainArena(const Model &model);

/// The text of <name>.h: C99 and C++, with the shapes, units and errors of each
/// function. It includes only dlc_runtime.h.
std::string makeHeader(const Model &model, const Names &names);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_HEADER_H
