//===- Columns.h - an output row as tiles of equal padding --------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_COLUMNS_H
#define DLC_COMPILER_CPU_COLUMNS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

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

/// Successive tiles of `width` outputs that skip the same taps: they share their code.
struct ColumnRun {
  int64_t begin, end; ///< outputs [begin, end), a multiple of `width`
  int64_t width;
  llvm::SmallVector<llvm::SmallVector<bool>> taps; ///< [tap][output of the tile]: reads the image
};

/// Cuts outputs [first, end) of a row into tiles of nearly equal width, at most `maxWidth`, and
/// groups them into runs.
llvm::SmallVector<ColumnRun> cutColumns(const Window1D &window, int64_t maxWidth, int64_t first,
                                        int64_t end);
/// The same for the whole row.
llvm::SmallVector<ColumnRun> cutColumns(const Window1D &window, int64_t maxWidth);

/// Windows [first, second) touch no padding; both are 0 where there is none.
std::pair<int64_t, int64_t> wholeWindows(const Window1D &window);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_COLUMNS_H
