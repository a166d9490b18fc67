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

/// Both are blocked images.
llvm::LogicalResult verifyImages(mlir::Operation *op, mlir::Value input, mlir::Value out);

/// Weights of layout conv that fit the blocked images, the channels and the tile.
llvm::LogicalResult verifyConvWeights(mlir::Operation *op, mlir::Value input, mlir::Value weights,
                                      mlir::Value out, int64_t inChannels, TileAttr tile);

/// Weights of layout depthwise that fit the blocked result.
llvm::LogicalResult verifyDepthwiseWeights(mlir::Operation *op, mlir::Value weights,
                                           mlir::Value out);

/// As many strides, paddings and dilations as windows over images need, none too small.
llvm::LogicalResult verifySlides(mlir::Operation *op, llvm::ArrayRef<int64_t> strides,
                                 llvm::ArrayRef<int64_t> padding,
                                 llvm::ArrayRef<int64_t> dilations);

/// The same, and that windows of `size` over blocked images of shape `input` give shape `out`.
llvm::LogicalResult verifyWindow(mlir::Operation *op, llvm::ArrayRef<int64_t> input,
                                 llvm::ArrayRef<int64_t> out, llvm::ArrayRef<int64_t> size,
                                 llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> padding,
                                 llvm::ArrayRef<int64_t> dilations);

/// Pooling windows of `size` and their strides and padding, between blocked images of the same
/// channels.
llvm::LogicalResult verifyPooling(mlir::Operation *op, mlir::Value image, mlir::Value pooled,
                                  llvm::ArrayRef<int64_t> size, llvm::ArrayRef<int64_t> strides,
                                  llvm::ArrayRef<int64_t> padding);

// Of matrix products on GPUs, whose `out` is an image, or parts [S, N, OH, OW, O] of one.

bool isRank(mlir::Value value, std::initializer_list<size_t> ranks);
int64_t partsOf(mlir::Value out);

/// An image of plain layout as the checks of windows see it.
llvm::SmallVector<int64_t> asBlocked(llvm::ArrayRef<int64_t> plain);

/// The epilogue takes the sum and the extras, which are vectors of channels or images; sums of
/// parts stay as they are.
llvm::LogicalResult verifyImageEpilogue(mlir::Operation *op, mlir::Region &epilogue,
                                        mlir::ValueRange extras, mlir::Value out);

/// One block for each tile of `out`, of each part.
llvm::SmallVector<mlir::OpFoldResult> imageBlocks(mlir::OpBuilder &builder, mlir::Location loc,
                                                  mlir::Value input, mlir::Value out, CtaAttr cta);

} // namespace dlc::kernel::checks

#endif // DLC_DIALECTS_KERNEL_CHECKS_H
