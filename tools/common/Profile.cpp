//===- Profile.cpp - the times of launches ------------------------------------------===//

#include "tools/common/Profile.h"
#include "tools/common/Timing.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

// What the running call reports to; only the thread that called marks.
static std::vector<double> *marks;
static const Stopwatch clockOfMarks;

static void mark(int64_t index) { (*marks)[index] = clockOfMarks.seconds(); }

// Marks that a call did not pass stay where they are, and their launches take no time.
static Error callOnce(Trial &trial, std::vector<double> &times) {
  marks = &times;
  std::fill(times.begin(), times.end(), 0.0);
  if (Error error = trial.run())
    return error;
  for (size_t i = 1; i < times.size(); ++i)
    times[i] = std::max(times[i], times[i - 1]);
  return Error::success();
}

Expected<LaunchTimes> tools::timeLaunches(Trial &trial, size_t count, double minTime) {
  constexpr size_t warmups = 2, minCalls = 5;
  std::vector<double> times(count + 1), calls;
  std::vector<std::vector<double>> launches(count);
  *trial.library.marker() = mark;
  for (size_t i = 0; i < warmups; ++i)
    if (Error error = callOnce(trial, times))
      return std::move(error);
  Stopwatch total;
  while (calls.size() < minCalls || total.seconds() < minTime) {
    if (Error error = callOnce(trial, times))
      return std::move(error);
    for (size_t i = 0; i < count; ++i)
      launches[i].push_back(times[i + 1] - times[i]);
    calls.push_back(times.back() - times.front());
  }
  *trial.library.marker() = nullptr;
  LaunchTimes result{{}, quantile(calls, 0.5), calls.size()};
  for (std::vector<double> &samples : launches)
    result.launches.push_back(quantile(std::move(samples), 0.5));
  return result;
}
