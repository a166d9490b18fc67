//===- Pipeline.h - the order of passes ---------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_PIPELINE_H
#define DLC_COMPILER_PIPELINE_H

#include "compiler/Options.h"
#include "compiler/schedule/Target.h"
#include "mlir/Pass/PassManager.h"

namespace dlc {

/// For models that train: @forward and @loss -> @gradients and @backward, the state in its places.
/// What the activations may take at once for each sample is `bytesPerSample`; 0: anything.
void buildTrainingPhase(mlir::OpPassManager &pm, int64_t bytesPerSample = 0);

/// nn -> fused nn: shared by all CPU variants.
void buildFusionPhase(mlir::OpPassManager &pm);

/// nn -> kernel and linalg ops on tensors, @prepare outlined. `naive` uses the linalg form of every
/// op.
void buildSchedulePhase(mlir::OpPassManager &pm, const schedule::TargetFacts &facts, bool naive,
                        Winograd winograd = Winograd::Auto,
                        WeightPrecision weightPrecision = WeightPrecision::Auto);

/// The same for a GPU, a row of the chips.
void buildGpuSchedulePhase(mlir::OpPassManager &pm, llvm::StringRef chip, Precision precision,
                           bool naive);

/// Fused nn with the result of each layer as an output; `inputs`: and as an input of the next.
void buildProbePhase(mlir::OpPassManager &pm, bool inputs);

/// In place of the schedule phase: linalg in float64, @prepare outlined.
void buildExactPhase(mlir::OpPassManager &pm);

/// Tensors -> buffers in one arena. A larger batch than `cacheBytes` has room for takes several
/// calls of @forward; 0: one always.
void buildMemoryPhase(mlir::OpPassManager &pm, int64_t cacheBytes = 0);

/// The same for a GPU, where neighbouring ops become the steps of one kernel.
void buildGpuMemoryPhase(mlir::OpPassManager &pm);

/// Kernel and linalg ops -> outlined functions of loops and vectors. `profiled` code reports its
/// launches.
void buildVectorPhase(mlir::OpPassManager &pm, const schedule::TargetFacts &facts,
                      bool profiled = false);

/// Loops and vectors -> the LLVM dialect with C entry points.
void buildLlvmPhase(mlir::OpPassManager &pm, const schedule::TargetFacts &facts);

/// For GPUs, in place of the vector phase: kernel and linalg ops -> launches of kernels of loops,
/// in a gpu.module.
void buildGpuPhase(mlir::OpPassManager &pm);

/// The kernels of each gpu.module -> the LLVM dialect, for cuda::assemble.
void buildDevicePhase(mlir::OpPassManager &pm);

/// Entries that launch kernels -> the LLVM dialect; drops the gpu.module, which numbers the
/// kernels.
void buildGpuHostPhase(mlir::OpPassManager &pm);

/// Makes the phases available to dlc-opt: --dlc-fusion-phase, --dlc-schedule-phase=march=..., ...
void registerPipelines();

} // namespace dlc

#endif // DLC_COMPILER_PIPELINE_H
