//===- Product.h - a matrix product as one block computes it -------------*- C++ -*-===//
//
// What the templates share: where a block stands in out[M, N] = A[M, K] . B[K, N], how windows over
// an image make A, and the parts of K.
//
//===-------------------------------------------------------------------------------===//
#ifndef DLC_COMPILER_CUDA_PRODUCT_H
#define DLC_COMPILER_CUDA_PRODUCT_H

#include "compiler/cuda/GlobalMemory.h"
#include "dialects/kernel/Kernel.h"

namespace dlc::cuda {

/// Windows over an image [N, H, W, C]. Where each is one pixel of its own, the image is seen as one
/// of as many images of 1 x 1, which costs no division.
struct Windows {
  GlobalBuffer image;
  llvm::SmallVector<int64_t> out, kernel; ///< OH, OW and KH, KW
  llvm::SmallVector<int64_t> strides, padding, dilations;

  int64_t channels() const { return image.shape[3]; }
  bool isPadded(int dim) const { return padding[2 * dim] || padding[2 * dim + 1]; }
  /// Sees single pixels as images of their own, where that is so.
  void simplify();
};

/// A block and its threads.
struct ThreadBlock {
  mlir::ImplicitLocOpBuilder &builder;
  kernel::CtaAttr cta;
  kernel::Math math;
  Int rows, columns, depth; ///< M, N, K
  Int row, column;          ///< of the block's first element
  Int firstStep, steps;     ///< of cta.k elements of K
  Int part, thread;         ///< which part of K, and which thread of the block

  Int lane() const { return thread % 32; }
  Int warp() const { return thread / 32; }
};

/// Steps of K, or a part of them.
struct Steps {
  Int first, count;
};

/// Those of part `part` of `parts`. Parts past the last step have none.
Steps stepsOfPart(Int steps, Int part, int64_t parts);

/// The block of a kernel that computes `parts` parts of K for each tile.
ThreadBlock makeBlock(mlir::ImplicitLocOpBuilder &builder, kernel::CtaAttr cta, kernel::Math math,
                      Int rows, Int columns, Int depth, int64_t parts);

/// Whether `extent` may end inside a tile of `size`.
bool mayEndInside(Int extent, int64_t size);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_PRODUCT_H
