//===- Expand.h - one function per kernel op ----------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_EXPAND_H
#define DLC_COMPILER_CPU_EXPAND_H

#include "compiler/cpu/Emitter.h"
#include "dialects/kernel/Kernel.h"
#include <functional>

namespace dlc::cpu {

// Each emits the code that computes the items [lo, hi) of `op`, in front of it. Shapes are static
// but for the batch. `ahead`, if any, holds what the kernel after this one reads first; `scratch`
// is the scratch memory of the thread.
mlir::LogicalResult expandConv(Emitter &e, kernel::ConvOp op, mlir::Value ahead, mlir::Value lo,
                               mlir::Value hi, int64_t l2Bytes);
mlir::LogicalResult expandDepthwise(Emitter &e, kernel::DepthwiseOp op, mlir::Value lo,
                                    mlir::Value hi);
mlir::LogicalResult expandPair(Emitter &e, kernel::PairOp op, mlir::Value scratch,
                               mlir::Value ahead, mlir::Value lo, mlir::Value hi, int64_t l2Bytes);
mlir::LogicalResult expandGemm(Emitter &e, kernel::GemmOp op, mlir::Value lo, mlir::Value hi,
                               int64_t l2Bytes);
void expandConvWeights(Emitter &e, kernel::ConvWeightsOp op, mlir::Value lo, mlir::Value hi);
void expandDepthwiseWeights(Emitter &e, kernel::DepthwiseWeightsOp op, mlir::Value lo,
                            mlir::Value hi);
void expandPool(Emitter &e, kernel::PoolOp op, mlir::Value lo, mlir::Value hi);
void expandPoolBackward(Emitter &e, kernel::PoolBackwardOp op, mlir::Value lo, mlir::Value hi);
void expandPack(Emitter &e, kernel::PackOp op, mlir::Value lo, mlir::Value hi);
void expandUnitScales(Emitter &e, kernel::UnitScalesOp op, mlir::Value lo, mlir::Value hi);
void expandPackFixed(Emitter &e, kernel::PackFixedOp op, mlir::Value lo, mlir::Value hi);
void expandUnpack(Emitter &e, kernel::UnpackOp op, mlir::Value lo, mlir::Value hi);
void expandSpaceToDepth(Emitter &e, kernel::SpaceToDepthOp op, mlir::Value lo, mlir::Value hi);
void expandWinogradScales(Emitter &e, kernel::WinogradScalesOp op, mlir::Value lo, mlir::Value hi);
void expandWinogradWeights(Emitter &e, kernel::WinogradWeightsOp op, mlir::Value lo,
                           mlir::Value hi);
void expandWinogradInput(Emitter &e, kernel::WinogradInputOp op, mlir::Value lo, mlir::Value hi);
void expandWinogradGemm(Emitter &e, kernel::WinogradGemmOp op, mlir::Value lo, mlir::Value hi);
mlir::LogicalResult expandWinogradOutput(Emitter &e, kernel::WinogradOutputOp op, mlir::Value lo,
                                         mlir::Value hi);
mlir::LogicalResult expandWinograd(Emitter &e, kernel::WinogradOp op, mlir::Value scratch,
                                   mlir::Value lo, mlir::Value hi);
mlir::LogicalResult expandWinogradPlane(Emitter &e, kernel::WinogradPlaneOp op, mlir::Value scratch,
                                        mlir::Value lo, mlir::Value hi);

// Weights in fixed point: see kernel.unit_scales and kernel.pack_fixed.

/// What emitLargest() starts from, as words: the least scale.
mlir::Value emitLeastScale(Emitter &e);
/// The larger ones of magnitudes, as words, and those of `weights`.
mlir::Value emitLargest(Emitter &e, mlir::Value largest, mlir::Value weights);
/// The scales of units whose largest magnitudes these are.
mlir::Value emitScale(Emitter &e, mlir::Value largest);
/// Puts weight `index` of a group into its words, which hold the weights before it.
void emitPackFixed(Emitter &e, kernel::FixedForm form, int64_t index, mlir::Value weights,
                   mlir::Value scale, llvm::MutableArrayRef<mlir::Value> group);

/// Up to as many steps of a reduction as a group has weights, for each of `cols` columns. `word`
/// loads one of the words; `step` does step `index` with weights that are times 2^30 over their
/// scale. A word is loaded when the first weight that ends in it is due, so that a tile has
/// registers left for all that.
using FixedWord = llvm::function_ref<mlir::Value(int64_t index, int64_t col)>;
using FixedStep = llvm::function_ref<Emitter::Values(
    mlir::ValueRange carried, int64_t index, llvm::function_ref<mlir::Value(int64_t)> weight)>;
Emitter::Values emitFixedGroup(Emitter &e, kernel::FixedForm form, mlir::ValueRange carried,
                               int64_t steps, int64_t cols, FixedWord word, FixedStep step);

/// The indices in memory of a blocked image's pixel.
using PixelPlace = std::function<Emitter::Values(mlir::Value image, mlir::Value block,
                                                 mlir::Value row, mlir::Value column)>;

/// Those of an image that is whole in memory.
inline PixelPlace inImage(Emitter &e) {
  return [&e](mlir::Value image, mlir::Value block, mlir::Value row, mlir::Value column) {
    return Emitter::Values{image, block, row, column, e.index(0)};
  };
}

/// Output columns [begin, end).
struct ColumnRange {
  int64_t begin, end;
};

/// Emits part of output row `y` of `cols` blocks of group `group` of channels, stored where `place`
/// says.
mlir::LogicalResult emitConvRow(Emitter &e, kernel::ConvOp op, mlir::Value ahead, int64_t l2Bytes,
                                mlir::Value image, mlir::Value group, mlir::Value y, int64_t cols,
                                ColumnRange columns, PixelPlace place);

/// Emits the output rows of a row of tiles, from row `first` on, of a convolution whose blocks are
/// such rows; stored where `place` says. Its scratch memory begins `offset` bytes into `scratch`.
/// `hasNext`: the rows after them follow.
mlir::LogicalResult emitWinogradRows(Emitter &e, kernel::WinogradOp op, mlir::Value scratch,
                                     int64_t offset, mlir::Value image, mlir::Value first,
                                     mlir::Value hasNext, PixelPlace place);

/// Emits part of output rows [first, end) of one block of channels of an image found where `place`
/// says.
mlir::LogicalResult emitDepthwiseRows(Emitter &e, kernel::DepthwiseOp op, mlir::Value image,
                                      mlir::Value block, mlir::Value first, mlir::Value end,
                                      ColumnRange columns, PixelPlace place);

/// The same of a pooling.
void emitPoolRows(Emitter &e, kernel::PoolOp op, mlir::Value image, mlir::Value block,
                  mlir::Value first, mlir::Value end, ColumnRange columns, PixelPlace place);

/// A vector of 1 / count.
mlir::Value emitReciprocal(Emitter &e, mlir::Value count);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_EXPAND_H
