//===- Svg.cpp - the pictures of a report -------------------------------------------===//

#include "tools/report/Svg.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

StringRef tools::kindOf(StringRef kernel) {
  static constexpr std::pair<StringLiteral, StringLiteral> kinds[] = {
      {"conv", "conv"},        {"winograd", "winograd"}, {"depthwise", "depthwise"},
      {"gemm", "gemm"},        {"pack", "move"},         {"unpack", "move"},
      {"linalg.fill", "move"}, {"memref", "move"},       {"max pool", "pool"},
      {"avg pool", "pool"}};
  for (auto [prefix, kind] : kinds)
    if (kernel.starts_with(prefix))
      return kind;
  return "other";
}

// Powers of ten as people write them, from 1e-3 to 1e6 without an exponent.
static std::string spellPower(double value) {
  return value >= 1e-3 && value < 1e6 ? spell("%g", value) : spell("%.0e", value);
}

static void drawDecades(Picture &picture, const Scale &scale, bool isX, double from, double to) {
  for (double at = std::pow(10, std::ceil(std::log10(scale.low) - 1e-9)); at <= scale.high * 1.001;
       at *= 10) {
    double place = scale(at);
    if (isX) {
      picture.line(place, from, place, to, "grid");
      picture.text(place, from + 20, "middle", spellPower(at));
    } else {
      picture.line(from, place, to, place, "grid");
      picture.text(from - 8, place + 5, "end", spellPower(at));
    }
  }
}

//===----------------------------------------------------------------------===//
// Roofline (Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009)
//===----------------------------------------------------------------------===//

static double floorDecade(double value) { return std::pow(10, std::floor(std::log10(value))); }
static double ceilDecade(double value) { return std::pow(10, std::ceil(std::log10(value))); }

void tools::drawRoofline(raw_ostream &os, const Report &report, const std::vector<Group> &groups) {
  struct Point {
    const Group *group;
    double intensity, gflops;
  };
  std::vector<Point> points;
  double peak = report.machine.gflops, bandwidth = report.machine.bandwidth;
  double left = peak / bandwidth, right = left, low = peak;
  for (const Group &group : groups) {
    if (!group.executed || !group.bytes || group.seconds <= 0)
      continue;
    Point point{&group, double(group.executed) / group.bytes,
                1e-9 * group.executed / group.seconds};
    // The slowest of the small would squeeze all others together.
    if (point.gflops < peak * 1e-4)
      continue;
    left = std::min(left, point.intensity);
    right = std::max(right, point.intensity);
    low = std::min(low, point.gflops);
    points.push_back(point);
  }
  const double top = 40, bottom = 400;
  Scale x{floorDecade(left), ceilDecade(right * 1.5), 70, Picture::kWidth - 20, true};
  Scale y{floorDecade(low), ceilDecade(peak), bottom, top, true};
  Picture picture(os, 450, "Roofline: arithmetic per second over arithmetic per byte");
  drawDecades(picture, x, true, bottom, top);
  drawDecades(picture, y, false, x.from, x.to);
  picture.text((x.from + x.to) / 2, bottom + 44, "middle",
               "FLOP per byte of the buffers it touches");
  picture.text(x.from - 8, top - 18, "end", "GFLOP/s");
  double ridge = peak / bandwidth, start = std::max(x.low, y.low / bandwidth);
  picture.line(x(start), y(start * bandwidth), x(ridge), y(peak), "roof");
  picture.line(x(ridge), y(peak), x.to, y(peak), "roof");
  for (const Point &point : points) {
    double share = point.group->seconds / report.times.call;
    picture.circle(x(point.intensity), y(point.gflops), 3 + 40 * std::sqrt(share) / 1.6,
                   kindOf(point.group->kernel),
                   joined(point.group->layers) + "\n" + point.group->kernel + "\n" +
                       spell("%.1f GFLOP/s, ", point.gflops) +
                       spell("%.1f FLOP/byte, ", point.intensity) +
                       spell("%.1f %% of the time", 100 * share));
  }
  picture.text(x.to, y(peak) - 8, "end", spell("FMA peak %.0f GFLOP/s", peak), "strong");
  double middle = std::sqrt(start * ridge);
  picture.text(x(middle) + 14, y(middle * bandwidth) + 22, "start",
               spell("memory %.1f GB/s", bandwidth), "strong");
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void tools::drawMemory(raw_ostream &os, const Report &report) {
  const Plan &plan = report.plan;
  double total = plan.arena.at(report.batch);
  const double top = 20, bottom = 330;
  Scale x{0, double(plan.launches.size()), 90, Picture::kWidth - 20, false};
  Scale y{0, total, bottom, top, false};
  Picture picture(os, 380, "Buffers in the arena over the launches");
  for (int quarter = 0; quarter <= 4; ++quarter) {
    double bytes = total * quarter / 4;
    picture.line(x.from, y(bytes), x.to, y(bytes), "grid");
    picture.text(x.from - 8, y(bytes) + 5, "end", spellBytes(bytes));
  }
  size_t step = std::max<size_t>(1, plan.launches.size() / 12);
  for (size_t i = 0; i < plan.launches.size(); i += step)
    picture.text(x(i + 0.5), bottom + 20, "middle", Twine(i));
  picture.text((x.from + x.to) / 2, bottom + 44, "middle", "launch");
  for (const ArenaBuffer &buffer : plan.buffers) {
    // The region that grows with the batch lies behind the other.
    double factor = buffer.perSample ? report.batch : 1;
    double low = (buffer.perSample ? plan.arena.fixed : 0) + factor * buffer.offset;
    double height = factor * buffer.bytes;
    picture.rect(x(buffer.begin), y(low + height), x(buffer.end + 1) - x(buffer.begin),
                 y(low) - y(low + height),
                 ("buffer " + kindOf(plan.launches[buffer.begin].kernel)).str(),
                 joined(buffer.layers) + "\n" + spellBytes(height) + " at " + spellBytes(low) +
                     "\nlaunches " + Twine(buffer.begin) + " to " + Twine(buffer.end));
  }
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

void tools::drawErrors(raw_ostream &os, const std::vector<Group> &groups) {
  std::vector<const Group *> shown;
  double low = 1, high = 1e-9;
  for (const Group &group : groups)
    if (group.error && group.error->relative > 0) {
      shown.push_back(&group);
      low = std::min(low, group.error->relative);
      high = std::max(high, group.error->relative);
    }
  if (shown.empty())
    return;
  const double top = 20, bottom = 250;
  Scale x{0, double(shown.size()), 90, Picture::kWidth - 20, false};
  Scale y{floorDecade(low), ceilDecade(high * 1.01), bottom, top, true};
  Picture picture(os, 290, "Relative error of each layer");
  drawDecades(picture, y, false, x.from, x.to);
  for (auto [index, group] : enumerate(shown)) {
    double at = x(index + 0.5), value = group->error->relative;
    picture.line(at, bottom, at, y(value), "stem");
    picture.circle(at, y(value), 5, kindOf(group->kernel),
                   joined(group->layers) + "\n" + group->kernel + "\n" +
                       spell("relative L2 error %.2e", value) +
                       spell("\nlargest difference %.2e", group->error->largest) +
                       spell(" of %.3g", group->error->scale));
  }
  picture.text((x.from + x.to) / 2, bottom + 28, "middle", "layers, in order");
}
