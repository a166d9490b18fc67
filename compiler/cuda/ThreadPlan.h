//===- ThreadPlan.h - which thread computes what of linalg ops -----------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_THREADPLAN_H
#define DLC_COMPILER_CUDA_THREADPLAN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace dlc::cuda {

/// How threads share linalg ops on memrefs, one op or the steps of a kernel. Their points, the
/// elements of the parallel loops, are numbered with the last of `points` fastest; each block
/// computes the same count of neighbours. Outlining counts the blocks by it and the lowering obeys
/// it, so both see the same plan.
struct ThreadPlan {
  /// The step whose loops the plan speaks of: the one that reduces, if any does.
  unsigned lead = 0;
  /// Parallel loops, outermost first. Along the last one accesses have unit strides, if any have.
  llvm::SmallVector<unsigned> points;
  /// Reduction loops, outermost first.
  llvm::SmallVector<unsigned> reductions;
  /// All operands are walked element by element as one dimension.
  bool contiguous = false;
  /// Neighbours along the last point loop that one thread computes by vectors.
  int64_t width = 1;
  /// Threads that share the reductions of a point; 1: each thread does its points' alone.
  int64_t lanes = 1;
  /// With lanes: neighbours in a warp compute neighbouring points, not parts of one reduction.
  bool across = false;
  /// Steps along rows: the points are rows, whose elements the lanes share in every step; each lane
  /// comes back to its own elements.
  bool rows = false;
  /// Threads of a block.
  int64_t threads = 256;

  int64_t pointsPerBlock() const { return threads / lanes * width; }
};

ThreadPlan planThreads(mlir::linalg::LinalgOp op);

/// The plan of ops that are computed one after the other; none where they cannot be. Either at each
/// point: they have the same points, at most one of them reduces, after what fills its destinations,
/// and what any of them writes all of them find at the point itself. Or row by row: their outermost
/// loops are the rows, and what any of them writes all find in the row, or at the element itself.
std::optional<ThreadPlan> planThreads(llvm::ArrayRef<mlir::linalg::LinalgOp> ops);

/// The loop of a step that is parallel loop `loop` of the lead.
unsigned loopOfStep(mlir::linalg::LinalgOp lead, mlir::linalg::LinalgOp step, unsigned loop);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_THREADPLAN_H
