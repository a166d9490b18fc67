//===- WarpgroupInstructions.h - what only sm_90a can do -----------------*- C++ -*-===//
//
// As Instructions.h: NVVM ops without their header. Barriers and tiles are pointers to shared
// memory.
//
//===-------------------------------------------------------------------------------===//
#ifndef DLC_COMPILER_CUDA_WARPGROUPINSTRUCTIONS_H
#define DLC_COMPILER_CUDA_WARPGROUPINSTRUCTIONS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace dlc::cuda {

/// The dialect of the ops that these functions build.
void registerInstructions(mlir::DialectRegistry &registry);

/// A barrier whose phases end with `arrivals` arrivals and with the bytes that were announced.
void initBarrier(mlir::ImplicitLocOpBuilder &builder, mlir::Value barrier, int64_t arrivals);
/// Shows initialised barriers to the tensor memory accelerator.
void publishBarriers(mlir::ImplicitLocOpBuilder &builder);
void arrive(mlir::ImplicitLocOpBuilder &builder, mlir::Value barrier);
/// Arrives, and announces `bytes` that will be copied.
void arriveAndExpect(mlir::ImplicitLocOpBuilder &builder, mlir::Value barrier, int64_t bytes);
/// Until the phase of this parity (i32, 0 or 1; the first is 0) has ended. The one before the first
/// counts as ended.
void waitForPhase(mlir::ImplicitLocOpBuilder &builder, mlir::Value barrier, mlir::Value parity);

/// Copies a box of a tensor, from `coordinates` (i32, innermost first) on; of a map of windows, the
/// pixels at `offsets` (i32, innermost first) in each.
void copyBox(mlir::ImplicitLocOpBuilder &builder, mlir::Value tile, mlir::Value map,
             mlir::ValueRange coordinates, mlir::ValueRange offsets, mlir::Value barrier);
void prefetchMap(mlir::ImplicitLocOpBuilder &builder, mlir::Value map);

/// Registers that a thread of this warpgroup may have from here on.
void giveUpRegisters(mlir::ImplicitLocOpBuilder &builder, int64_t count);
void takeRegisters(mlir::ImplicitLocOpBuilder &builder, int64_t count);

/// `value` (i32) of the warp's first lane: the compiler then knows that all lanes have the same.
mlir::Value ofFirstLane(mlir::ImplicitLocOpBuilder &builder, mlir::Value value);

/// The sums of 64 x n, all 0: a struct of each thread's n / 2.
mlir::Value makeSums(mlir::ImplicitLocOpBuilder &builder, int64_t n);
/// Before the first product after sums were touched by other instructions.
void fenceSums(mlir::ImplicitLocOpBuilder &builder);
/// Starts sums + a . b of 64 x n x 8 tf32 or of 64 x n x 16 bf16; `a` and `b` describe tiles in
/// shared memory (i64), of which rows of `a` lie along K, those of `b` along K (tf32) or along n
/// (bf16).
mlir::Value startProduct(mlir::ImplicitLocOpBuilder &builder, bool bf16, mlir::Value a,
                         mlir::Value b, mlir::Value sums, int64_t n);
/// Ends a group of products.
void commitProducts(mlir::ImplicitLocOpBuilder &builder);
/// Waits until at most `groups` groups are under way.
void waitForProducts(mlir::ImplicitLocOpBuilder &builder, int64_t groups);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_WARPGROUPINSTRUCTIONS_H
