//===- Tune.cpp - measuring what the cost model knows of a CPU ----------------------===//

#include "tools/tune/Tune.h"
#include "compiler/Tuning.h"
#include "compiler/WriteFile.h"
#include "tools/common/OpenModel.h"
#include "tools/common/Peak.h"
#include "tools/common/Profile.h"
#include "tools/common/Timing.h"
#include "tools/tune/Fit.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <unistd.h>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using schedule::CostField, schedule::TargetFacts;

// Height and width, channels, filters: those of residual, plain, dense and inception networks.
// Together their weights exceed the caches, as those of networks do.
static constexpr int64_t kLayers[][3] = {
    {112, 64, 64}, {56, 64, 64},  {56, 64, 192},  {28, 128, 128}, {28, 256, 256},
    {28, 128, 32}, {28, 32, 32},  {14, 256, 256}, {14, 512, 512}, {14, 160, 320},
    {7, 512, 512}, {7, 192, 384}, {7, 128, 32}};

static constexpr Winograd kUses[] = {Winograd::Never, Winograd::F2, Winograd::F4, Winograd::F6};

static std::string layerName(size_t index) { return formatv("c{0}", index); }

// All layers, each on an input of its own.
static Error writeModel(StringRef path) {
  std::string inputs, layers, outputs;
  for (auto [i, layer] : enumerate(kLayers)) {
    StringRef comma = i ? "," : "";
    auto [size, channels, filters] = layer;
    inputs += formatv(R"({0}{{"name":"x{1}","shape":[{2},{2},{3}]})", comma, i, size, channels);
    layers += formatv(R"({0}{{"type":"Conv2D","name":"{1}","from":["x{2}"],"filters":{3},)"
                      R"("kernel_size":3,"padding":"same","activation":"relu"})",
                      comma, layerName(i), i, filters);
    outputs += formatv(R"({0}"{1}")", comma, layerName(i));
  }
  return writeFile(path, [&](raw_ostream &os) {
    os << formatv(R"({{"dlc":1,"name":"tune","inputs":[{0}],"layers":[{1}],"outputs":[{2}]})",
                  inputs, layers, outputs);
    return Error::success();
  });
}

// What the operating system knows is not measured. It does not tell how much of the last level
// cache a library may count on, which is others' too.
static TargetFacts askSystem(TargetFacts facts) {
  const CostField &l2 = *find_if(schedule::costFields(), [](const CostField &field) {
    return field.member == &schedule::CostTable::l2;
  });
  double bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (bytes >= l2.least && bytes <= l2.most)
    facts.costs.l2 = bytes;
  return facts;
}

namespace {

/// The layers in one form, ready to run.
struct Runner {
  OpenedModel opened;
  std::unique_ptr<Trial> trial;

  static Expected<Runner> create(StringRef model, StringRef tuning, Winograd use,
                                 const Tuner &args);
  /// Appends to `seconds` of each layer what it took.
  Error run(MutableArrayRef<std::vector<double>> seconds);
};

} // namespace

Expected<Runner> Runner::create(StringRef model, StringRef tuning, Winograd use,
                                const Tuner &args) {
  Options options;
  options.model = model;
  options.tuning = tuning;
  options.winograd = use;
  options.march = {args.cpu.name};
  options.profiled = true;
  Expected<OpenedModel> opened = openModel(options);
  if (!opened)
    return opened.takeError();
  opened->folder.reset(); // the library is in memory, and weights are random
  Expected<Trial> trial = Trial::make(*opened->library, {/*maxBatch=*/1, args.threads});
  if (!trial)
    return trial.takeError();
  if (Error error = trial->load(""))
    return error;
  return Runner{std::move(*opened), std::make_unique<Trial>(std::move(*trial))};
}

Error Runner::run(MutableArrayRef<std::vector<double>> seconds) {
  ArrayRef<Launch> launches = opened.artifacts.plans.front().launches;
  Expected<LaunchTimes> times = timeLaunches(*trial, launches.size(), /*minTime=*/0);
  if (!times)
    return times.takeError();
  for (auto [i, samples] : enumerate(seconds)) {
    double sum = 0;
    // Reorders of plain inputs and outputs compute nothing; inside a network there are none.
    for (auto [launch, time] : zip_equal(launches, times->launches))
      if (launch.flops.at(1) && is_contained(launch.layers, layerName(i)))
        sum += time;
    samples.push_back(sum);
  }
  return Error::success();
}

