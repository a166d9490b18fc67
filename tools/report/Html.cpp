//===- Html.cpp - a report as one page ----------------------------------------------===//
//
// Nothing is fetched and nothing runs: a style sheet, tables and inline SVG.
//
//===------------------------------------------------------------------------------===//

#include "tools/report/Style.h"
#include "tools/report/Svg.h"
#include "tools/report/Write.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

namespace {

class Page {
public:
  Page(raw_ostream &os, const Report &report)
      : os(os), report(report), groups(groupsOf(report)), measured(!report.times.launches.empty()) {
  }
  void write();

private:
  void writeCards();
  void writeLayers();
  void writeLayer(const Group &group, double longest);
  void writeRoofline();
  void writeErrors();
  void writeChoices();
  void writeMemory();
  void writeLaunches();
  void writeLegend();
  void card(const Twine &figure, const Twine &text) {
    os << "<div class=\"card\"><b>" << escaped(figure.str()) << "</b><span>" << escaped(text.str())
       << "</span></div>\n";
  }
  void cell(const Twine &text) { os << "<td>" << escaped(text.str()) << "</td>"; }
  void kernelCell(StringRef kernel) {
    os << "<td class=\"left\"><span class=\"kernel " << kindOf(kernel) << "\">" << escaped(kernel)
       << "</span></td>";
  }
  void layersCell(const std::vector<std::string> &layers);
  void speedCells(double seconds, int64_t flops);

  raw_ostream &os;
  const Report &report;
  std::vector<Group> groups;
  bool measured;
};

} // namespace

static std::string spellTime(double seconds) {
  if (seconds >= 1e-3)
    return spell("%.2f ms", seconds * 1e3);
  return spell(seconds >= 1e-5 ? "%.1f us" : "%.2f us", seconds * 1e6);
}

static std::string spellFlops(double flops) {
  return flops >= 1e9 ? spell("%.2f G", flops * 1e-9) : spell("%.3g M", flops * 1e-6);
}

// Millions, with as many digits as tell something.
static std::string spellMillions(int64_t flops) {
  double value = 1e-6 * flops;
  return spell(value >= 100 ? "%.0f" : value >= 1 ? "%.2f" : "%.4f", value);
}

// The first layer names the group; the others were fused into it.
void Page::layersCell(const std::vector<std::string> &layers) {
  os << "<td class=\"left layers\">";
  for (auto [index, layer] : enumerate(layers))
    os << (index ? " <i>+ " : "") << escaped(layer) << (index ? "</i>" : "");
  os << (layers.empty() ? "<i>no layer</i></td>" : "</td>");
}

void Page::speedCells(double seconds, int64_t flops) {
  if (!measured || !flops || seconds <= 0) {
    os << "<td>–</td><td>–</td>";
    return;
  }
  double gflops = 1e-9 * flops / seconds;
  cell(spell("%.1f", gflops));
  cell(spell("%.0f %%", 100 * gflops / report.machine.gflops));
}

void Page::writeCards() {
  int64_t flops = 0;
  for (const Group &group : groups)
    flops += group.flops;
  os << "<div class=\"cards\">\n";
  if (measured) {
    double gflops = 1e-9 * flops / report.times.call;
    card(spellTime(report.times.call), "median of " + Twine(report.times.calls) + " calls");
    card(spell("%.0f GFLOP/s", gflops),
         spell("%.0f %% of the FMA peak", 100 * gflops / report.machine.gflops));
  }
  card(spellFlops(flops) + "FLOP", "a call, as the model defines it");
  card(Twine(groups.size()), "groups of kernels for " + Twine(report.layers.size()) + " layers");
  card(spellBytes(report.weightsBytes),
       "weights, " + spellBytes(report.plan.preparedBytes) + " as kernels read them");
  card(spellBytes(report.plan.arena.at(report.batch)), "arena for all intermediate results");
  card(spellBytes(report.codeBytes), "machine code of the library");
  os << "</div>\n";
}

