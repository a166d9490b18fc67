//===-- Descriptor.h - The model as constants, and its C functions -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_DESCRIPTOR_H
#define DLC_COMPILER_EMIT_DESCRIPTOR_H

#include "compiler/emit/Emit.h"
#include "compiler/emit/Names.h"

#include <array>

namespace dlc::emit {

/// The functions of training, in the order of dlc_rt_variant.
inline constexpr std::array<llvm::StringLiteral, 4> trainingFunctions = {"gradients", "backward",
                                                                         "update", "metrics"};

/// The entry functions of one variant, in the merged module.
struct VariantCode {
  llvm::Function *forward = nullptr;
  llvm::Function *prepare = nullptr;                                    ///< may be null
  std::array<uint64_t, 2> identity = {};                                ///< see dlc_rt_variant
  std::array<llvm::Function *, trainingFunctions.size()> training = {}; ///< null without --train
};

/// Adds the model's dlc_rt_model_desc, its documented functions <name>_create
/// and so on, and <name>_model_entry, which a shared library exports as
/// dlc_model_entry: under that name two models could not be in one program.
void addDescriptor(llvm::Module &module, const Model &model, const Names &names,
                   llvm::ArrayRef<VariantCode> code);

/// Names of the functions that the header declares.
std::vector<std::string> documentedSymbols(const Names &names);

/// Name of the function that is dlc_model_entry in the shared library.
std::string entrySymbol(const Names &names);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_DESCRIPTOR_H
