//===- Ptxas.h - NVIDIA's assembler --------------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_PTXAS_H
#define DLC_COMPILER_CUDA_PTXAS_H

#include "compiler/cuda/Assemble.h"

namespace dlc::cuda {

/// Runs `ptxas` on image.ptx; sets image.cubin and image.resources.
llvm::Error runPtxas(llvm::StringRef ptxas, const Target &target, Image &image);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_PTXAS_H
