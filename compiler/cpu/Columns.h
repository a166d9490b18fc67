//===- Columns.h - an output row as tiles of equal padding --------------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_COLUMNS_H
#define DLC_COMPILER_CPU_COLUMNS_H

#include "compiler/cpu/Windows.h"

namespace dlc::cpu {

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

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_COLUMNS_H
