//===- Weights.h - the weights file beside a model ----------------------*- C++ -*-===//
#ifndef DLC_COMPILER_WEIGHTS_H
#define DLC_COMPILER_WEIGHTS_H

#include "compiler/emit/Emit.h"
#include "llvm/Support/Error.h"

namespace dlc {

/// Checks that the safetensors file at `path` holds exactly the model's parameters. The data are
/// not read.
llvm::Error checkWeights(llvm::StringRef path, const emit::Model &model);

} // namespace dlc

#endif // DLC_COMPILER_WEIGHTS_H
