//===- WarpgroupGemm.h - products by TMA and wgmma -----------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_WARPGROUPGEMM_H
#define DLC_COMPILER_CUDA_WARPGROUPGEMM_H

#include "compiler/cuda/StoreTile.h"

namespace dlc::cuda {

/// Threads of the warpgroup that copies, and of one that multiplies.
inline constexpr int64_t kWarpgroup = 128;
/// Elements of a row of a tile in shared memory, which has 128 bytes.
inline constexpr int64_t kTileRow = 32;

/// How a block copies its rows of A. Of a plain matrix: channels from a row on. Of windows: pixels of
/// as many windows, one tap at a time.
struct WarpgroupInput {
  bool isMatrix;
  int64_t channels;
  llvm::ArrayRef<int64_t> out, kernel; ///< OH, OW and KH, KW
  llvm::ArrayRef<int64_t> strides, padding, dilations;

  /// Steps of kTileRow channels for one tap.
  int64_t chunks() const { return llvm::divideCeil(channels, kTileRow); }
  int64_t taps() const { return kernel[0] * kernel[1]; }
};

struct WarpgroupProduct {
  ThreadBlock block;
  WarpgroupInput a;
  mlir::Value mapOfA, mapOfB; ///< B: [C, taps, O], innermost first
  Destination destination;
};

void expandWarpgroups(const WarpgroupProduct &product);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_WARPGROUPGEMM_H
