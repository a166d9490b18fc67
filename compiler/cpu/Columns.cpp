//===- Columns.cpp - an output row as tiles of equal padding ------------------------===//

#include "compiler/cpu/Columns.h"
#include "llvm/Support/MathExtras.h"

using namespace dlc::cpu;

llvm::SmallVector<ColumnRun> dlc::cpu::cutColumns(const Window1D &window, int64_t maxWidth) {
  return cutColumns(window, maxWidth, 0, window.output);
}

llvm::SmallVector<ColumnRun> dlc::cpu::cutColumns(const Window1D &window, int64_t maxWidth,
                                                  int64_t first, int64_t end) {
  int64_t tiles = llvm::divideCeil(end - first, maxWidth);
  int64_t wide = llvm::divideCeil(end - first, std::max<int64_t>(tiles, 1));
  int64_t narrow = tiles * wide - (end - first); // that many tiles are one output narrower
  llvm::SmallVector<ColumnRun> runs;
  for (int64_t tile = 0, x = first; tile < tiles; ++tile) {
    ColumnRun run;
    run.width = tile < tiles - narrow ? wide : wide - 1;
    run.begin = x;
    run.end = x += run.width;
    run.taps.resize(window.taps);
    for (int64_t tap = 0; tap < window.taps; ++tap)
      for (int64_t m = 0; m < run.width; ++m)
        run.taps[tap].push_back(window.inside(run.begin + m, tap));
    if (!runs.empty() && runs.back().width == run.width && runs.back().taps == run.taps)
      runs.back().end = run.end;
    else
      runs.push_back(std::move(run));
  }
  return runs;
}
