//===- Blocked.h - values in blocked layouts ----------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_BLOCKED_H
#define DLC_COMPILER_SCHEDULE_BLOCKED_H

#include "compiler/Options.h"
#include "compiler/schedule/Target.h"
#include "dialects/kernel/Kernel.h"

namespace dlc::schedule {

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}

/// Moves values between plain and blocked layouts while an entry function is scheduled. A value
/// that was just unpacked is never packed again: the blocked original is used, so layouts persist
/// from kernel to kernel and reorders remain at the edges only.
class Blocker {
public:
  /// `batch` is the value of every dynamic extent; null in functions without one.
  /// `weightBytes` are those of all the function's weights.
  Blocker(mlir::OpBuilder &builder, const TargetFacts &facts, mlir::Value batch,
          Winograd winograd = Winograd::Auto,
          WeightPrecision weightPrecision = WeightPrecision::Exact, double weightBytes = 0)
      : builder(builder), facts(facts), batch(batch), winograd(winograd),
        weightPrecision(weightPrecision), weightBytes(weightBytes) {}

  /// An uninitialised tensor whose dynamic extents are the batch.
  mlir::Value empty(mlir::Location loc, llvm::ArrayRef<int64_t> shape);

  /// The extents of a tensor as attributes, and the batch.
  llvm::SmallVector<mlir::OpFoldResult> extents(mlir::RankedTensorType type);

  /// `plain` in `layout`; `cols` and `block` are those of kernel::getBlockedShape.
  mlir::Value pack(mlir::Location loc, mlir::Value plain, kernel::Layout layout, int64_t cols = 1,
                   int64_t block = 1);

  /// An image as a convolution reads it: in blocks of any size. Unblocked images of few channels
  /// are used as they are, as one block of exactly their channels.
  mlir::Value packConvInput(mlir::Location loc, mlir::Value image);

  /// A plain image [N, H, W, C] as [N, 1, H, W, C]: one block that holds the channels exactly.
  mlir::Value asOneBlock(mlir::Location loc, mlir::Value image);

  /// A matrix as a dense layer reads it: in blocks, or as it is, as one block of exactly its
  /// columns.
  mlir::Value packDenseInput(mlir::Location loc, mlir::Value matrix);

  /// The plain form of `blocked`, of type `plain`.
  mlir::Value unpack(mlir::Location loc, mlir::Value blocked, mlir::Type plain,
                     kernel::Layout layout);

  /// The bias as accumulators start from it: blocked, or zeros.
  mlir::Value packBias(mlir::Location loc, mlir::Value bias, int64_t channels);

  /// The blocked image that `plain` was unpacked from, of any number of lanes, or null.
  mlir::Value blockedImage(mlir::Value plain) const;

  /// True where a blocked form with the target's lanes exists already.
  bool isBlocked(mlir::Value plain, kernel::Layout layout = kernel::Layout::Image) const;

  mlir::OpBuilder &builder;
  const TargetFacts &facts;
  mlir::Value batch;
  Winograd winograd;
  WeightPrecision weightPrecision;
  double weightBytes;
};

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_BLOCKED_H
