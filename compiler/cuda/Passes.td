//===- Passes.td - passes of the cuda room --------------------*- tablegen -*-===//

#ifndef DLC_COMPILER_CUDA_PASSES_TD
#define DLC_COMPILER_CUDA_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandGpuKernels : Pass<"dlc-expand-gpu-kernels", "::mlir::gpu::GPUModuleOp"> {
  let summary = "turns kernel ops into what one thread of a block does";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect"];
}

def OutlineGpuKernels : Pass<"dlc-outline-gpu-kernels", "::mlir::ModuleOp"> {
  let summary = "moves each op that computes into a kernel of @kernels and launches it";
  let description = [{
    Equal ops (same attributes, regions and types) share one kernel. Its arguments are the buffers,
    each passed once and noalias, then captured scalars; constants move along. A kernel op says itself
    how many blocks and threads compute it; for linalg the plan of threads does. @kernels tells the
    largest batch whose buffers 32-bit indices reach.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::gpu::GPUDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect"];
}

def JoinSteps : Pass<"dlc-join-steps", "::mlir::func::FuncOp"> {
  let summary = "make steps of one kernel of neighbouring linalg ops of the same points";
  let dependentDialects = ["::dlc::kernel::KernelDialect", "::mlir::memref::MemRefDialect"];
}

def LinalgToThreads : Pass<"dlc-linalg-to-threads", "::mlir::gpu::GPUFuncOp"> {
  let summary = "turns linalg in kernels into what one thread computes";
  let description = [{
    A thread computes one element of the results, or a few neighbours with vector accesses; threads of
    a warp walk contiguous memory side by side. Where results are few and reductions long, a block's
    threads share the reduction of each and add up their parts in a fixed tree. Nothing is atomic, so the
    bits are the same on every run.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::gpu::GPUDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def GuardUpdate : Pass<"dlc-guard-update", "::mlir::ModuleOp"> {
  let summary = "makes @update look whether its gradients and the loss are finite, and store nothing else";
  let description = [{
    Works on launches of kernels whose bodies are loops. @update gets the loss as one more input and, as
    outputs, the verdict (0: all is finite) and memory to come to it.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerGpuSignatures : Pass<"dlc-lower-gpu-signatures", "::mlir::gpu::GPUModuleOp"> {
  let summary = "gives kernels for GPUs bare pointers and 32-bit extents";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def CudaToLlvm : Pass<"dlc-cuda-to-llvm", "::mlir::gpu::GPUModuleOp"> {
  let summary = "converts what is left in kernels to LLVM, with 32-bit indices";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

def LowerGpuLaunches : Pass<"dlc-lower-gpu-launches", "::mlir::ModuleOp"> {
  let summary = "turns launches of kernels into calls of the runtime; drops the kernels";
  let description = [{
    Works on lowered entries. A kernel is named by its number among those of its gpu.module, in order,
    which goes: by now it is assembled.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def PrintPtx : Pass<"dlc-print-ptx", "::mlir::ModuleOp"> {
  let summary = "prints the PTX of each gpu.module, for tests";
  let options = [
    Option<"chip", "chip", "std::string", /*default=*/"\"sm_80\"", "as ptxas calls it">,
    Option<"features", "features", "std::string", /*default=*/"\"+ptx70\"", "LLVM's, of the chip">,
    Option<"resources", "resources", "bool", /*default=*/"false",
           "print what each kernel takes, as ptxas says, behind the PTX">];
}

def SimulateGpu : Pass<"dlc-simulate-gpu", "::mlir::gpu::GPUModuleOp"> {
  let summary = "puts calls of the GPU simulator in the place of NVVM operations, for tests";
  let description = [{
    Works on a gpu.module in the LLVM and NVVM dialects. Afterwards it holds the LLVM dialect alone, and each
    kernel is a function of an array of pointers to its parameters. An NVVM operation that the simulator does
    not know is an error. Kernels tell the simulator of the rounds of their loops.
  }];
  let options = [
    Option<"traced", "traced", "bool", /*default=*/"false",
           "let kernels tell of their loads and stores too, so that races are found">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ExpandWarpgroups : Pass<"dlc-expand-warpgroups", "::mlir::ModuleOp"> {
  let summary = "turns kernel.warpgroup_gemm into what one thread does; launches make its tensor maps";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def PassTensorMaps : Pass<"dlc-pass-tensor-maps", "::mlir::gpu::GPUModuleOp"> {
  let summary = "passes the tensor maps of kernels by value";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LowerTensorMaps : Pass<"dlc-lower-tensor-maps", "::mlir::ModuleOp"> {
  let summary = "turns kernel.tensor_map into calls of the runtime; works on lowered entries";
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // DLC_COMPILER_CUDA_PASSES_TD
