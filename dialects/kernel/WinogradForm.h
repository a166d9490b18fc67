//===- WinogradForm.h - which Winograd form a kernel takes --------------*- C++ -*-===//
#ifndef DLC_DIALECTS_KERNEL_WINOGRADFORM_H
#define DLC_DIALECTS_KERNEL_WINOGRADFORM_H

#include <cstdint>

namespace dlc::kernel {

/// Tiles of m x m outputs of w x w windows by F(m x m, r x r). With a stride S the pixels that lie
/// at one place of S x S squares are an image of their own, a phase, of which a window sees r =
/// ceil(w / S) pixels a dimension or one less. The points of all phases add up to the same outputs.
/// A phase of one less lacks the point at infinity, where the r-th tap alone counts; so along a
/// dimension point p of phase q is number S p + q without gaps, and there are as many of these
/// planes as pixels.
struct WinogradForm {
  int64_t tile, window, stride = 1; ///< m, w and S

  /// The most taps of a phase along one dimension: r.
  int64_t taps() const { return (window + stride - 1) / stride; }
  /// Points along one dimension.
  int64_t side() const { return tile + taps() - 1; }
  int64_t points() const { return side() * side(); }
  /// Pixels along one dimension that a tile reads, and planes.
  int64_t patch() const { return stride * (tile - 1) + window; }
  int64_t planes() const { return patch() * patch(); }
  /// Those of one phase along one dimension.
  int64_t patchOf(int64_t phase) const { return (patch() - phase + stride - 1) / stride; }
  /// Pixels along one dimension that a tile shares with the next.
  int64_t overlap() const { return window - stride; }
  /// The forms that there are: F(2), F(4) and F(6) of 3x3, F(3) and F(5) of 4x4, F(2) and F(4) of
  /// 5x5, whose points other than 0 and infinity come in pairs, and F(2) and F(4) of 2x2, whose
  /// points come in pairs but for infinity, also of 3x3 windows with a stride of 2.
  bool exists() const {
    if (taps() == 2)
      return window <= 3 && (tile == 2 || tile == 4);
    return stride == 1 && window >= 3 && window <= 5 && tile >= 2 && side() % 2 == 0 && side() <= 8;
  }
};

} // namespace dlc::kernel

#endif // DLC_DIALECTS_KERNEL_WINOGRADFORM_H
