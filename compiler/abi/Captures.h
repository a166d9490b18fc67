//===- Captures.h - what an op takes along into a kernel -----------------*- C++ -*-===//
#ifndef DLC_COMPILER_ABI_CAPTURES_H
#define DLC_COMPILER_ABI_CAPTURES_H

#include "mlir/IR/Operation.h"

namespace dlc::abi {

/// What an op that moves into a function of its own needs of the outside.
struct Captures {
  explicit Captures(mlir::Operation *op);

  /// The kernel's arguments: buffers first, each once, then scalars.
  llvm::SmallVector<mlir::Value> arguments;
  /// Ops that move along.
  llvm::SmallVector<mlir::Operation *> constants;
};

/// Equal for equal functions: values are numbered in order, locations are not told.
std::string textOf(mlir::Operation *func);

} // namespace dlc::abi

#endif // DLC_COMPILER_ABI_CAPTURES_H
