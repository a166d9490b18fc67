//===- Json.cpp - a report for programs ---------------------------------------------===//

#include "llvm/Support/JSON.h"
#include "tools/report/Write.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

static void writeSpeed(json::OStream &json, const Report &report, double seconds, int64_t flops) {
  json.attribute("flops", flops);
  if (report.times.launches.empty())
    return;
  double gflops = seconds > 0 ? 1e-9 * flops / seconds : 0;
  json.attribute("seconds", seconds);
  json.attribute("gflops", gflops);
  json.attribute("share_of_peak", report.machine.gflops ? gflops / report.machine.gflops : 0);
}

static void writeEstimates(json::OStream &json, ArrayRef<Launch::Estimate> estimates) {
  json.attributeObject("estimated_half_cycles", [&] {
    for (const Launch::Estimate &estimate : estimates)
      json.attribute(estimate.form == "direct" ? "direct" : "winograd_" + estimate.form,
                     estimate.halfCycles);
  });
}

static void writeGroup(json::OStream &json, const Report &report, const Group &group) {
  json.attribute("layers", json::Array(group.layers));
  json.attribute("kernel", group.kernel);
  json.attributeArray("launches", [&] {
    for (size_t index : group.launches)
      json.value(int64_t(index));
  });
  writeSpeed(json, report, group.seconds, group.flops);
  json.attribute("executed_flops", group.executed);
  json.attribute("bytes", group.bytes);
  if (!group.estimates.empty())
    writeEstimates(json, group.estimates);
  if (const LayerError *error = group.error)
    json.attributeObject("error", [&] {
      json.attribute("relative_l2", error->relative);
      json.attribute("largest", error->largest);
      json.attribute("largest_value", error->scale);
    });
}

static void writeBuffer(json::OStream &json, const ArenaBuffer &buffer) {
  json.attribute("layers", json::Array(buffer.layers));
  json.attribute("region", buffer.perSample ? "batch" : "constant");
  json.attribute("offset", buffer.offset);
  json.attribute("bytes", buffer.bytes);
  json.attribute("first_launch", buffer.begin);
  json.attribute("last_launch", buffer.end);
}

static void writeHeadOf(json::OStream &json, const Report &report) {
  json.attribute("name", report.model);
  json.attribute("variant", report.plan.variant);
  json.attribute("batch", report.batch);
  json.attribute("threads", report.threads);
  if (!report.unchecked.empty())
    json.attribute("errors_not_known", report.unchecked);
  if (report.times.launches.empty()) {
    json.attribute("not_measured", report.unmeasured);
    return;
  }
  json.attribute("calls", int64_t(report.times.calls));
  json.attribute("median_seconds", report.times.call);
  json.attribute("peak_gflops", report.machine.gflops);
  json.attribute("memory_gb_per_second", report.machine.bandwidth);
}

static void writeMemory(json::OStream &json, const Report &report) {
  json.attribute("code_bytes", report.codeBytes);
  json.attribute("weights_bytes", report.weightsBytes);
  json.attribute("prepared_bytes", report.plan.preparedBytes);
  json.attribute("arena_const_bytes", report.plan.arena.fixed);
  json.attribute("arena_batch_bytes", report.plan.arena.perSample);
  json.attributeArray("buffers", [&] {
    for (const ArenaBuffer &buffer : report.plan.buffers)
      json.object([&] { writeBuffer(json, buffer); });
  });
}

void tools::writeJson(raw_ostream &os, const Report &report) {
  json::OStream json(os, 1);
  json.object([&] {
    writeHeadOf(json, report);
    json.attributeArray("groups", [&] {
      for (const Group &group : groupsOf(report))
        json.object([&] { writeGroup(json, report, group); });
    });
    json.attributeArray("launches", [&] {
      for (size_t i = 0; i < report.plan.launches.size(); ++i)
        json.object([&] {
          const Launch &launch = report.plan.launches[i];
          json.attribute("layers", json::Array(launch.layers));
          json.attribute("kernel", launch.kernel);
          double seconds = report.times.launches.empty() ? 0 : report.times.launches[i];
          writeSpeed(json, report, seconds, launch.flops.at(report.batch));
          json.attribute("bytes", launch.bytes.at(report.batch));
        });
    });
    json.attributeObject("memory", [&] { writeMemory(json, report); });
  });
  os << "\n";
}
