//===- Spread.h - how pixels and windows find each other ----------------*- C++ -*-===//
#ifndef DLC_COMPILER_OPS_SPREAD_H
#define DLC_COMPILER_OPS_SPREAD_H

#include "compiler/ops/Build.h"

namespace dlc::ops {

/// Two sizes, strides and dilations, and four paddings, as in nn ops.
struct Windows {
  llvm::ArrayRef<int64_t> taps, strides, padding, dilations;
};

/// The image of a convolution inside its padding.
template <typename OpTy> mlir::Value paddedInput(const Build &build, OpTy op) {
  llvm::ArrayRef<int64_t> p = op.getPadding();
  return build.padded(op.getX(), {0, p[0], p[2], 0}, {0, p[1], p[3], 0}, 0);
}

/// The pixel of that image that a window sees under a tap, in dimension `dim` of two.
template <typename OpTy>
mlir::AffineExpr pixel(OpTy op, int dim, mlir::AffineExpr window, mlir::AffineExpr tap) {
  return window * op.getStrides()[dim] + tap * op.getDilations()[dim];
}

/// One value for each window, laid out a stride apart with `fill` between and around, so that pixel
/// i of the image finds the value of the window whose tap k saw it at one affine place.
struct Spread {
  Spread(const Build &build, mlir::Value values, mlir::RankedTensorType image, Windows windows,
         double fill);

  /// That place, in dimension `dim` of two.
  mlir::AffineExpr place(int dim, mlir::AffineExpr pixel, mlir::AffineExpr tap) const {
    return pixel + reach[dim] - tap * windows.dilations[dim];
  }

  Windows windows;
  int64_t reach[2];
  mlir::Value value;
};

} // namespace dlc::ops

#endif // DLC_COMPILER_OPS_SPREAD_H
