//===- Text.cpp - a report for a terminal -------------------------------------------===//

#include "tools/report/Write.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include <numeric>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

// Columns that grow with their widest cell; all but the last `left` ones are right-justified.
namespace {
class Table {
public:
  Table(std::vector<std::string> head, size_t left) : rows{std::move(head)}, left(left) {}
  void add(std::vector<std::string> row) { rows.push_back(std::move(row)); }
  void print(raw_ostream &os) const {
    std::vector<size_t> widths(rows.front().size());
    for (const auto &row : rows)
      for (size_t i = 0; i < row.size(); ++i)
        widths[i] = std::max(widths[i], row[i].size());
    for (const auto &row : rows) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) {
        size_t gap = widths[i] - row[i].size();
        bool isLeft = i + left >= row.size();
        line +=
            std::string(isLeft ? 0 : gap, ' ') + row[i] + std::string(isLeft ? gap : 0, ' ') + "  ";
      }
      os << StringRef(line).rtrim() << "\n";
    }
  }

private:
  std::vector<std::vector<std::string>> rows;
  size_t left;
};
} // namespace

// Figures that come from a time, or nothing without one.
static std::vector<std::string> speedCells(const Report &report, double seconds, int64_t flops) {
  if (report.times.launches.empty())
    return {"-", "-", "-", "-"};
  double gflops = seconds > 0 ? 1e-9 * flops / seconds : 0;
  return {spell("%.2f", 1e6 * seconds), spell("%.1f", 100 * seconds / report.times.call),
          flops ? spell("%.1f", gflops) : "-",
          flops && report.machine.gflops ? spell("%.0f", 100 * gflops / report.machine.gflops)
                                         : "-"};
}

void tools::writeHead(raw_ostream &os, const Report &report) {
  os << report.model << " (" << report.plan.variant << "), batch " << report.batch << ", "
     << report.threads << (report.threads == 1 ? " thread" : " threads");
  if (report.times.launches.empty()) {
    os << "\nnot measured: " << report.unmeasured << "\n";
    return;
  }
  os << format(": %.4g ms, median of %zu calls\n", 1e3 * report.times.call, report.times.calls)
     << format("machine: %.0f GFLOP/s FMA peak, %.1f GB/s from memory\n", report.machine.gflops,
               report.machine.bandwidth);
}

void tools::writeLaunches(raw_ostream &os, const Report &report) {
  Table table({"us", "%", "GFLOP/s", "% of peak", "MFLOP", "KiB", "kernel", "layers"}, 2);
  for (auto [index, launch] : enumerate(report.plan.launches)) {
    int64_t flops = launch.flops.at(report.batch);
    double seconds = report.times.launches.empty() ? 0 : report.times.launches[index];
    std::vector<std::string> row = speedCells(report, seconds, flops);
    row.push_back(spell("%.3f", 1e-6 * flops));
    row.push_back(spell("%.1f", launch.bytes.at(report.batch) / 1024.0));
    row.push_back(launch.kernel);
    row.push_back(joined(launch.layers));
    table.add(std::move(row));
  }
  table.print(os);
  os << "FLOPs are those that the kernels execute: padding lanes count, and Winograd saves.\n";
}

static void writeGroups(raw_ostream &os, const Report &report) {
  Table table({"us", "%", "GFLOP/s", "% of peak", "MFLOP", "error", "kernel", "layers"}, 2);
  for (const Group &group : groupsOf(report)) {
    std::vector<std::string> row = speedCells(report, group.seconds, group.flops);
    row.push_back(spell("%.3f", 1e-6 * group.flops));
    row.push_back(group.error ? spell("%.1e", group.error->relative) : "-");
    row.push_back(group.kernel);
    row.push_back(joined(group.layers));
    table.add(std::move(row));
  }
  table.print(os);
  if (!report.unchecked.empty())
    os << "errors are not known: " << report.unchecked << "\n";
  os << "FLOPs are those of the layers as the model defines them, so that Winograd may pass the "
        "peak;\n"
        "error: relative L2 distance of the results from float64 arithmetic on the same inputs.\n";
}

static void writeReasons(raw_ostream &os, const Report &report) {
  Table table({"layers", "choice"}, 2);
  bool any = false;
  for (const Group &group : groupsOf(report))
    if (std::string reason = reasonOf(group); !reason.empty()) {
      table.add({joined(group.layers), reason});
      any = true;
    }
  if (!any)
    return;
  os << "\nConvolutions of 3x3 and 5x5: direct or Winograd, by the cost model\n";
  table.print(os);
}

static void writeMemory(raw_ostream &os, const Report &report) {
  const Plan &plan = report.plan;
  os << "\nMemory\n"
     << "  code                " << spellBytes(report.codeBytes) << "\n"
     << "  weights             " << spellBytes(report.weightsBytes) << ", "
     << spellBytes(plan.preparedBytes) << " as kernels read them\n"
     << "  arena               " << spellBytes(plan.arena.fixed) << " + "
     << spellBytes(plan.arena.perSample) << " a sample, for " << plan.buffers.size()
     << " buffers of "
     << spellBytes(std::accumulate(plan.buffers.begin(), plan.buffers.end(), int64_t(0),
                                   [&](int64_t sum, const ArenaBuffer &buffer) {
                                     return sum +
                                            buffer.bytes * (buffer.perSample ? report.batch : 1);
                                   }))
     << "\n";
}

void tools::writeText(raw_ostream &os, const Report &report) {
  writeHead(os, report);
  os << "\nLayers (those of one line became one group of kernels)\n";
  writeGroups(os, report);
  os << "\nLaunches, in order\n";
  writeLaunches(os, report);
  writeReasons(os, report);
  writeMemory(os, report);
}
