//===- Instructions.h - what only GPUs can do ----------------------------*- C++ -*-===//
//
// The one place that builds NVVM ops for the templates: their header costs a file many seconds.
//
//===-------------------------------------------------------------------------------===//
#ifndef DLC_COMPILER_CUDA_INSTRUCTIONS_H
#define DLC_COMPILER_CUDA_INSTRUCTIONS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc::cuda {

/// Starts to copy 4, 8 or 16 `bytes` from global to shared memory; zeros where `condition`, if any,
/// does not hold.
void copyAsync(mlir::ImplicitLocOpBuilder &builder, mlir::Value shared, mlir::Value global,
               int64_t bytes, mlir::Value condition);

/// Ends a group of copies.
void commitCopies(mlir::ImplicitLocOpBuilder &builder);

/// Waits until at most `groups` of this thread's groups of copies are under way.
void waitForCopies(mlir::ImplicitLocOpBuilder &builder, int64_t groups);

/// Until all lanes of the warp are here, and see what each has written.
void syncWarp(mlir::ImplicitLocOpBuilder &builder);

/// `value` rounded to tf32, to nearest, in an i32.
mlir::Value roundToTf32(mlir::ImplicitLocOpBuilder &builder, mlir::Value value);

/// Two float32 rounded to bf16, to nearest even, in an i32; `low` in its low half.
mlir::Value roundToBf16(mlir::ImplicitLocOpBuilder &builder, mlir::Value low, mlir::Value high);

/// 2 or 4 matrices of 8 x 8 elements of 16 bits from shared memory, a register of each for every
/// thread: two neighbours of row lane / 4, or of that column where `transposed`. Lane 8 i + r gives
/// the address of row r of matrix i.
llvm::SmallVector<mlir::Value> loadMatrices(mlir::ImplicitLocOpBuilder &builder, mlir::Value row,
                                            int64_t number, bool transposed);

/// c + a . b of a warp, 16 x 8 x 8 of tf32 or 16 x 8 x 16 of bf16: each thread has 4 registers of
/// a, 2 of b and 4 of c, which is replaced.
void multiplyTiles(mlir::ImplicitLocOpBuilder &builder, bool bf16, mlir::ValueRange a,
                   mlir::ValueRange b, llvm::MutableArrayRef<mlir::Value> c);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_INSTRUCTIONS_H