static Expected<std::vector<Runner>> createRunners(const TargetFacts &facts, const Tuner &args) {
  Expected<TemporaryFolder> folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  std::string model = folder->file("tune.json"), tuning = folder->file("tuning.json");
  auto write = [&](raw_ostream &os) {
    writeTuning(os, {{facts.march.str(), facts.costs}});
    return Error::success();
  };
  if (Error error = joinErrors(writeModel(model), writeFile(tuning, write)))
    return error;
  std::vector<Runner> runners;
  for (Winograd use : kUses) {
    Expected<Runner> runner = Runner::create(model, tuning, use, args);
    if (!runner)
      return runner.takeError();
    runners.push_back(std::move(*runner));
  }
  return runners;
}

// Forms and peak take turns, so that a change of clock meets all.
static Error measure(std::vector<Runner> &runners, const Tuner &args, TunedTarget &target) {
  std::vector<double> seconds[std::size(kUses)][std::size(kLayers)], peaks;
  Peak peak(args.cpu.name);
  if (Error error = peak.start(args.threads))
    return error;
  Stopwatch total;
  do {
    peaks.push_back(peak.measure(0.01));
    for (auto [runner, samples] : zip_equal(runners, seconds))
      if (Error error = runner.run(samples))
        return error;
    args.progress(std::min(1.0, total.seconds() / args.minTime));
  } while (total.seconds() < args.minTime);
  target.peak = quantile(peaks, 0.5);
  for (auto [i, layer] : enumerate(kLayers)) {
    auto [size, channels, filters] = layer;
    TunedLayer tuned{{size, size, size, size, 1, 1, channels, filters, 3}, {}};
    for (size_t form = 0; form < std::size(kUses); ++form)
      tuned.times[form] = quantile(seconds[form][i], 0.5) * target.threads / target.halfCycle();
    target.layers.push_back(tuned);
  }
  return Error::success();
}

// Three digits are more than the measurements are worth; by way of text they are those of the file.
static double rounded(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.3g", value);
  return strtod(text, nullptr);
}

static std::vector<Sample> samplesOf(const TargetFacts &facts, ArrayRef<TunedLayer> layers) {
  std::vector<Sample> samples;
  for (const TunedLayer &layer : layers)
    for (auto [m, time] : zip_equal(schedule::kForms, layer.times))
      samples.push_back({schedule::workOf(facts, layer.conv, m), time});
  return samples;
}

Expected<TunedTarget> tools::tune(const Tuner &args) {
  TargetFacts facts = *schedule::lookupTarget(args.cpu.level);
  TunedTarget target{facts, askSystem(facts), args.threads, 0, {}};
  Expected<std::vector<Runner>> runners = createRunners(target.now, args);
  if (!runners)
    return runners.takeError();
  if (Error error = measure(*runners, args, target))
    return error;
  schedule::CostTable &costs = target.now.costs;
  costs = fitCosts(costs, samplesOf(target.now, target.layers));
  for (const schedule::Price &price : schedule::prices())
    costs.*price.time = rounded(costs.*price.time);
  return target;
}

size_t tools::chosenForm(const TargetFacts &facts, const TunedLayer &layer) {
  return schedule::fastestForm(schedule::estimateForms(facts, layer.conv));
}

size_t tools::fastestForm(const TunedLayer &layer) {
  return min_element(layer.times) - layer.times.begin();
}

double tools::errorOf(const TargetFacts &facts, ArrayRef<TunedLayer> layers) {
  return errorOf(facts.costs, samplesOf(facts, layers));
}

double tools::lossOf(const TargetFacts &facts, ArrayRef<TunedLayer> layers) {
  double chosen = 0, fastest = 0;
  for (const TunedLayer &layer : layers) {
    chosen += layer.times[chosenForm(facts, layer)];
    fastest += layer.times[fastestForm(layer)];
  }
  return chosen / fastest - 1;
}
