//===- Flops.h - the arithmetic of a model ------------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_FLOPS_H
#define DLC_TOOLS_COMMON_FLOPS_H

#include "compiler/Options.h"
#include "llvm/Support/Error.h"

namespace dlc::tools {

/// Floating-point operations of one sample of the model file options.model; a multiply-add counts
/// as two.
llvm::Expected<int64_t> flopsPerSample(Options options);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_FLOPS_H
