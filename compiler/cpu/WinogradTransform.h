//===- WinogradTransform.h - the transforms of F(m x m, 3x3) ------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_WINOGRADTRANSFORM_H
#define DLC_COMPILER_CPU_WINOGRADTRANSFORM_H

#include "compiler/cpu/Emitter.h"

namespace dlc::cpu {

/// The matrices of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section 4,
/// with the points 0, 1, -1, (2, -2,) infinity; m is 2 or 4.
enum class Transform {
  Weights, ///< G: 3 to m+2
  Input,   ///< B^T: m+2 to m+2
  Output   ///< A^T: m+2 to m
};

/// A transform along both dimensions of a square of vectors, row by row.
Emitter::Values emitTransform(Emitter &e, Transform transform, int64_t tileSize,
                              mlir::ValueRange square);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_WINOGRADTRANSFORM_H
