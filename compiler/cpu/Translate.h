//===- Translate.h - the LLVM dialect to an LLVM module ------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_TRANSLATE_H
#define DLC_COMPILER_CPU_TRANSLATE_H

#include "mlir/IR/BuiltinOps.h"
#include <memory>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace dlc::cpu {

/// Translates a module of the LLVM dialect; null, with a diagnostic, if it holds anything else.
std::unique_ptr<llvm::Module> translateToLlvm(mlir::ModuleOp module, llvm::LLVMContext &context);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_TRANSLATE_H