void Page::writeLegend() {
  static constexpr std::pair<StringLiteral, StringLiteral> kinds[] = {
      {"conv", "direct convolution"},     {"winograd", "Winograd"}, {"depthwise", "depthwise"},
      {"gemm", "matrix product"},         {"pool", "pooling"},      {"move", "reorders and copies"},
      {"other", "elementwise and others"}};
  os << "<div class=\"legend\">";
  for (auto [kind, name] : kinds)
    if (any_of(report.plan.launches,
               [&](const Launch &launch) { return kindOf(launch.kernel) == kind; }))
      os << "<span class=\"" << kind << "\">" << name << "</span>";
  os << "</div>\n";
}

void Page::writeLayer(const Group &group, double longest) {
  os << "<tr>";
  layersCell(group.layers);
  kernelCell(group.kernel);
  if (measured) {
    os << "<td class=\"bar " << kindOf(group.kernel)
       << format("\"><span class=\"track\"><span class=\"fill\" "
                 "style=\"width:%.1f%%\"></span></span></td>",
                 100 * group.seconds / longest);
    cell(spellTime(group.seconds));
    cell(spell("%.1f %%", 100 * group.seconds / report.times.call));
  }
  cell(spellMillions(group.flops));
  if (measured)
    speedCells(group.seconds, group.flops);
  if (!report.errors.empty())
    cell(group.error ? spell("%.1e", group.error->relative) : "–");
  os << "</tr>\n";
}

void Page::writeLayers() {
  double longest = 1e-12;
  for (const Group &group : groups)
    longest = std::max(longest, group.seconds);
  os << "<section><h2>Layers</h2>\n<p>Layers in one line became one group of kernels. FLOPs are "
        "those "
        "that the model defines, so that Winograd, which needs fewer, may pass the peak.</p>\n";
  writeLegend();
  os << "<div class=\"scroll\"><table><thead><tr><th class=\"left\">layers</th><th "
        "class=\"left\">kernel</th>";
  if (measured)
    os << "<th class=\"left\">time</th><th></th><th>share</th>";
  os << "<th>MFLOP</th>";
  if (measured)
    os << "<th>GFLOP/s</th><th>of peak</th>";
  if (!report.errors.empty())
    os << "<th>error</th>";
  os << "</tr></thead><tbody>\n";
  for (const Group &group : groups)
    writeLayer(group, longest);
  os << "</tbody></table></div></section>\n";
}

void Page::writeRoofline() {
  if (!measured || !report.machine.bandwidth)
    return;
  os << "<section><h2>Roofline</h2>\n<p>Each dot is a group, its area the time it takes. FLOPs are "
        "those "
        "that its kernels execute, bytes those of all buffers they touch; a dot above the slope "
        "works "
        "from the caches.</p>\n";
  drawRoofline(os, report, groups);
  os << "</section>\n";
}

void Page::writeErrors() {
  if (report.errors.empty())
    return;
  os << "<section><h2>Errors</h2>\n<p>Relative distance (L2) of each group's results from float64 "
        "arithmetic on the same inputs, rounded to float32 once. Random inputs; one group's error "
        "does "
        "not reach the next.</p>\n";
  drawErrors(os, groups);
  os << "</section>\n";
}

void Page::writeChoices() {
  auto isChosen = [](const Group &group) { return !group.estimates.empty(); };
  auto widest = max_element(groups, [](const Group &a, const Group &b) {
    return a.estimates.size() < b.estimates.size();
  });
  if (none_of(groups, isChosen))
    return;
  os << "<section><h2>Direct or Winograd</h2>\n<p>What the cost model expected of each form of the "
        "convolutions that have Winograd forms, in thousands of cycles of one image. A Winograd "
        "form must gain a "
        "twentieth.</p>\n"
        "<div class=\"scroll\"><table><thead><tr><th class=\"left\">layer</th><th class=\"left\">"
        "chosen</th>";
  for (const Launch::Estimate &estimate : widest->estimates)
    os << "<th>" << spellForm(estimate.form) << "</th>";
  os << (measured ? "<th>measured</th>" : "") << "</tr></thead><tbody>\n";
  for (const Group &group : groups) {
    if (!isChosen(group))
      continue;
    os << "<tr>";
    layersCell({group.layers.begin(), group.layers.begin() + !group.layers.empty()});
    kernelCell(group.kernel);
    for (auto [i, form] : enumerate(widest->estimates))
      cell(i < group.estimates.size() ? spell("%.1f", group.estimates[i].halfCycles / 2e3) : "-");
    if (measured)
      cell(spellTime(group.seconds));
    os << "</tr>\n";
  }
  os << "</tbody></table></div></section>\n";
}

