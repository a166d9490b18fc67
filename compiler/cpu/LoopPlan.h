//===- LoopPlan.h - the loop nest of a linalg op -------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_LOOPPLAN_H
#define DLC_COMPILER_CPU_LOOPPLAN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace dlc::cpu {

/// How the loops of a linalg op on memrefs are nested. Outlining counts the items by it and the
/// lowering to loops obeys it, so both see the same plan.
struct LoopPlan {
  /// Loops of the op, outermost first.
  llvm::SmallVector<unsigned> order;
  /// So many of `order`, all parallel, form the items.
  unsigned flattened = 0;
  /// All operands are walked element by element as one dimension; then every loop is flattened.
  bool contiguous = false;
};

LoopPlan planLoops(mlir::linalg::LinalgOp op);

/// Arithmetic of one item, in floating-point operations; a dynamic extent inside an item counts one.
int64_t getFlopsPerItem(mlir::linalg::LinalgOp op, const LoopPlan &plan);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_LOOPPLAN_H
