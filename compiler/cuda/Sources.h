//===- Sources.h - where the tiles of a product come from ----------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_SOURCES_H
#define DLC_COMPILER_CUDA_SOURCES_H

#include "compiler/cuda/Product.h"
#include <memory>

namespace dlc::cuda {

/// What a thread copies of every tile: `count` pieces of `width` elements, in lines `distance`
/// apart from `line` on, all at `along`. Lines are rows of what lies contiguous in global memory.
struct Share {
  Int line, along;
  int64_t width, distance, count;

  /// The share of a thread in a tile of `lines` x `length`.
  static Share of(const ThreadBlock &block, int64_t lines, int64_t length, int64_t width);
};

/// Where a piece is read; zeros take its place where `inside`, if any, does not hold.
struct Piece {
  mlir::Value pointer, inside;
};

/// One operand of a product as a thread copies it.
class Source {
public:
  virtual ~Source() = default;
  /// Turns to the step that starts at element `k` of K.
  virtual void beginStep(Int k) = 0;
  /// The piece of line `index` of the thread's share.
  virtual Piece piece(int64_t index) = 0;
};

/// The widest pieces of lines that stay within a tap of a window, or within a row of a matrix, all
/// aligned.
int64_t windowVector(const Windows &windows);
int64_t matrixVector(const GlobalBuffer &matrix);

/// A of kernel.implicit_gemm: a line is a pixel's window, along K.
std::unique_ptr<Source> windowLines(const ThreadBlock &block, const Windows &windows,
                                    const Share &share);

/// A of kernel.implicit_gemm_weights: a line is a pixel, along the elements of its window.
std::unique_ptr<Source> pixelLines(const ThreadBlock &block, const Windows &windows,
                                   const Share &share);

/// B: a line is a row of a matrix, along N.
std::unique_ptr<Source> matrixLines(const ThreadBlock &block, const GlobalBuffer &matrix,
                                    const Share &share);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_SOURCES_H
