//===- CommandBench.cpp - dlc bench -------------------------------------------------===//

#include "tools/common/Errors.h"
#include "tools/common/Flops.h"
#include "tools/common/OpenModel.h"
#include "tools/common/Timing.h"
#include "tools/common/Trial.h"
#include "tools/dlc/Commands.h"
#include "tools/report/Measure.h"
#include "tools/report/Write.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

namespace {

struct Result {
  StringRef name;
  std::string variant;
  std::vector<double> seconds; ///< of each call
  int64_t flops = 0;           ///< of one sample; 0: not known
};

} // namespace

// Calls until `minTime` is over and the quantiles have something to stand on; the first are not
// counted.
static Error measure(Trial &trial, double minTime, std::vector<double> &seconds) {
  constexpr size_t warmups = 2, minCalls = 5;
  for (size_t i = 0; i < warmups; ++i)
    if (Error error = trial.run())
      return error;
  Stopwatch total;
  while (seconds.size() < minCalls || total.seconds() < minTime) {
    Stopwatch call;
    if (Error error = trial.run())
      return error;
    seconds.push_back(call.seconds());
  }
  return Error::success();
}

static Error bench(const BenchArgs &args, OpenedModel &opened, Result &result) {
  const Library &library = *opened.library;
  result.name = library.info().name;
  InstanceOptions options{args.batch, args.threads, args.variant};
  options.target = targetOf(args.options);
  options.device = args.device;
  Expected<Trial> trial = Trial::make(library, options);
  if (!trial)
    return trial.takeError();
  result.variant = trial->instance.variant().str();
  if (Error error = trial->load(opened.weightsFor(trial->instance)))
    return error;
  opened.folder.reset(); // all is in memory; an interrupted run leaves nothing behind
  return measure(*trial, args.minTime, result.seconds);
}

static void print(const BenchArgs &args, const Result &result) {
  double median = quantile(result.seconds, 0.5), best = quantile(result.seconds, 0),
         p90 = quantile(result.seconds, 0.9);
  double rate = args.batch / median, gflops = result.flops * 1e-9 * rate;
  if (args.json) {
    json::OStream json(outs(), 2);
    json.object([&] {
      json.attribute("name", result.name);
      json.attribute("variant", result.variant);
      json.attribute("batch", args.batch);
      json.attribute("threads", args.threads);
      json.attribute("calls", int64_t(result.seconds.size()));
      json.attribute("median_seconds", median);
      json.attribute("min_seconds", best);
      json.attribute("p90_seconds", p90);
      json.attribute("samples_per_second", rate);
      if (result.flops) {
        json.attribute("flops_per_sample", result.flops);
        json.attribute("gflops", gflops);
      }
    });
    outs() << "\n";
    return;
  }
  outs() << result.name << " (" << result.variant << "), batch " << args.batch << ", ";
  args.threads ? outs() << args.threads << (args.threads == 1 ? " thread" : " threads")
               : outs() << "a thread for each core";
  outs() << ": median of " << result.seconds.size() << " calls "
         << format("%.4g ms, min %.4g ms, p90 %.4g ms\n", median * 1e3, best * 1e3, p90 * 1e3);
  outs() << format("%.1f samples/s", rate);
  if (result.flops)
    outs() << format(", %.1f GFLOP/s (%.4g MFLOP a sample)", gflops, result.flops * 1e-6);
  outs() << "\n";
}

static Error benchModel(BenchArgs &args) {
  Result result;
  if (!isLibrary(args.options.model)) {
    Expected<int64_t> flops = flopsPerSample(args.options);
    if (!flops)
      return flops.takeError();
    result.flops = *flops;
  }
  Expected<OpenedModel> opened = openModel(args.options);
  if (!opened)
    return opened.takeError();
  if (Error error = bench(args, *opened, result))
    return error;
  print(args, result);
  return Error::success();
}

static Error benchLayers(const BenchArgs &args) {
  if (isLibrary(args.options.model))
    return inputError(args.options.model,
                      "a library does not report its kernels; --layers needs the "
                      "model description that it was compiled from");
  Expected<Report> report =
      measureLaunches({args.options, args.variant, args.threads, args.batch, args.minTime});
  if (!report)
    return report.takeError();
  if (!report->unmeasured.empty())
    return createStringError(report->unmeasured);
  if (args.json) {
    writeJson(outs(), *report);
  } else {
    writeHead(outs(), *report);
    writeLaunches(outs(), *report);
  }
  return Error::success();
}

int tools::benchCommand(BenchArgs args) {
  return tools::report(args.layers ? benchLayers(args) : benchModel(args));
}
