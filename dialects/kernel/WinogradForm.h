//===- WinogradForm.h - which Winograd form a kernel takes --------------*- C++ -*-===//
#ifndef DLC_DIALECTS_KERNEL_WINOGRADFORM_H
#define DLC_DIALECTS_KERNEL_WINOGRADFORM_H

#include <cstdint>

namespace dlc::kernel {

/// F(m x m, r x r): tiles of m x m outputs of r x r windows.
struct WinogradForm {
  int64_t tile, window; ///< m and r

  /// Points along one dimension, and pixels that a tile reads.
  int64_t side() const { return tile + window - 1; }
  int64_t points() const { return side() * side(); }
  /// Pixels along one dimension that a tile shares with the next.
  int64_t overlap() const { return window - 1; }
  /// The forms that there are, whose points other than 0 and infinity come in pairs: F(2), F(4) and
  /// F(6) of 3x3, F(3) and F(5) of 4x4, F(2) and F(4) of 5x5.
  bool exists() const {
    return window >= 3 && window <= 5 && tile >= 2 && side() % 2 == 0 && side() <= 8;
  }
};

} // namespace dlc::kernel

#endif // DLC_DIALECTS_KERNEL_WINOGRADFORM_H
