//===- WinogradTransform.h - the transforms of F(m x m, 3x3) ------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_WINOGRADTRANSFORM_H
#define DLC_COMPILER_CPU_WINOGRADTRANSFORM_H

#include "compiler/cpu/Emitter.h"

namespace dlc::cpu {

/// The matrices of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015),
/// section 4, with the points 0, 1, -1, (2, -2,) infinity; m is 2 or 4.
enum class Transform {
  Weights, ///< G: 3 to m+2
  Output   ///< A^T: m+2 to m
};

/// A transform along both dimensions of a square of vectors, row by row.
Emitter::Values emitTransform(Emitter &e, Transform transform, int64_t tileSize,
                              mlir::ValueRange square);

/// B^T: m+2 to m+2, by parts of the points of a tile, which are more than there are registers: one
/// or two rows of B^T that share their sums.
int64_t inputParts(int64_t tileSize);
int64_t firstInputRow(int64_t tileSize, int64_t part);

/// The part's rows of one column of m+2 pixels.
Emitter::Values emitInputColumn(Emitter &e, int64_t tileSize, int64_t part,
                                llvm::function_ref<mlir::Value(int64_t)> pixel);

/// The part's rows of points from m+2 transformed columns.
llvm::SmallVector<Emitter::Values> emitInputRows(Emitter &e, int64_t tileSize,
                                                 llvm::ArrayRef<Emitter::Values> columns);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_WINOGRADTRANSFORM_H
