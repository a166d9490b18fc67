//===- Timing.h - measured times ----------------------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_TIMING_H
#define DLC_TOOLS_COMMON_TIMING_H

#include <chrono>
#include <vector>

namespace dlc::tools {

/// Seconds since construction.
class Stopwatch {
public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start).count(); }

private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = Clock::now();
};

/// The value below which the share `q` (0 to 1) of the samples lies; 0.5 is the median. At least
/// one sample.
double quantile(std::vector<double> samples, double q);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_TIMING_H
