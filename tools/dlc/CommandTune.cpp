//===- CommandTune.cpp - dlc tune ---------------------------------------------------===//

#include "compiler/Tuning.h"
#include "compiler/WriteFile.h"
#include "tools/common/Errors.h"
#include "tools/dlc/Commands.h"
#include "tools/tune/Tune.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using schedule::CostField, schedule::costFields;

static std::string nameOf(const TunedLayer &layer) {
  const schedule::ConvSizes &conv = layer.conv;
  return formatv("{0}x{1}x{2} -> {3}", conv.inRows, conv.inCols, conv.channels, conv.filters);
}

static void printTable(const TunedTarget &target) {
  outs() << "constant      before         now\n";
  for (const CostField &field : costFields())
    outs() << left_justify(field.name, 9)
           << format("%11.6g %11.6g\n", target.before.costs.*field.member,
                     target.now.costs.*field.member);
  outs() << format("\nThe model is off by %.0f %% (root mean square), before by %.0f %%.\n",
                   100 * errorOf(target.now, target.layers),
                   100 * errorOf(target.before, target.layers));
}

static void printLayers(const TunedTarget &target) {
  const double micro = 1e6 * target.halfCycle() / target.threads;
  outs() << "\nmicroseconds that 3x3 layers took (and were expected to)\n" << left_justify("", 19);
  for (StringRef form : kFormNames)
    outs() << right_justify(form, 15) << " ";
  outs() << "  chosen  fastest\n";
  for (const TunedLayer &layer : target.layers) {
    outs() << left_justify(nameOf(layer), 19);
    schedule::Estimates expected = estimateForms(target.now, layer.conv);
    for (auto [took, thought] : zip_equal(layer.times, expected))
      outs() << format("%7.0f (%5.0f) ", micro * took, micro * thought) << " ";
    size_t chosen = chosenForm(target.now, layer), fastest = fastestForm(layer);
    outs() << " " << left_justify(kFormNames[chosen], 8) << kFormNames[fastest];
    if (chosen != fastest)
      outs() << format(" by %.0f %%", 100 * (layer.times[chosen] / layer.times[fastest] - 1));
    outs() << "\n";
  }
  outs() << format("\nThe chosen forms take %.1f %% longer than the fastest; those chosen before, "
                   "%.1f %%.\n",
                   100 * lossOf(target.now, target.layers),
                   100 * lossOf(target.before, target.layers));
}

static void print(ArrayRef<TunedTarget> targets) {
  for (const TunedTarget &target : targets) {
    outs() << target.now.march << ", " << target.threads
           << (target.threads == 1 ? " thread" : " threads")
           << format(": peak %.0f GFLOP/s, a half cycle is %.3g ns\n\n", target.peak,
                     1e9 * target.halfCycle());
    printTable(target);
    printLayers(target);
  }
}

static void writeJson(json::OStream &json, const TunedTarget &target, const TunedLayer &layer) {
  double unit = target.halfCycle() / target.threads;
  schedule::Estimates expected = estimateForms(target.now, layer.conv);
  json.object([&] {
    json.attribute("rows", layer.conv.inRows);
    json.attribute("cols", layer.conv.inCols);
    json.attribute("channels", layer.conv.channels);
    json.attribute("filters", layer.conv.filters);
    for (auto [form, took, thought] : zip_equal(kFormNames, layer.times, expected))
      json.attributeObject(form, [&, took = took, thought = thought] {
        json.attribute("seconds", took * unit);
        json.attribute("expected_seconds", thought * unit);
      });
    json.attribute("chosen", kFormNames[chosenForm(target.now, layer)]);
    json.attribute("fastest", kFormNames[fastestForm(layer)]);
  });
}

static void writeJson(json::OStream &json, const TunedTarget &target) {
  json.object([&] {
    json.attribute("march", target.now.march);
    json.attribute("threads", target.threads);
    json.attribute("peak_gflops", target.peak);
    auto side = [&](StringRef name, const schedule::TargetFacts &facts) {
      json.attributeObject(name, [&] {
        for (const CostField &field : costFields())
          json.attribute(field.name, facts.costs.*field.member);
        json.attribute("error", errorOf(facts, target.layers));
        json.attribute("loss", lossOf(facts, target.layers));
      });
    };
    side("before", target.before);
    side("now", target.now);
    json.attributeArray("layers", [&] {
      for (const TunedLayer &layer : target.layers)
        writeJson(json, target, layer);
    });
  });
}

static void printJson(ArrayRef<TunedTarget> targets) {
  json::OStream json(outs(), 2);
  json.array([&] {
    for (const TunedTarget &target : targets)
      writeJson(json, target);
  });
  outs() << "\n";
}

// A terminal shows how far it is; a file or a pipe would keep every step.
static void showProgress(StringRef march, double share) {
  if (errs().is_displayed())
    errs() << "\rmeasuring " << march << ": " << format("%3.0f %%", 100 * share)
           << (share < 1 ? "" : "\r\033[K");
}

static Error write(const TuneArgs &args, ArrayRef<TunedTarget> targets) {
  Tuning tuning;
  for (const TunedTarget &target : targets)
    tuning[target.now.march.str()] = target.now.costs;
  auto fill = [&](raw_ostream &os) {
    writeTuning(os, tuning);
    return Error::success();
  };
  if (Error error = writeFile(args.out, fill))
    return cannotWrite("the tuning file", args.out, toString(std::move(error)), "-o");
  return Error::success();
}

static Error tuneAll(const TuneArgs &args) {
  if (Error error = checkPlace("the tuning file", args.out, "-o"))
    return error;
  Expected<std::vector<CpuVariant>> cpus = chooseVariants(args.march);
  if (!cpus)
    return cpus.takeError();
  std::vector<TunedTarget> targets;
  for (const CpuVariant &cpu : *cpus) {
    auto progress = [&](double share) { showProgress(cpu.level, share); };
    Expected<TunedTarget> target = tune({cpu, args.threads, args.minTime, progress});
    if (!target)
      return target.takeError();
    targets.push_back(std::move(*target));
  }
  args.json ? printJson(targets) : print(targets);
  return args.out.empty() ? Error::success() : write(args, targets);
}

int tools::tuneCommand(TuneArgs args) { return tools::report(tuneAll(args)); }
