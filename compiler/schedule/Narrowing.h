//===- Narrowing.h - which tensors lie in memory as bfloat16 --------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_NARROWING_H
#define DLC_COMPILER_SCHEDULE_NARROWING_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"

namespace dlc::schedule {

/// The float32 tensors of a function that become bfloat16. Narrowing.cpp has the rules.
llvm::SetVector<mlir::Value> chooseNarrow(mlir::func::FuncOp func);

/// The same elements in another shape, or some of them: collapse_shape, extract_slice...
bool isView(mlir::Operation *op);

/// A reduction whose results are elements of its first input, as maximum pooling's are: exact
/// however these lie in memory.
bool isSelection(mlir::linalg::LinalgOp op);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_NARROWING_H
