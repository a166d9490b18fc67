//===- Measure.cpp - measuring a model for its report -------------------------------===//

#include "tools/report/Measure.h"
#include "tools/common/Errors.h"
#include "tools/common/OpenModel.h"
#include "tools/common/Peak.h"
#include "tools/common/Profile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Object/ObjectFile.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

// The roofs are the most that the machine does: the best of turns short enough to be undisturbed.
static double bestOf(int turns, function_ref<double()> measure) {
  double best = 0;
  for (int turn = 0; turn < turns; ++turn)
    best = std::max(best, measure());
  return best;
}

static Error measureMachine(Report &report) {
  Peak peak(report.plan.variant);
  if (Error error = peak.start(report.threads))
    return error;
  report.machine.gflops = bestOf(50, [&] { return peak.measure(0.002); });
  report.machine.bandwidth = bestOf(5, [&] { return measureBandwidth(report.threads, 0.02); });
  return Error::success();
}

static Error measureTimes(const MeasureArgs &args, Trial &trial, Report &report) {
  Expected<LaunchTimes> times = timeLaunches(trial, report.plan.launches.size(), args.minTime);
  if (!times)
    return times.takeError();
  report.times = {std::move(times->launches), times->call, times->calls};
  return measureMachine(report);
}

// What is known without running anything; of the best variant.
static Report describe(const MeasureArgs &args, const Artifacts &artifacts) {
  Report report;
  report.model = artifacts.model;
  report.batch = args.batch;
  cpu_set_t cores;
  report.threads = args.threads ? args.threads : rt::usableCores(cores);
  report.layers = artifacts.layers;
  report.plan = artifacts.plans.front();
  report.weightsBytes = artifacts.weightsBytes;
  return report;
}

Expected<Report> tools::measureLaunches(const MeasureArgs &args) {
  Options options = args.options;
  options.profiled = true;
  options.prepare = false;
  Expected<OpenedModel> opened = openModel(options);
  if (!opened)
    return opened.takeError();
  const Library &library = *opened->library;
  Report report = describe(args, opened->artifacts);
  if (int64_t only = library.info().static_batch)
    report.batch = only;
  Expected<Trial> trial =
      Trial::make(library, {report.batch, int32_t(report.threads), args.variant});
  if (!trial)
    return trial.takeError();
  if (Error error = trial->load(opened->weights))
    return std::move(error);
  for (const Plan &plan : opened->artifacts.plans)
    if (plan.variant == trial->instance.variant())
      report.plan = plan;
  if (Error error = measureTimes(args, *trial, report))
    return std::move(error);
  return report;
}

// Bytes of the sections that hold instructions.
static int64_t codeBytesOf(StringRef path) {
  Expected<object::OwningBinary<object::ObjectFile>> file =
      object::ObjectFile::createObjectFile(path);
  if (!file)
    return consumeError(file.takeError()), 0;
  int64_t bytes = 0;
  for (const object::SectionRef &section : file->getBinary()->sections())
    bytes += section.isText() ? section.getSize() : 0;
  return bytes;
}

Report tools::makeReport(const MeasureArgs &args, const Artifacts &artifacts) {
  Expected<Report> measured = measureLaunches(args);
  Report report;
  if (measured) {
    report = std::move(*measured);
  } else {
    report = describe(args, artifacts);
    // The place of a message is a temporary library, which tells nobody anything.
    handleAllErrors(
        measured.takeError(), [&](const InputError &error) { report.unmeasured = error.text; },
        [&](const ErrorInfoBase &error) { report.unmeasured = error.message(); });
  }
  report.codeBytes = codeBytesOf(artifacts.shared);
  if (measured) {
    Expected<std::vector<LayerError>> errors = measureErrors(args.options);
    if (errors)
      report.errors = std::move(*errors);
    else
      report.unchecked = toString(errors.takeError());
  }
  return report;
}
