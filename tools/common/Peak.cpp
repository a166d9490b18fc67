//===- Peak.cpp - the most arithmetic a machine can do ------------------------------===//

#include "tools/common/Peak.h"
#include "runtime/ModelDesc.h"
#include "tools/common/Timing.h"
#include "llvm/Support/MemoryBuffer.h"
#include <numeric>
#include <vector>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

// Chains that do not depend on each other: enough to hide the latency of two units (4 cycles each),
// few enough for 16 registers. `data` holds scale, shift and where each chain starts, unknown to
// the optimiser; a scale below 1 keeps the chains finite.
static constexpr int kChains = 12;

template <int Lanes>
[[gnu::always_inline]] static inline float chains(int64_t iterations, const float *data) {
  using Vector = float __attribute__((vector_size(Lanes * 4)));
  const auto *vectors = reinterpret_cast<const Vector *>(data);
  Vector scale = vectors[0], shift = vectors[1], chain[kChains];
#pragma clang loop unroll(full)
  for (int k = 0; k < kChains; ++k)
    chain[k] = vectors[2 + k];
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < iterations; ++i) {
#pragma clang loop unroll(full)
    for (int k = 0; k < kChains; ++k)
      chain[k] = chain[k] * scale + shift;
  }
#pragma clang loop unroll(full)
  for (int k = 1; k < kChains; ++k)
    chain[0] += chain[k];
  return chain[0][0];
}

[[gnu::target("avx512f")]] static float loop512(int64_t iterations, const float *data) {
  return chains<16>(iterations, data);
}
[[gnu::target("avx2,fma")]] static float loop256(int64_t iterations, const float *data) {
  return chains<8>(iterations, data);
}
static float loop128(int64_t iterations, const float *data) { return chains<4>(iterations, data); }

static bool has(const char *level) { return dlc_rt_cpu_features() & dlc_rt_cpu_feature(level); }

Peak::Peak(StringRef variant) {
  for (float &value : data)
    value = 0.5f;
  bool widest = variant == "native";
  if (variant == "x86-64-v4" || (widest && has("x86-64-v4"))) {
    loop = loop512;
    flopsPerIteration = 2 * 16 * kChains;
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

Peak::~Peak() { pool.stop(); }

Error Peak::start(int threads) {
  char text[200];
  dlc_options options = {};
  if (pool.start(threads, options, rt::systemAllocator(), {text, sizeof text}) != DLC_OK)
    return createStringError(StringRef(text));
  return Error::success();
}

double Peak::measure(double seconds) {
  struct Work {
    const Peak &peak;
    int64_t iterations;
    std::vector<double> rates;
  } work = {*this, 10000, std::vector<double>(pool.count)};
  auto run = [&](int64_t iterations) {
    work.iterations = iterations;
    auto task = [](void *to, int64_t thread) {
      auto &work = *static_cast<Work *>(to);
      Stopwatch watch;
      sink = work.peak.loop(work.iterations, work.peak.data);
      work.rates[thread] = work.iterations / watch.seconds();
    };
    pool.run(pool.count, task, &work);
    return std::accumulate(work.rates.begin(), work.rates.end(), 0.0);
  };
  // The first wakes the threads and tells how many iterations the time holds.
  double each = run(10000) / pool.count;
  return 1e-9 * flopsPerIteration * run(std::max<int64_t>(seconds * each, 1));
}

namespace {

using Wide = float __attribute__((vector_size(64)));

// Each thread's part of one array, and passes over it.
struct Stream {
  Wide *memory;
  int64_t length; ///< of one part

  static void write(void *to, int64_t thread) {
    auto &stream = *static_cast<Stream *>(to);
    std::fill_n(stream.memory + thread * stream.length, stream.length, Wide{} + 1.0f);
  }
  static void read(void *to, int64_t thread) {
    auto &stream = *static_cast<Stream *>(to);
    const Wide *from = stream.memory + thread * stream.length;
    Wide sums[8] = {};
    for (int64_t i = 0; i + 8 <= stream.length; i += 8)
      for (int64_t k = 0; k < 8; ++k)
        sums[k] += from[i + k];
    for (int64_t k = 1; k < 8; ++k)
      sums[0] += sums[k];
    sink = sums[0][0];
  }
};

} // namespace

double tools::measureBandwidth(int threads, double seconds) {
  constexpr int64_t bytes = 256 << 20; // more than a core's share of any last-level cache
  auto memory = WritableMemoryBuffer::getNewUninitMemBuffer(bytes, "", Align(64));
  char text[200];
  rt::Threads pool = {};
  if (!memory || pool.start(threads, {}, rt::systemAllocator(), {text, sizeof text}) != DLC_OK)
    return 0;
  Stream stream = {reinterpret_cast<Wide *>(memory->getBufferStart()),
                   bytes / pool.count / int64_t(sizeof(Wide))};
  pool.run(pool.count, Stream::write, &stream);
  double best = 0;
  Stopwatch total;
  do {
    Stopwatch watch;
    pool.run(pool.count, Stream::read, &stream);
    best = std::max(best, 1e-9 * bytes / watch.seconds());
  } while (total.seconds() < seconds);
  pool.stop();
  return best;
}
