//===- ExpandMac.h - the multiply-accumulate micro-kernel ---------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_EXPANDMAC_H
#define DLC_COMPILER_CPU_EXPANDMAC_H

#include "compiler/cpu/Emitter.h"
#include <functional>

namespace dlc::cpu {

/// What a kernel does with its accumulators before it stores them: a region on scalars, applied to
/// vectors. `extras` are further operands of that region.
class Epilogue {
public:
  Epilogue(mlir::Region &region, mlir::ValueRange extras) : region(region), extras(extras) {}

  /// Fails with an error where the region holds an op that has no form on vectors.
  mlir::LogicalResult verify(mlir::Operation *kernel);
  bool isIdentity() const;
  /// True if a copy for every accumulator of a tile would be long code.
  bool isLong() const;
  /// `at` addresses the element in the output and in the extras that have its shape; `block` is the
  /// output channel block.
  mlir::Value apply(Emitter &e, mlir::Value accumulator, mlir::ValueRange at, mlir::Value block);

private:
  mlir::Region &region;
  mlir::ValueRange extras;
};

/// One step of the reduction on rows x cols accumulators (row by row): each active row's pixel times
/// each column's weights.
Emitter::Values emitMac(Emitter &e, mlir::ValueRange accumulators, int64_t cols,
                        llvm::ArrayRef<bool> activeRows,
                        llvm::function_ref<mlir::Value(int64_t)> weights,
                        llvm::function_ref<mlir::Value(int64_t)> pixel);

/// Runs `step` for k in [0, count), rolled with a body of `unroll` steps. Longer bodies than about
/// four steps of a full tile let the scheduler move loads too far and spill.
using MacStep = llvm::function_ref<Emitter::Values(mlir::ValueRange, mlir::Value)>;
Emitter::Values emitReduction(Emitter &e, mlir::ValueRange accumulators, int64_t count,
                              int64_t unroll, MacStep step);

/// The lanes of block `block` of `elements` that exist; null: all lanes of every block.
mlir::Value emitLaneMask(Emitter &e, int64_t elements, mlir::Value block);

/// Where a tile of accumulators goes.
struct TileTarget {
  mlir::Value out;
  mlir::Value firstRow; ///< the tile's first output column (conv) or matrix row (gemm)
  int64_t rows, cols;
  std::function<Emitter::Values(mlir::Value row, int64_t col)> at;
  std::function<mlir::Value(int64_t col)> block;
};

/// Stores a tile through the epilogue.
void emitStores(Emitter &e, mlir::ValueRange accumulators, const TileTarget &target,
                Epilogue &epilogue);

/// Applies the epilogue to results already stored for rows [firstRow, endRow).
void emitEpiloguePass(Emitter &e, const TileTarget &target, mlir::Value endRow, Epilogue &epilogue);

/// Loads the bias of `cols` blocks and repeats it for `rows`: where accumulators start.
Emitter::Values emitBias(Emitter &e, mlir::Value bias, int64_t rows, int64_t cols,
                         llvm::function_ref<mlir::Value(int64_t)> block);

/// Emits `body(cols)` for output group `group`; the last group may have fewer than `cols` blocks.
void emitGroup(Emitter &e, mlir::Value group, int64_t groups, int64_t blocks, int64_t cols,
               llvm::function_ref<void(int64_t)> body);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_EXPANDMAC_H
