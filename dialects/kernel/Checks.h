//===- Checks.h - what the verifiers of kernel ops share ----------------*- C++ -*-===//
#ifndef DLC_DIALECTS_KERNEL_CHECKS_H
#define DLC_DIALECTS_KERNEL_CHECKS_H

#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"

namespace dlc::kernel::checks {

using Effects =
    llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>>;

/// On memrefs a kernel reads its inputs and writes `out`; on tensors it has no effects.
void addEffects(mlir::Operation *op, mlir::OpOperand &out, Effects &effects);

/// Extents `dims` of a shaped value as items.
llvm::SmallVector<mlir::OpFoldResult> extents(mlir::OpBuilder &builder, mlir::Location loc,
                                              mlir::Value value, llvm::ArrayRef<int64_t> dims);

/// Results mirror the destination on tensors and are absent on memrefs. No extent is 0, so that the
/// checks after this one may divide by them.
llvm::LogicalResult verifyDestination(mlir::Operation *op, mlir::Value out,
                                      mlir::ValueRange results);

/// `value` has the shape `expected`, where dynamic extents fit any.
llvm::LogicalResult verifyShape(mlir::Operation *op, llvm::StringRef what, mlir::Value value,
                                llvm::ArrayRef<int64_t> expected);

/// The epilogue takes the accumulator and the extras; bias and extras fit the blocked result, whose
/// dimension `channelDim` counts blocks of channels.
llvm::LogicalResult verifyEpilogue(mlir::Operation *op, mlir::Region &epilogue, mlir::Value bias,
                                   mlir::ValueRange extras, mlir::Value result, int64_t channelDim);

} // namespace dlc::kernel::checks

#endif // DLC_DIALECTS_KERNEL_CHECKS_H
