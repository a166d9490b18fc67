//===- SharedTile.h - tiles of operands in shared memory ------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_SHAREDTILE_H
#define DLC_COMPILER_CUDA_SHAREDTILE_H

#include "compiler/cuda/Sources.h"

namespace dlc::cuda {

/// An operand's tile in one stage of shared memory: `lines` of `length` elements, either rows or
/// columns of the operand along K (`alongK`) or elements of one k. Groups of elements change places
/// within a line, in a way that repeats after period() lines, so that the threads of a warp that
/// read a fragment find it in different banks.
struct SharedTile {
  mlir::Type element;
  bool alongK;
  /// How many of K a thread reads that follow one another: 4 or 2. 1: the tile is read by lines,
  /// and nothing changes places.
  int64_t neighbours;
  int64_t lines, length, padding; ///< `padding` elements follow each line
  int64_t start;                  ///< bytes, from the beginning of the stage

  int64_t stride() const { return length + padding; }
  int64_t bytes() const { return lines * stride() * bytesOf(element); }
  bool isNarrow() const { return element.isBF16(); }
  int64_t period() const { return neighbours == 1 ? 1 : isNarrow() ? 8 : alongK ? 2 : 16; }
  /// Where element `place` of line `line` is, from the beginning of the tile.
  Int offset(Int line, Int place) const;
  /// The pointer to element `offset` + `more` in the stage at `stage`.
  mlir::Value at(mlir::Value stage, Int offset, int64_t more = 0) const;
};

/// The beginning of the block's shared memory, !llvm.ptr<3>.
mlir::Value getSharedMemory(mlir::ImplicitLocOpBuilder &builder);

/// Copies the tiles of one operand. With `transposed`, lines of the source become columns of the
/// tile.
class TileCopy {
public:
  TileCopy(SharedTile tile, std::unique_ptr<Source> source, Share share, bool transposed);

  /// Starts the copies of the step that begins at element `k`, into the stage at `stage`.
  void start(mlir::Value stage, Int k);

private:
  std::unique_ptr<Source> source;
  struct Target {
    Int offset;
    int64_t more;
  };
  SharedTile tile;
  llvm::SmallVector<Target> targets;
  int64_t width;
};

/// Sums over the block's steps: `multiply` adds the products of a stage to the sums of a thread.
/// Copies run ahead by all stages but the one that is read.
using Multiply = llvm::function_ref<void(mlir::Value stage, llvm::MutableArrayRef<mlir::Value>)>;
llvm::SmallVector<mlir::Value> sumSteps(const ThreadBlock &block,
                                        llvm::MutableArrayRef<TileCopy> copies, int64_t stageBytes,
                                        int64_t sums, Multiply multiply);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_SHAREDTILE_H
