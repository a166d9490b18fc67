//===- Entry.h - what code in a lowered entry may use --------------------*- C++ -*-===//
#ifndef DLC_COMPILER_ABI_ENTRY_H
#define DLC_COMPILER_ABI_ENTRY_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::abi {

/// The C arguments of an entry after dlc-lower-entries. `batch` is null where the entry runs no
/// batches.
struct Entry {
  explicit Entry(mlir::func::FuncOp func)
      : runtime(func.getArgument(0)),
        batch(func.getNumArguments() == kRunsBatches ? func.getArgument(1) : mlir::Value()),
        arena(func.getArguments().back()) {}

  /// Arguments of an entry that runs batches, and of the others.
  static constexpr unsigned kRunsBatches = 6, kPrepares = 3;

  mlir::Value runtime, batch, arena;
};

/// The function of the runtime with this name, declared on first use.
mlir::func::FuncOp declareRuntime(mlir::SymbolTable &symbols, llvm::StringRef name,
                                  llvm::ArrayRef<mlir::Type> types);

} // namespace dlc::abi

#endif // DLC_COMPILER_ABI_ENTRY_H
