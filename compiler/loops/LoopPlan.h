//===- LoopPlan.h - the loop nest of a linalg op -------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_LOOPS_LOOPPLAN_H
#define DLC_COMPILER_LOOPS_LOOPPLAN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace dlc::loops {

/// How the loops of a linalg op on memrefs are nested: items, then `inner` if it is parallel and no
/// item, then the reductions. Outlining counts the items by it and the lowering to loops obeys it,
/// so both see the same plan.
struct LoopPlan {
  /// Parallel loops that form the items, outermost first.
  llvm::SmallVector<unsigned> items;
  /// Reduction loops, outermost first; `inner` comes last if it is one.
  llvm::SmallVector<unsigned> reductions;
  /// The loop with unit strides, if the op has loops at all. It is the vectors' loop.
  std::optional<unsigned> inner;
  /// All operands are walked element by element as one dimension; then every loop is an item.
  bool contiguous = false;
  /// Every operand is unit-strided or constant along `inner`, and the payload works on vectors.
  bool vector = false;

  bool innerIsItem() const { return contiguous || (items.size() == 1 && inner == items[0]); }
  bool innerReduces() const { return !reductions.empty() && inner == reductions.back(); }
};

LoopPlan planLoops(mlir::linalg::LinalgOp op);

/// Elementwise on whole buffers: any walk over the elements is the same walk for all operands.
bool isContiguous(mlir::linalg::LinalgOp op);

/// All ops of the payload have a form on vectors.
bool hasVectorPayload(mlir::linalg::LinalgOp op);

/// One vector load or store along `inner` serves the operand, or it does not vary there: only its
/// last dimension moves, by one.
bool hasVectorAccess(mlir::linalg::LinalgOp op, mlir::OpOperand &operand, unsigned inner);

/// The loop of `candidates` that suits the innermost place best, where accesses have unit strides.
unsigned chooseInner(mlir::linalg::LinalgOp op, llvm::ArrayRef<unsigned> candidates);

/// Elements that an operand's address moves when `loop` advances by one; none if that varies.
std::optional<int64_t> getStride(mlir::MemRefType type, mlir::AffineMap map, unsigned loop);

/// The op that folds one element into destination `index` of a reduction (its block argument has no
/// other use), or null. A fused multiply-add counts as an addition.
mlir::Operation *getCombiner(mlir::linalg::LinalgOp op, unsigned index);

/// Arithmetic of one item, in floating-point operations; a dynamic extent inside an item counts
/// one.
int64_t getFlopsPerItem(mlir::linalg::LinalgOp op, const LoopPlan &plan);

} // namespace dlc::loops

#endif // DLC_COMPILER_LOOPS_LOOPPLAN_H