void Page::writeMemory() {
  if (report.plan.buffers.empty())
    return;
  int64_t bytes = 0;
  for (const ArenaBuffer &buffer : report.plan.buffers)
    bytes += buffer.bytes * (buffer.perSample ? report.batch : 1);
  os << "<section><h2>Memory</h2>\n<p>"
     << escaped(
            "Intermediate results share one arena: " + spellBytes(report.plan.arena.fixed) +
            " and " + spellBytes(report.plan.arena.perSample) + " a sample hold " +
            std::to_string(report.plan.buffers.size()) + " buffers of " + spellBytes(bytes) +
            ". Each lies where nothing that lives at the same time does, and is coloured by the "
            "kernel that writes it.")
     << "</p>\n";
  drawMemory(os, report);
  os << "</section>\n";
}

void Page::writeLaunches() {
  os << "<section><details><summary>All " << report.plan.launches.size()
     << " launches</summary>\n<p>In order. FLOPs are those that the kernels execute: padding lanes "
        "count, and Winograd saves.</p>\n<div class=\"scroll\"><table><thead><tr><th>#</th>"
        "<th class=\"left\">kernel</th><th class=\"left\">layers</th>"
     << (measured ? "<th>time</th>" : "") << "<th>MFLOP</th>"
     << (measured ? "<th>GFLOP/s</th><th>of peak</th>" : "")
     << "<th>KiB</th></tr></thead><tbody>\n";
  for (auto [index, launch] : enumerate(report.plan.launches)) {
    int64_t flops = launch.flops.at(report.batch);
    os << "<tr>";
    cell(Twine(index));
    kernelCell(launch.kernel);
    layersCell(launch.layers);
    if (measured)
      cell(spellTime(report.times.launches[index]));
    cell(spellMillions(flops));
    if (measured)
      speedCells(report.times.launches[index], flops);
    cell(spell("%.1f", launch.bytes.at(report.batch) / 1024.0));
    os << "</tr>\n";
  }
  os << "</tbody></table></div></details></section>\n";
}

void Page::write() {
  std::string name = escaped(report.model);
  os << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
     << name << " - dlc report</title>\n<style>" << kStyle
     << "</style>\n</head>\n<body>\n<main>\n<h1>" << name << "</h1>\n<p>"
     << escaped("for " + report.plan.variant + ", batch " + std::to_string(report.batch) + ", " +
                std::to_string(report.threads) + (report.threads == 1 ? " thread" : " threads"))
     << "</p>\n";
  if (!measured)
    os << "<section class=\"notice\"><h2>Not measured</h2>\n<p>" << escaped(report.unmeasured)
       << "</p></section>\n";
  if (!report.unchecked.empty())
    os << "<section class=\"notice\"><h2>Errors are not known</h2>\n<p>"
       << escaped(report.unchecked) << "</p></section>\n";
  writeCards();
  writeLayers();
  writeRoofline();
  writeErrors();
  writeChoices();
  writeMemory();
  writeLaunches();
  if (measured)
    os << "<footer>"
       << escaped("Measured beside " +
                  spell("%.0f GFLOP/s of multiply-adds on registers and ", report.machine.gflops) +
                  spell("%.1f GB/s read from memory.", report.machine.bandwidth))
       << "</footer>\n";
  os << "</main>\n</body>\n</html>\n";
}

void tools::writeHtml(raw_ostream &os, const Report &report) { Page(os, report).write(); }
