//===- Summary.cpp - outputs for people ---------------------------------------------===//

#include "tools/dlc/Summary.h"
#include "runtime/dlc_runtime.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <numeric>

using namespace llvm;
using namespace dlc::tools;

static constexpr int64_t kSamples = 10;
static constexpr size_t kPlaces = 3;

static double valueAt(const Array &array, int64_t index) {
  const char *data = array.bytes().data();
  switch (array.dtype) {
  case DLC_UINT8:
    return reinterpret_cast<const uint8_t *>(data)[index];
  case DLC_INT32:
    return reinterpret_cast<const int32_t *>(data)[index];
  case DLC_INT64:
    return static_cast<double>(reinterpret_cast<const int64_t *>(data)[index]);
  }
  return reinterpret_cast<const float *>(data)[index];
}

static void printLargest(raw_ostream &os, ArrayRef<double> values) {
  // What is no number comes last; sorting needs an order.
  auto rank = [&](size_t i) { return std::isnan(values[i]) ? -INFINITY : values[i]; };
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  size_t shown = std::min(kPlaces, order.size());
  std::partial_sort(order.begin(), order.begin() + shown, order.end(),
                    [&](size_t a, size_t b) { return rank(a) > rank(b); });
  for (size_t i = 0; i < shown; ++i)
    os << (i ? ",  " : "") << order[i] << ": " << format("%.6g", values[order[i]]);
  if (shown < order.size())
    os << ", ...";
}

static void printRange(raw_ostream &os, ArrayRef<double> values) {
  if (values.empty())
    return;
  auto [low, high] = std::minmax_element(values.begin(), values.end());
  double mean = std::accumulate(values.begin(), values.end(), 0.0) / values.size();
  os << format("%.6g to %.6g, mean %.6g", *low, *high, mean);
}

void dlc::tools::printSummary(raw_ostream &os, const Array &output) {
  os << output.name << ": " << output.type << " " << spell(output.shape) << "\n";
  int64_t samples = output.shape.front();
  int64_t elements = output.bytes().size() / dlc_dtype_bytes(output.dtype) / samples;
  for (int64_t i = 0; i < std::min(samples, kSamples); ++i) {
    std::vector<double> values(elements);
    for (int64_t k = 0; k < elements; ++k)
      values[k] = valueAt(output, i * elements + k);
    os << "  sample " << i << "  ";
    output.shape.size() == 2 ? printLargest(os, values) : printRange(os, values);
    os << "\n";
  }
  if (samples > kSamples)
    os << "  and " << samples - kSamples << " more samples; --output y.npy writes all\n";
}
