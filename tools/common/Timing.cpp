//===- Timing.cpp - measured times --------------------------------------------------===//

#include "tools/common/Timing.h"
#include <algorithm>
#include <cmath>

double dlc::tools::quantile(std::vector<double> samples, double q) {
  std::sort(samples.begin(), samples.end());
  double place = q * (samples.size() - 1);
  size_t below = std::min<size_t>(std::floor(place), samples.size() - 1);
  size_t above = std::min(below + 1, samples.size() - 1);
  return samples[below] + (place - below) * (samples[above] - samples[below]);
}
