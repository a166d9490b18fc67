//===- Redirect.h - calls of the simulator for NVVM operations -----------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_REDIRECT_H
#define DLC_COMPILER_CUDA_REDIRECT_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace dlc::cuda {

/// Puts calls of dlc_sim_* (test/simulator/Device.h) in the place of the NVVM operations of `func`;
/// `traced`: and before each of its loads and stores that others may see.
llvm::LogicalResult redirectToSimulator(mlir::LLVM::LLVMFuncOp func, bool traced);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_REDIRECT_H
