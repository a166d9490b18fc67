//===- Bench.h - checking and measuring kernels -------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_DLC_BENCH_BENCH_H
#define DLC_TOOLS_DLC_BENCH_BENCH_H

#include "compiler/Options.h"

namespace dlc::tools {

struct BenchArgs {
  Options options;
  std::vector<int64_t> batches; ///< empty: 1 and 3 to check, 1 to measure
  std::vector<int> threads;     ///< empty: 1 and 2 to check, 1 to measure
  double tolerance = 1e-4;      ///< of the largest output, which counts as 1 when smaller
  double minTime = 1;           ///< seconds for each batch and number of threads
  bool json = false;
};

/// Runs the optimised and the naive lowering on the same random numbers and compares; also the bits
/// of different numbers of threads. Returns the exit code.
int check(BenchArgs args);

/// Measures arithmetic per second beside the machine's peak. Returns the exit code.
int measure(BenchArgs args);

} // namespace dlc::tools

#endif // DLC_TOOLS_DLC_BENCH_BENCH_H
