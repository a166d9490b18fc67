//===- DropCasts.h - the end of a conversion to LLVM ---------------------*- C++ -*-===//
#ifndef DLC_COMPILER_ABI_DROPCASTS_H
#define DLC_COMPILER_ABI_DROPCASTS_H

#include "mlir/IR/Operation.h"

namespace dlc::abi {

/// Lets casts that passes before left meet those of the conversion; one that is left is an error.
llvm::LogicalResult dropCasts(mlir::Operation *module);

} // namespace dlc::abi

#endif // DLC_COMPILER_ABI_DROPCASTS_H
