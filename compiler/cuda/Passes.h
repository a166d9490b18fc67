//===- Passes.h - passes of the cuda room -------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_PASSES_H
#define DLC_COMPILER_CUDA_PASSES_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace dlc::cuda {

#define GEN_PASS_DECL
#include "compiler/cuda/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/cuda/Passes.h.inc"

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_PASSES_H
