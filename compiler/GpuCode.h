//===- GpuCode.h - the kernels of a GPU variant as images ----------------*- C++ -*-===//
#ifndef DLC_COMPILER_GPUCODE_H
#define DLC_COMPILER_GPUCODE_H

#include "compiler/emit/Emit.h"
#include "compiler/schedule/Chip.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc {

/// A variant's kernels, and what people may ask about them.
struct GpuKernels {
  emit::GpuCode code;
  std::string ptx;     ///< empty where they are simulated
  std::string warning; ///< what is missing in the images, and the cure; empty: nothing
};

/// Assembles the kernels of a module whose gpu.module is in the LLVM dialect; `simulated`: as code
/// for the simulator of the tests. A module without kernels has none, and no images.
llvm::Expected<GpuKernels> makeGpuKernels(mlir::ModuleOp module, const schedule::Chip &chip,
                                          bool simulated);

} // namespace dlc

#endif // DLC_COMPILER_GPUCODE_H
