//===- runtime_bench.cpp - what the runtime itself costs ----------------------------===//
//
// The cost of handing a loop to the threads decides how much work a thread must get (kMinFlopsPerThread in
// compiler/cpu/Outline.cpp), and that of a call bounds how small a network may be.
//
//   build/bin/dlc_runtime_bench
//
//===------------------------------------------------------------------------------===//

#include "test/unit/runtime/ToyModel.h"

#include <benchmark/benchmark.h>
#include <chrono>
#include <thread>

using toy::Instance;

static dlc_options optionsFor(int32_t threads) {
  dlc_options options = {};
  options.threads = threads;
  return options;
}

// A loop of an empty item for each thread.
static void parallelFor(benchmark::State &state) {
  const auto threads = static_cast<int32_t>(state.range(0));
  Instance toy(optionsFor(threads));
  for (auto _ : state)
    dlc_rt_parallel_for(toy.m, [](void *, int64_t, int64_t) {}, nullptr, threads, 1);
}
BENCHMARK(parallelFor)->ArgName("threads")->RangeMultiplier(2)->Range(1, 2)->UseRealTime();

// The same when the threads have gone to sleep.
static void parallelForAfterSleep(benchmark::State &state) {
  const auto threads = static_cast<int32_t>(state.range(0));
  Instance toy(optionsFor(threads));
  for (auto _ : state) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto start = std::chrono::steady_clock::now();
    dlc_rt_parallel_for(toy.m, [](void *, int64_t, int64_t) {}, nullptr, threads, 1);
    state.SetIterationTime(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
}
BENCHMARK(parallelForAfterSleep)->ArgName("threads")->Arg(2)->UseManualTime();

// A network of six multiplications: its checks and nothing else.
static void forward(benchmark::State &state) {
  Instance toy;
  toy.load(toy::weights());
  const std::vector<float> image = {1, 2, 3};
  std::vector<float> out;
  for (auto _ : state)
    toy.run(image, out);
}
BENCHMARK(forward);

static void createAndDestroy(benchmark::State &state) {
  for (auto _ : state)
    Instance toy(optionsFor(static_cast<int32_t>(state.range(0))));
}
BENCHMARK(createAndDestroy)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

BENCHMARK_MAIN();
