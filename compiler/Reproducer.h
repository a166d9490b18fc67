//===- Reproducer.h - passes whose failure is kept in a file ------------*- C++ -*-===//
#ifndef DLC_COMPILER_REPRODUCER_H
#define DLC_COMPILER_REPRODUCER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include <string>

namespace dlc {

/// Runs the passes that `build` adds. Where one fails or crashes, they and the module before them
/// go to a file in the system's temporary folder, whose path `file` gets: empty if it could not be
/// made.
mlir::LogicalResult runPasses(mlir::ModuleOp module,
                              llvm::function_ref<void(mlir::OpPassManager &)> build,
                              std::string &file);

} // namespace dlc

#endif // DLC_COMPILER_REPRODUCER_H
