//===- WarpgroupGemm.h - products by TMA and wgmma -----------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_WARPGROUPGEMM_H
#define DLC_COMPILER_CUDA_WARPGROUPGEMM_H

#include "compiler/cuda/StoreRows.h"
#include "dialects/kernel/Kernel.h"

namespace dlc::cuda {

/// Threads of the warpgroup that copies, and of one that multiplies.
inline constexpr int64_t kWarpgroup = 128;
/// Columns of a row of a tile of B in shared memory, where B lies along them.
inline constexpr int64_t kColumnsOfRow = 64;

/// How a block copies its rows of A. Of a plain matrix: channels from a row on. Of windows: pixels
/// of as many windows, one tap at a time.
struct WarpgroupInput {
  bool isMatrix;
  int64_t channels;
  llvm::ArrayRef<int64_t> out, kernel; ///< OH, OW and KH, KW
  llvm::ArrayRef<int64_t> strides, padding, dilations;

  int64_t taps() const { return kernel[0] * kernel[1]; }
};

struct WarpgroupProduct {
  mlir::ImplicitLocOpBuilder &builder;
  kernel::CtaAttr cta;
  bool isBf16;
  Int rows, columns; ///< M, N
  int64_t parts;     ///< of K
  WarpgroupInput a;
  mlir::Value mapOfA, mapOfB; ///< B, innermost first: [C, taps, O] of tf32, [O, C, taps] of bf16
  Destination destination;

  /// Steps of cta.k channels for one tap.
  int64_t chunks() const { return llvm::divideCeil(a.channels, cta.getK()); }
};

void expandWarpgroups(const WarpgroupProduct &product);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_WARPGROUPGEMM_H
