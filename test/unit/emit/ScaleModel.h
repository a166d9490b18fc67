//===-- ScaleModel.h - A model that needs no compiler -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_TEST_UNIT_EMIT_SCALEMODEL_H
#define DLC_TEST_UNIT_EMIT_SCALEMODEL_H

#include "compiler/emit/Emit.h"

#include <string>

namespace dlc::emit::test {

/// out[s, i] = in[s, i] * w[i] for i < 4, as variants "x86-64-v4", "x86-64-v3"
/// and "x86-64", in parallel over samples, with w copied by @prepare.
Model scaleModel(llvm::LLVMContext &context, llvm::StringRef name);

/// The same without modules, for what looks at descriptions only.
Model scaleDescription(llvm::StringRef name);

/// A scale model that trains, with one variant "x86-64", of TrainScale.c; in `folder` its code
/// is made.
Model trainableScaleModel(llvm::LLVMContext &context, llvm::StringRef folder);

/// A folder that is removed with its content.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string operator/(llvm::StringRef file) const;
  const std::string path;
};

/// All bytes; empty where there is no such file.
std::string readFile(const std::string &path);

/// Standard output and error of a shell command, and "exit N" where N != 0.
std::string shell(const std::string &command);

} // namespace dlc::emit::test

#endif // DLC_TEST_UNIT_EMIT_SCALEMODEL_H
