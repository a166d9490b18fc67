//===- Passes.h - buffers and their places ------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_MEMORY_PASSES_H
#define DLC_COMPILER_MEMORY_PASSES_H

#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace dlc::memory {

#define GEN_PASS_DECL
#include "compiler/memory/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/memory/Passes.h.inc"

/// Tells one-shot bufferization how kernel ops read and write.
void registerBufferizationModels(mlir::DialectRegistry &registry);

} // namespace dlc::memory

#endif // DLC_COMPILER_MEMORY_PASSES_H
