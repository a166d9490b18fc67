//===- Measure.cpp - measuring a model for its report -------------------------------===//

#include "tools/report/Measure.h"
#include "tools/common/OpenModel.h"
#include "tools/common/Peak.h"
#include "tools/common/Profile.h"
#include "tools/common/Random.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

// The least time in which a peak shows.
static constexpr double kPeakTime = 0.1;

static Error measureMachine(Report &report) {
  Peak peak(report.plan.variant);
  if (Error error = peak.start(report.threads))
    return error;
  report.machine.gflops = peak.measure(kPeakTime);
  report.machine.bandwidth = measureBandwidth(report.threads, kPeakTime);
  return Error::success();
}

static Error measureTimes(const MeasureArgs &args, const OpenedModel &opened, Instance &instance,
                          Report &report) {
  const Library &library = *opened.library;
  if (Error error = opened.weights.empty() ? loadRandomWeights(library, instance)
                                           : instance.load(opened.weights))
    return error;
  Expected<std::vector<Array>> inputs = randomInputs(library, report.batch);
  if (!inputs)
    return inputs.takeError();
  Expected<std::vector<Array>> outputs = makeArrays(library.outputs(), report.batch);
  if (!outputs)
    return outputs.takeError();
  Expected<LaunchTimes> times = timeLaunches(library, instance, report.batch, *inputs, *outputs,
                                             report.plan.launches.size(), args.minTime);
  if (!times)
    return times.takeError();
  report.times = {std::move(times->launches), times->call, times->calls};
  return measureMachine(report);
}

Expected<Report> tools::measureLaunches(const MeasureArgs &args) {
  Options options = args.options;
  options.profiled = true;
  Expected<OpenedModel> opened = openModel(options);
  if (!opened)
    return opened.takeError();
  const Library &library = *opened->library;
  Report report;
  report.model = library.info().name;
  report.batch = library.info().static_batch ? library.info().static_batch : args.batch;
  report.layers = opened->artifacts.layers;
  report.weightsBytes = opened->artifacts.weightsBytes;
  rt::Threads cores = {};
  report.threads = args.threads ? args.threads : rt::usableCores(cores.cores);
  report.plan = opened->artifacts.plans.front();
  Expected<Instance> instance =
      Instance::create(library, report.batch, report.threads, args.variant);
  if (!instance) {
    report.unmeasured = toString(instance.takeError());
    return report;
  }
  for (const Plan &plan : opened->artifacts.plans)
    if (plan.variant == instance->variant())
      report.plan = plan;
  if (Error error = measureTimes(args, *opened, *instance, report))
    return std::move(error);
  return report;
}
