//===- Peak.h - the most arithmetic a machine can do --------------------*- C++ -*-===//
#ifndef DLC_TOOLS_DLC_BENCH_PEAK_H
#define DLC_TOOLS_DLC_BENCH_PEAK_H

#include "llvm/ADT/StringRef.h"

namespace dlc::tools {

/// Multiply-adds on registers, as fast as the machine goes with the vectors of one CPU level.
class Peak {
public:
  /// `variant` is a library's: x86-64-v2, -v3, -v4, or native for the widest here.
  explicit Peak(llvm::StringRef variant);

  /// GFLOP/s of `threads` threads, measured for about `seconds`. x86-64-v2 multiplies and adds
  /// apart.
  double measure(int threads, double seconds);

private:
  float (*loop)(int64_t iterations, const float *data);
  alignas(64) float data[16 * 14]; ///< for 14 vectors of up to 16 lanes
  double flopsPerIteration;
  double secondsPerIteration = 0; ///< of one thread, roughly
};

} // namespace dlc::tools

#endif // DLC_TOOLS_DLC_BENCH_PEAK_H
