//===-- Names.h - C names of a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_NAMES_H
#define DLC_COMPILER_EMIT_NAMES_H

#include "compiler/emit/Emit.h"

namespace dlc::emit {

/// What C code calls a model and its tensors.
struct Names {
  std::string model;  ///< prefix of all functions, and of the files
  std::string prefix; ///< prefix of all macros
  std::vector<std::string> inputs, outputs;
  std::vector<std::string> targets; ///< `<output>_target`
  bool trains = false;              ///< compiled with --train
  bool hasGpuCode = false;          ///< a variant is for GPUs
  bool profiled = false;            ///< the code reports to dlc_rt_marker
};

/// A C and C++ identifier made from any text: other characters become `_`; what
/// starts with a digit or `_`, is a keyword, or is dlc's gets the prefix `m_`.
std::string makeIdentifier(llvm::StringRef text);

/// A model called as a header of C or POSIX gets the prefix `m_` too.
/// Fails where two tensors would get the same name, or the model gets none.
llvm::Expected<Names> makeNames(const Model &model);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_NAMES_H
