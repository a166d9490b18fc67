//===- SimulatedImage.h - a gpu.module as code for the host --------------*- C++ -*-===//
#ifndef DLC_COMPILER_SIMULATEDIMAGE_H
#define DLC_COMPILER_SIMULATEDIMAGE_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/Error.h"

namespace dlc {

/// The kernels of a module in the LLVM and NVVM dialects as a shared object for x86-64 that calls
/// the simulator (test/simulator); `traced`: and tells it of each access, which finds races and
/// takes time. The module stays as it is.
llvm::Expected<std::string> assembleSimulated(mlir::gpu::GPUModuleOp module, bool traced = false);

} // namespace dlc

#endif // DLC_COMPILER_SIMULATEDIMAGE_H
