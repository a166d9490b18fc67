//===- Work.h - the ops that compute, and how much ----------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_WORK_H
#define DLC_COMPILER_CPU_WORK_H

#include "mlir/IR/Builders.h"

namespace dlc::cpu {

/// The items of an op that computes, outermost first, and the arithmetic of one, where a dynamic
/// extent counts one.
struct Work {
  llvm::SmallVector<mlir::OpFoldResult> extents;
  int64_t flopsPerItem;
};

/// Whether the op, on buffers, becomes a launch: a kernel, a linalg op or a copy.
bool computes(mlir::Operation *op);

/// Work of a kernel or a linalg op; extents that are not known are built as values.
Work workOf(mlir::OpBuilder &builder, mlir::Operation *op);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_WORK_H
