//===- Profile.h - the times of launches --------------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_PROFILE_H
#define DLC_TOOLS_COMMON_PROFILE_H

#include "tools/common/Trial.h"

namespace dlc::tools {

/// Medians of many calls, in seconds.
struct LaunchTimes {
  std::vector<double> launches; ///< one for each launch of the plan
  double call = 0;              ///< of the whole forward pass
  size_t calls = 0;
};

/// Calls the forward pass of a library that was compiled with Options::profiled for at least
/// `minTime` seconds. `count` is the number of its launches.
llvm::Expected<LaunchTimes> timeLaunches(Trial &trial, size_t count, double minTime);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_PROFILE_H
