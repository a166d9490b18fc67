//===- Prefetch.h - memory asked for while other work goes on -----------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_PREFETCH_H
#define DLC_COMPILER_CPU_PREFETCH_H

#include "compiler/cpu/Emitter.h"

namespace dlc::cpu {

/// Weights that come from memory would keep their first readers waiting. So the work before asks
/// for them, a few lines of the cache a step: all at once, it would wait itself.
class Prefetch {
public:
  static constexpr int64_t kLineBytes = 64, kLineElements = 16;

  /// `lines` lines (at most `mostLines`) of `buffer`, one dimension of f32, from `firstLine` on,
  /// evenly over `units` of work.
  Prefetch(Emitter &e, mlir::Value buffer, mlir::Value firstLine, mlir::Value lines,
           int64_t mostLines, int64_t units)
      : e(e), buffer(buffer), firstLine(firstLine), lines(lines), mostLines(mostLines),
        units(units) {}
  /// The beginning of `buffer`, at most `bytes` of it.
  Prefetch(Emitter &e, mlir::Value buffer, int64_t bytes, int64_t units);

  /// Units [done, done + count) follow, in `steps` steps.
  void begin(mlir::Value done, int64_t count, int64_t steps);
  void step(mlir::Value index);

private:
  Emitter &e;
  mlir::Value buffer, firstLine, lines;
  int64_t mostLines, units;
  mlir::Value line;                    // the first of the steps at hand
  int64_t linesPerStep = 0, share = 0; // share: lines of all those steps
};

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_PREFETCH_H
