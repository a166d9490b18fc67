//===- Templates.h - the ways in which a block computes a product ----------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_TEMPLATES_H
#define DLC_COMPILER_CUDA_TEMPLATES_H

#include "compiler/cuda/SharedTile.h"
#include "compiler/cuda/StoreTile.h"

namespace dlc::cuda {

/// A product and where its operands lie: A as windows over an image, which run along the rows of A
/// (kernel.implicit_gemm) or, `transposed`, along its columns (kernel.implicit_gemm_weights).
struct Product {
  ThreadBlock block;
  Windows a;
  bool transposed;
  GlobalBuffer b;
  Destination destination;
};

/// Fused multiply-adds in float32: each thread has some rows and columns of the tile.
void expandSimt(const Product &product);

/// mma.sync on tf32 or bf16: each warp has some fragments of 16 x 8.
void expandTensorCores(const Product &product);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_TEMPLATES_H
