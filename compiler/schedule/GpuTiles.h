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
  bool vectors;     ///< whether A can be copied four elements at a time
  bool warpgroups;  ///< whether A and B can be copied by tensor maps
  int64_t channels; ///< of one tap: what of `depth` lies together
  bool transposes;  ///< whether warpgroups need B transposed at each run
};

/// A block's tile, and in how many parts K is summed.
struct ProductPlan {
  kernel::CtaAttr cta;
  kernel::Math math;
  int64_t parts;
};

/// The batch that tiles are chosen for where the model leaves it open.
inline constexpr int64_t kTypicalBatch = 16;

/// The plan that the chip is expected to compute in the least time: by warps, or by warpgroups,
/// with the tile of warps.
ProductPlan choosePlan(mlir::MLIRContext *context, const Chip &chip, Precision precision,
                       const ProductShape &shape);

/// The same tile for operands of bfloat16, where `depth` is K: steps of as many bytes as those of
/// float32, unless that pads much of K.
kernel::CtaAttr narrowTile(kernel::CtaAttr cta, int64_t depth);

/// The tile of warpgroups with which they are expected to be no slower than warps; null: there is
/// none.
kernel::CtaAttr chooseWarpgroups(mlir::MLIRContext *context, const Chip &chip, Precision precision,
                                 const ProductShape &shape, int64_t parts);

/// Whether a layer's kernel has to be transposed for warpgroups at each run: @prepare does it once
/// for
/// @forward, and a flipped one is transposed already.
bool transposesKernel(mlir::Value kernel, Precision precision);

/// Whether windows over images of this type, which give images of shape `out`, can be copied by
/// tensor maps, and their kernel.
bool fitsTensorMaps(mlir::ShapedType image, llvm::ArrayRef<int64_t> out,
                    llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> padding);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_GPUTILES_H
