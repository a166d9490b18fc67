//===- Describe.h - a module's signature as emit wants it ---------------*- C++ -*-===//
#ifndef DLC_COMPILER_DESCRIBE_H
#define DLC_COMPILER_DESCRIBE_H

#include "compiler/emit/Emit.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc {

/// Name, inputs, outputs and parameters of the model whose @forward `module` holds on nn tensors.
/// Fails with a diagnostic where the function is not an entry function.
mlir::FailureOr<emit::Model> describeModel(mlir::ModuleOp module);

/// The bytes that planning gave the functions of a variant's module.
void describeMemory(mlir::ModuleOp module, emit::Variant &variant);

} // namespace dlc

#endif // DLC_COMPILER_DESCRIBE_H
