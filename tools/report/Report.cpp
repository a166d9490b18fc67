//===- Report.cpp - what is known of a compiled model -------------------------------===//

#include "tools/report/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

std::string tools::spell(const char *spec, double value) {
  std::string text;
  raw_string_ostream os(text);
  os << format(spec, value);
  return text;
}

std::string tools::spellBytes(double bytes) {
  return bytes >= 1 << 20 ? spell("%.1f MiB", bytes / (1 << 20)) : spell("%.1f KiB", bytes / 1024);
}

std::string tools::joined(const std::vector<std::string> &names) {
  return names.empty() ? "(no layer)" : join(names, " + ");
}

// Gathers the launches in the order of their first.
static std::vector<Group> gather(const Report &report) {
  std::vector<Group> groups;
  StringMap<size_t> places;
  for (auto [index, launch] : enumerate(report.plan.launches)) {
    auto [place, isNew] = places.try_emplace(joined(launch.layers), groups.size());
    if (isNew)
      groups.push_back({launch.layers, {}, "", 0, 0, 0, 0, {}, nullptr});
    groups[place->second].launches.push_back(index);
  }
  return groups;
}

static void addLaunches(const Report &report, Group &group) {
  int64_t most = -1;
  for (size_t index : group.launches) {
    const Launch &launch = report.plan.launches[index];
    int64_t flops = launch.flops.at(report.batch);
    if (flops > most) {
      most = flops;
      group.kernel = launch.kernel;
    }
    group.executed += flops;
    group.bytes += launch.bytes.at(report.batch);
    if (!report.times.launches.empty())
      group.seconds += report.times.launches[index];
    if (!launch.estimates.empty())
      group.estimates = launch.estimates;
  }
}

static bool isPartOf(ArrayRef<std::string> part, ArrayRef<std::string> layers) {
  return all_of(part, [&](const std::string &layer) { return is_contained(layers, layer); });
}

std::vector<Group> tools::groupsOf(const Report &report) {
  std::vector<Group> groups = gather(report);
  StringMap<int64_t> arithmetic; // of the layers that no group has counted yet
  for (const Layer &layer : report.layers)
    arithmetic[layer.name] = layer.flops;
  for (Group &group : groups) {
    addLaunches(report, group);
    for (const std::string &layer : group.layers)
      group.flops += report.batch * std::exchange(arithmetic[layer], 0);
    // An .mlir file does not say what its layers compute.
    if (report.layers.empty())
      group.flops = group.executed;
    // Kernels that were joined have the largest error of the layers that became them.
    for (const LayerError &error : report.errors)
      if (isPartOf(error.layers, group.layers) &&
          (!group.error || group.error->relative < error.relative))
        group.error = &error;
  }
  return groups;
}

std::string tools::spellForm(StringRef form) {
  return form.consume_front("f") ? formatv("F({0}x{0})", form).str() : form.str();
}

std::string tools::reasonOf(const Group &group) {
  if (group.estimates.empty())
    return "";
  StringRef kernel = group.kernel, form = "direct";
  if (kernel.consume_front("winograd "))
    form = kernel.take_until(isSpace);
  std::string text = spellForm(form) + ": expected";
  for (auto [i, estimate] : enumerate(group.estimates)) {
    text +=
        formatv("{0} {1:f0}{2} ", i ? "," : "", estimate.halfCycles / 2e3, i ? " by" : " kcycles");
    text += spellForm(estimate.form);
  }
  return text;
}
