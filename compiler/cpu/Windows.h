//===- Windows.h - windows that slide over an image ----------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_WINDOWS_H
#define DLC_COMPILER_CPU_WINDOWS_H

#include "compiler/cpu/Emitter.h"

namespace dlc::cpu {

/// One dimension of a window that slides over an image.
struct Window1D {
  int64_t input;  ///< extent of the image
  int64_t output; ///< number of windows
  int64_t taps;   ///< size of a window
  int64_t stride;
  int64_t dilation;
  int64_t before; ///< padding in front of the image

  /// Place in the image that a tap of a window reads; outside [0, input) lies padding.
  int64_t position(int64_t window, int64_t tap) const {
    return window * stride + tap * dilation - before;
  }
  bool inside(int64_t window, int64_t tap) const {
    int64_t at = position(window, tap);
    return at >= 0 && at < input;
  }
  /// Output i is made of input i alone.
  bool isOneToOne() const { return taps == 1 && stride == 1 && before == 0 && input == output; }
  /// True if no tap of that window reads padding.
  bool whole(int64_t window) const { return inside(window, 0) && inside(window, taps - 1); }
};

/// The windows along dimension `dim` of a convolution from blocked images of shape `input` to those
/// of shape `output`.
template <typename OpTy>
Window1D windowAlong(unsigned dim, OpTy op, llvm::ArrayRef<int64_t> input,
                     llvm::ArrayRef<int64_t> output, llvm::ArrayRef<int64_t> taps) {
  return {input[2 + dim],       output[2 + dim],        taps[dim],
          op.getStrides()[dim], op.getDilations()[dim], op.getPadding()[2 * dim]};
}

/// The same of a pooling.
template <typename OpTy>
Window1D poolingAlong(unsigned dim, OpTy op, llvm::ArrayRef<int64_t> input,
                      llvm::ArrayRef<int64_t> output) {
  return {input[2 + dim],       output[2 + dim], op.getWindow()[dim],
          op.getStrides()[dim], /*dilation=*/1,  op.getPadding()[2 * dim]};
}

/// Rows of a pooling's window with more taps, as global pooling has them, are loops.
inline constexpr int64_t kMostStraightTaps = 7;

/// Windows [first, second) touch no padding; both are 0 where there is none.
std::pair<int64_t, int64_t> wholeWindows(const Window1D &window);

/// The taps [first, second) of window `at` that lie in the image.
std::pair<mlir::Value, mlir::Value> emitTapBounds(Emitter &e, const Window1D &window,
                                                  mlir::Value at);

/// The windows [first, second) whose tap `tap` reads the image.
std::pair<mlir::Value, mlir::Value> emitWindowBounds(Emitter &e, const Window1D &window,
                                                     mlir::Value tap);

/// How many elements of window `at` an average counts. Padding counts, if at all, only as far as it
/// was declared, `after` elements behind the image: `ceil_mode` may hang the last window out
/// further. `taps` are the bounds of those in the image.
mlir::Value emitCount(Emitter &e, const Window1D &window, int64_t after, bool countPadding,
                      mlir::Value at, std::pair<mlir::Value, mlir::Value> taps);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_WINDOWS_H
