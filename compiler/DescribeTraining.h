//===- DescribeTraining.h - what training adds to a signature -----------*- C++ -*-===//
#ifndef DLC_COMPILER_DESCRIBETRAINING_H
#define DLC_COMPILER_DESCRIBETRAINING_H

#include "compiler/emit/Emit.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc {

/// Whether `name` is a function that a model which trains has beside @forward, before or after
/// differentiation.
bool isTrainingFunction(llvm::StringRef name);

/// Name, element type and shape of an argument or result; fails with a diagnostic at `function`
/// where a caller could not pass such a thing.
mlir::FailureOr<emit::TensorInfo> describeTensor(mlir::func::FuncOp function, mlir::StringAttr name,
                                                 mlir::Type type);

/// Reads @gradients, @backward, @update and @metrics into `model`, which holds the signature of
/// `forward` already. Does nothing before differentiation.
mlir::LogicalResult describeTraining(mlir::func::FuncOp forward, emit::Model &model);

} // namespace dlc

#endif // DLC_COMPILER_DESCRIBETRAINING_H
