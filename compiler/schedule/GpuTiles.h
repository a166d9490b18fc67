//===- GpuTiles.h - how blocks of a GPU share a matrix product -----------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_GPUTILES_H
#define DLC_COMPILER_SCHEDULE_GPUTILES_H

#include "compiler/Options.h"
#include "compiler/schedule/Chip.h"
#include "dialects/kernel/Kernel.h"

namespace dlc::schedule {

/// out[rows, columns] = A[rows, depth] . B[depth, columns], for the batch that tiles are chosen
/// for.
struct ProductShape {
  int64_t rows, columns, depth;
  bool vectors; ///< whether A can be copied four elements at a time
};

/// A block's tile, and in how many parts K is summed.
struct ProductPlan {
  kernel::CtaAttr cta;
  kernel::Math math;
  int64_t parts;
};

/// The batch that tiles are chosen for where the model leaves it open.
inline constexpr int64_t kTypicalBatch = 16;

/// The plan that the chip is expected to compute in the least time.
ProductPlan choosePlan(mlir::MLIRContext *context, const Chip &chip, Precision precision,
                       const ProductShape &shape);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_GPUTILES_H
