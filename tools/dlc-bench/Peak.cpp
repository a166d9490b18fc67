//===- Peak.cpp - the most arithmetic a machine can do ------------------------------===//

#include "tools/dlc-bench/Peak.h"
#include "runtime/ModelDesc.h"
#include "tools/common/Timing.h"
#include <thread>

using namespace llvm;
using namespace dlc::tools;

// Chains that do not depend on each other: enough to hide the latency of two units (4 cycles each),
// few enough for the registers. A chain converges to a fixed point and stays finite.
template <int Lanes, int Chains>
[[gnu::always_inline]] static inline float chains(int64_t iterations, float seed) {
  using Vector = float __attribute__((vector_size(Lanes * 4)));
  Vector scale = Vector{} + seed * 0.5f, shift = Vector{} + seed, chain[Chains];
#pragma clang loop unroll(full)
  for (int k = 0; k < Chains; ++k)
    chain[k] = shift * float(k);
  for (int64_t i = 0; i < iterations; ++i) {
#pragma clang loop unroll(full)
    for (int k = 0; k < Chains; ++k)
      chain[k] = chain[k] * scale + shift;
  }
  Vector sum = {};
#pragma clang loop unroll(full)
  for (int k = 0; k < Chains; ++k)
    sum += chain[k];
  return sum[0];
}

static constexpr int kChains512 = 24, kChains = 12;

[[gnu::target("avx512f")]] static float loop512(int64_t iterations, float seed) {
  return chains<16, kChains512>(iterations, seed);
}
[[gnu::target("avx2,fma")]] static float loop256(int64_t iterations, float seed) {
  return chains<8, kChains>(iterations, seed);
}
static float loop128(int64_t iterations, float seed) {
  return chains<4, kChains>(iterations, seed);
}

static bool has(const char *level) { return dlc_rt_cpu_features() & dlc_rt_cpu_feature(level); }

Peak::Peak(StringRef variant) {
  bool widest = variant == "native";
  if (variant == "x86-64-v4" || (widest && has("x86-64-v4"))) {
    loop = loop512;
    flopsPerIteration = 2 * 16 * kChains512;
  } else if (variant == "x86-64-v3" || (widest && has("x86-64-v3"))) {
    loop = loop256;
    flopsPerIteration = 2 * 8 * kChains;
  } else {
    loop = loop128;
    flopsPerIteration = 2 * 4 * kChains;
  }
}

// What the loops return must be used, or they vanish.
static volatile float sink;

double Peak::measure(int threads, double seconds) {
  if (secondsPerIteration == 0) {
    constexpr int64_t some = 100000;
    sink = loop(some, 1);
    Stopwatch watch;
    sink = loop(some, 1);
    secondsPerIteration = watch.seconds() / some;
  }
  int64_t iterations = std::max<int64_t>(seconds / secondsPerIteration, 1);
  Stopwatch watch;
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i)
    others.emplace_back([&] { sink = loop(iterations, 1); });
  sink = loop(iterations, 1);
  for (std::thread &other : others)
    other.join();
  return flopsPerIteration * iterations * threads / watch.seconds() * 1e-9;
}
