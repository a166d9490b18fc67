//===- Measure.cpp - arithmetic per second, and its share of the peak ---------------===//

#include "tools/common/Errors.h"
#include "tools/common/Flops.h"
#include "tools/common/OpenModel.h"
#include "tools/common/Peak.h"
#include "tools/common/Timing.h"
#include "tools/common/Trial.h"
#include "tools/dlc-bench/Bench.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

namespace {

struct Speed {
  std::string variant;
  int64_t batch;
  int threads;
  double seconds = 0;            ///< of one call, in the median turn
  double gflops = 0, peak = 0;   ///< of the median turns
  double best = 0, bestPeak = 0; ///< of the turns that other work disturbed least, GFLOP/s
  size_t turns = 0;

  double share() const { return gflops / peak; }
};

} // namespace

// Model and peak take turns, so that a change of clock meets both.
static Error takeTurns(Trial &trial, const BenchArgs &args, int64_t flops, Speed &speed) {
  // Shorter than a scheduler's time slice: most turns are then undisturbed on a busy machine too.
  constexpr double turn = 0.002;
  constexpr size_t minTurns = 5;
  Peak peak(speed.variant);
  if (Error error = peak.start(speed.threads))
    return error;
  std::vector<double> seconds, peaks;
  Stopwatch total;
  do {
    peaks.push_back(peak.measure(turn));
    // Wakes the threads, brings back what the caches lost and tells how many calls make a turn.
    Stopwatch watch;
    if (Error error = trial.run())
      return error;
    const auto calls = std::max<int64_t>(1, turn / watch.seconds());
    watch = Stopwatch();
    for (int64_t i = 0; i < calls; ++i)
      if (Error error = trial.run())
        return error;
    seconds.push_back(watch.seconds() / calls);
  } while (seconds.size() < minTurns || total.seconds() < args.minTime);
  double work = 1e-9 * flops * speed.batch;
  speed.turns = seconds.size();
  speed.seconds = quantile(seconds, 0.5);
  speed.gflops = work / speed.seconds;
  speed.best = work / quantile(seconds, 0);
  speed.peak = quantile(peaks, 0.5);
  speed.bestPeak = quantile(peaks, 1);
  return Error::success();
}

static Expected<Speed> measureOnce(const Library &library, const BenchArgs &args, int64_t batch,
                                   int threads, int64_t flops) {
  Speed speed = {"", batch, threads};
  Expected<Trial> trial = Trial::make(library, {batch, threads});
  if (!trial)
    return trial.takeError();
  speed.variant = trial->instance.variant().str();
  if (Error error = trial->load(/*weights=*/""))
    return error;
  if (Error error = takeTurns(*trial, args, flops, speed))
    return error;
  return speed;
}

static void print(StringRef name, ArrayRef<Speed> speeds, bool json) {
  if (!json) {
    for (const Speed &speed : speeds)
      outs() << name << ": "
             << format("%.1f GFLOP/s, %.0f %% of the %.0f GFLOP/s FMA peak", speed.gflops,
                       100 * speed.share(), speed.peak)
             << " (" << speed.variant << ", batch " << speed.batch << ", " << speed.threads
             << (speed.threads == 1 ? " thread, " : " threads, ")
             << format("%.4g ms a call; medians of %zu turns, the best %.1f of %.0f)\n",
                       speed.seconds * 1e3, speed.turns, speed.best, speed.bestPeak);
    return;
  }
  json::OStream os(outs(), 2);
  os.array([&] {
    for (const Speed &speed : speeds)
      os.object([&] {
        os.attribute("name", name);
        os.attribute("variant", speed.variant);
        os.attribute("batch", speed.batch);
        os.attribute("threads", speed.threads);
        os.attribute("seconds", speed.seconds);
        os.attribute("gflops", speed.gflops);
        os.attribute("peak_gflops", speed.peak);
        os.attribute("share", speed.share());
        os.attribute("best_gflops", speed.best);
        os.attribute("best_peak_gflops", speed.bestPeak);
      });
  });
  outs() << "\n";
}

static Error measureAll(BenchArgs &args) {
  Expected<int64_t> flops = flopsPerSample(args.options);
  if (!flops)
    return flops.takeError();
  Expected<OpenedModel> opened = openModel(args.options);
  if (!opened)
    return opened.takeError();
  opened->folder.reset(); // the library is in memory, and weights are random
  const Library &library = *opened->library;
  if (int64_t only = library.info().static_batch)
    args.batches = {only};
  if (args.batches.empty())
    args.batches = {1};
  if (args.threads.empty())
    args.threads = {1};
  std::vector<Speed> speeds;
  for (int64_t batch : args.batches)
    for (int threads : args.threads) {
      Expected<Speed> speed = measureOnce(library, args, batch, threads, *flops);
      if (!speed)
        return speed.takeError();
      speeds.push_back(*speed);
    }
  print(library.info().name, speeds, args.json);
  return Error::success();
}

int tools::measure(BenchArgs args) { return report(measureAll(args)); }
