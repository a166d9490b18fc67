//===- Kernel.h - the kernel dialect ------------------------------------*- C++ -*-===//
#ifndef DLC_DIALECTS_KERNEL_KERNEL_H
#define DLC_DIALECTS_KERNEL_KERNEL_H

#include "dialects/kernel/FixedForm.h"
#include "dialects/kernel/WinogradForm.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include <array>

#include "dialects/kernel/KernelDialect.h.inc"
#include "dialects/kernel/KernelEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttrs.h.inc"
#include "dialects/kernel/KernelInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.h.inc"

namespace dlc::kernel {

/// On the op that computes a convolution: what the cost model expected of each form, a dictionary
/// with `direct`, `f2` and `f4` in half cycles of one image. Code does not depend on it.
inline constexpr llvm::StringLiteral kEstimateAttr = "kernel.estimate";

/// On the argument of a kernel's function that holds what the next kernel reads first: to prefetch
/// only.
inline constexpr llvm::StringLiteral kAheadAttr = "kernel.ahead";

/// On a gpu.module: the largest batch whose buffers kernels reach with 32-bit indices.
inline constexpr llvm::StringLiteral kMaxBatchAttr = "kernel.max_batch";

/// Index of the plain element that an element of a blocked tensor of shape `blocked` holds: the
/// dimensions are those of the blocked layout, the results those of the plain one. Results may lie
/// past the plain extents: those lanes are padding.
mlir::AffineMap getPackMap(mlir::MLIRContext *context, Layout layout,
                           llvm::ArrayRef<int64_t> blocked);

/// The shape of `plain` in a blocked layout. `lanes` is L (or B for few channels of an image),
/// `cols` is nb (conv and dense), `block` is B of conv weights.
llvm::SmallVector<int64_t> getBlockedShape(Layout layout, llvm::ArrayRef<int64_t> plain,
                                           int64_t lanes, int64_t cols = 1, int64_t block = 1);

/// A window that slides over the rows and columns of an image.
struct SlidingWindow {
  std::array<int64_t, 2> span, strides, before; ///< `before`: padding in front of the image
};

/// That of a kernel that kernel.pair can join with the convolution it reads.
SlidingWindow windowOf(KernelOpInterface reader);

/// How a convolution makes rows for its reader.
struct RowMaker {
  int64_t rows;   ///< that it makes at a time
  bool whole;     ///< it makes all of a row's columns
  int64_t groups; ///< of output channels, made one without the others
  int64_t blocks; ///< of channels in a group
};
RowMaker rowMakerOf(KernelOpInterface producer);

/// The shape of what is kept of the image between the two where `rows` x `columns` outputs of the
/// reader are computed at a time: [1, blocks of a group, rows, columns, L].
llvm::SmallVector<int64_t> ringOf(KernelOpInterface producer, KernelOpInterface reader,
                                  int64_t rows, int64_t columns);

/// What a warp of tensor cores exchanges to store its sums: 16 rows of 32, and 8 more so that rows
/// begin in different banks.
inline constexpr int64_t kWarpStoreBytes = 16 * (32 + 8) * 4;

/// Shared memory for the tiles of a matrix product A . B, whose operands have elements of the types
/// `a` and `b`, in bytes.
int64_t getSharedBytes(CtaAttr cta, Math math, mlir::Type a, mlir::Type b);

/// Where kernel.warpgroup_gemm keeps what in shared memory, in bytes: tiles of A and of B, one of
/// each a stage, the sums that warps exchange to store them, and two barriers a stage.
struct WarpgroupMemory {
  int64_t tileOfA, tileOfB, startOfB, startOfStores, startOfBarriers, bytes;

  WarpgroupMemory(CtaAttr cta, Math math);
};

/// What keeps kernel.warpgroup_gemm from windows over images [N, H, W, C] of this type, which give
/// [OH, OW] `out`; empty: nothing. The rules are those of tensor maps, in the CUDA driver API's
/// description of cuTensorMapEncodeIm2col.
llvm::StringRef whyNoTensorMap(mlir::ShapedType image, llvm::ArrayRef<int64_t> out,
                               llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> padding);

/// Of a dimension of windows: how far the first pixel of the last of `count` windows `stride` apart
/// may lie from the image's last pixel, -`padding` being that of the first one from the first
/// pixel.
inline int64_t upperCorner(int64_t extent, int64_t count, int64_t stride, int64_t padding) {
  return count * stride - padding - extent;
}

} // namespace dlc::kernel

#endif // DLC_DIALECTS_KERNEL_KERNEL_H
