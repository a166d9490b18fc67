//===- Peak.h - the most arithmetic a machine can do --------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_PEAK_H
#define DLC_TOOLS_COMMON_PEAK_H

#include "runtime/Threads.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace dlc::tools {

/// Multiply-adds on registers, as fast as the machine goes with the vectors of one CPU level.
class Peak {
public:
  /// `variant` is a library's: x86-64-v2, -v3, -v4, or native for the widest here.
  explicit Peak(llvm::StringRef variant);
  Peak(const Peak &) = delete;
  ~Peak();

  /// To be called once. An instance's kind of threads, so that they are placed as its are.
  llvm::Error start(int threads);

  /// GFLOP/s of all threads, measured for about `seconds`. x86-64-v2 multiplies and adds apart.
  double measure(double seconds);

private:
  float (*loop)(int64_t iterations, const float *data);
  alignas(64) float data[16 * 14]; ///< for 14 vectors of up to 16 lanes
  double flopsPerIteration;
  rt::Threads pool = {};
};

/// GB/s that so many threads read from memory, of arrays that no cache holds; measured for about
/// `seconds`, and 0 where the threads cannot be started.
double measureBandwidth(int threads, double seconds);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_PEAK_H
