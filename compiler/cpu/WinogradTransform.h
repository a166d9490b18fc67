//===- WinogradTransform.h - the transforms of F(m x m, r x r) ----------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_WINOGRADTRANSFORM_H
#define DLC_COMPILER_CPU_WINOGRADTRANSFORM_H

#include "compiler/cpu/Emitter.h"
#include "dialects/kernel/WinogradForm.h"

namespace dlc::cpu {

// Each transforms a square of vectors along both dimensions, by the matrices of Toom and Cook.
// Points of a square go row by row: 0, if they are even in number, then p and -p of each pair, then
// infinity.

/// G: r x r taps to all points.
Emitter::Values emitWeightPoints(Emitter &e, kernel::WinogradForm form, mlir::ValueRange taps);

/// B^T goes by parts of the points of a tile, which are more than there are registers: one row of
/// B^T or two that share their sums. The last one, the point at infinity, alone reads the last of
/// `pixels`: where there is one less, it does not exist.
int64_t inputParts(kernel::WinogradForm form, int64_t pixels);
int64_t firstInputRow(kernel::WinogradForm form, int64_t part);

/// The point 1 of both dimensions, which counts once in every output.
int64_t pointOfOnes(kernel::WinogradForm form);

/// The part's rows of one column of pixels.
Emitter::Values emitInputColumn(Emitter &e, kernel::WinogradForm form, int64_t part,
                                llvm::function_ref<mlir::Value(int64_t)> pixel);

/// The part's rows of points from the transformed columns of a tile.
llvm::SmallVector<Emitter::Values> emitInputRows(Emitter &e, kernel::WinogradForm form,
                                                 llvm::ArrayRef<Emitter::Values> columns);

/// A^T goes by parts of the rows of a tile, too, where its columns are more than there are
/// registers.
llvm::SmallVector<llvm::SmallVector<int64_t>> outputParts(kernel::WinogradForm form);

/// The outputs of `rows`, from the points that they need.
llvm::SmallVector<Emitter::Values> emitOutputRows(Emitter &e, kernel::WinogradForm form,
                                                  llvm::ArrayRef<int64_t> rows,
                                                  llvm::function_ref<mlir::Value(int64_t)> point);

/// A^T along one dimension: m values from the points of a row or column.
Emitter::Values emitOutputLine(Emitter &e, kernel::WinogradForm form,
                               llvm::function_ref<mlir::Value(int64_t)> point);

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_WINOGRADTRANSFORM_H
