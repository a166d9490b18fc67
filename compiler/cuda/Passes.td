//===- Passes.td - passes of the cuda room -------------------*- tablegen -*-===//

#ifndef DLC_COMPILER_CUDA_PASSES_TD
#define DLC_COMPILER_CUDA_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandGpuKernels : Pass<"dlc-expand-gpu-kernels", "::mlir::gpu::GPUModuleOp"> {
  let summary = "turns kernel ops into what one thread of a block does";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect"];
}

def SimulateGpu : Pass<"dlc-simulate-gpu", "::mlir::gpu::GPUModuleOp"> {
  let summary = "puts calls of the GPU simulator in the place of NVVM operations, for tests";
  let description = [{
    Works on a gpu.module in the LLVM and NVVM dialects. Afterwards it holds the LLVM dialect alone, and each
    kernel is a function of an array of pointers to its parameters. An NVVM operation that the simulator does
    not know is an error.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // DLC_COMPILER_CUDA_PASSES_TD
