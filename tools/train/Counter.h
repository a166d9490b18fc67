//===- Counter.h - random numbers that are a function of their place ----*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_COUNTER_H
#define DLC_TOOLS_TRAIN_COUNTER_H

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <utility>
#include <vector>

namespace dlc::tools::train {

/// Draws that depend on a key and their number alone: what one sample gets does not depend on the
/// samples before it, nor on threads. The mixing function is SplitMix64's (Steele, Lea and Flood,
/// "Fast Splittable Pseudorandom Number Generators", 2014).
class Counter {
public:
  explicit Counter(std::initializer_list<uint64_t> key) {
    for (uint64_t part : key)
      state = mix(state + part + 0x9e3779b97f4a7c15);
  }

  uint64_t next() { return mix(state += 0x9e3779b97f4a7c15); }
  /// In [0, 1).
  double uniform() { return (next() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In [0, bound), bound at least 1.
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  bool chance(double probability) { return uniform() < probability; }

  /// Fisher and Yates's shuffle.
  template <typename T> void shuffle(std::vector<T> &items) {
    for (std::size_t left = items.size(); left > 1; --left)
      std::swap(items[left - 1], items[below(left)]);
  }

private:
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  uint64_t state = 0;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_COUNTER_H
