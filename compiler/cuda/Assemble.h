//===- Assemble.h - kernels for GPUs to PTX and machine code -------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_ASSEMBLE_H
#define DLC_COMPILER_CUDA_ASSEMBLE_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace dlc::cuda {

/// What kernels are assembled for.
struct Target {
  std::string chip;     ///< as ptxas calls it: sm_80
  std::string features; ///< LLVM's, the PTX version: +ptx70
};

/// What ptxas says of a kernel.
struct Resources {
  std::string kernel;
  int64_t registers = 0;   ///< of a thread
  int64_t stackBytes = 0;  ///< of a thread
  int64_t spillBytes = 0;  ///< stored and loaded, since registers did not suffice
  int64_t sharedBytes = 0; ///< of a block, but for what launches add
};

/// The kernels of a gpu.module for one chip.
struct Image {
  std::string ptx;
  std::string cubin;                ///< empty where ptxas was not found
  std::vector<std::string> kernels; ///< in the order of the module, as launches number them
  std::vector<Resources> resources; ///< of each kernel, in that order; empty without a cubin
  int64_t maxBatch = 0;             ///< the largest batch whose buffers 32-bit indices reach
};

/// The path of NVIDIA's assembler, from PATH, $CUDA_HOME/bin, $CUDA_ROOT/bin or
/// /usr/local/cuda/bin; empty where there is none.
std::string findPtxas();

/// The kernels of a gpu.module of the LLVM dialect as optimised LLVM IR for a chip.
llvm::Expected<std::unique_ptr<llvm::Module>>
translateKernels(mlir::gpu::GPUModuleOp module, const Target &target, llvm::LLVMContext &context);

/// Assembles the kernels of a gpu.module of the LLVM dialect, with `ptxas` where that is not empty.
llvm::Expected<Image> assemble(mlir::gpu::GPUModuleOp module, const Target &target,
                               llvm::StringRef ptxas);

/// The figures that `ptxas -v` printed for the named kernels.
llvm::Expected<std::vector<Resources>> parseResources(llvm::StringRef output,
                                                      llvm::ArrayRef<std::string> kernels);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_ASSEMBLE_H
