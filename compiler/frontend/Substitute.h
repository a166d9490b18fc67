//===- Substitute.h - parameters of blocks ------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_SUBSTITUTE_H
#define DLC_COMPILER_FRONTEND_SUBSTITUTE_H

#include "compiler/frontend/Json.h"
#include "llvm/ADT/MapVector.h"

namespace dlc::frontend {

using Bindings = llvm::MapVector<llvm::StringRef, const json::Value *>;

/// Letters, digits and `_`, and no digit first.
bool isParameterName(llvm::StringRef name);

/// A copy of a block's body with every string "$name" replaced by the value of that parameter and
/// "$name*4" by its multiple. `budget` counts down the values that copies may still make.
mlir::FailureOr<json::Value> substitute(Messages &messages, const json::Value &body,
                                        llvm::StringRef block, const Bindings &bindings,
                                        size_t &budget);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_SUBSTITUTE_H
