//===- Report.h - what is known of a compiled model ---------------------*- C++ -*-===//
//
// Plain data: the compiler gives the plan, Measure.h the times and errors; Write.h writes it.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_TOOLS_REPORT_REPORT_H
#define DLC_TOOLS_REPORT_REPORT_H

#include "compiler/Plan.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace dlc::tools {

/// What the machine can do with the threads and vectors that the model runs on.
struct Machine {
  double gflops = 0;    ///< multiply-adds on registers, in GFLOP/s
  double bandwidth = 0; ///< reading from memory, in GB/s
};

/// How far float32 results lie from float64 arithmetic on the same inputs.
struct LayerError {
  std::vector<std::string> layers;
  double relative = 0; ///< norm of the difference over the norm of the result (L2)
  double largest = 0;  ///< difference of one element
  double scale = 0;    ///< largest magnitude of the result
};

/// Times of the forward pass; empty where this machine cannot run the code.
struct Times {
  std::vector<double> launches; ///< seconds, medians, in the plan's order
  double call = 0;              ///< median of the whole pass
  size_t calls = 0;
};

struct Report {
  std::string model;
  int64_t batch = 1;
  int threads = 1;
  std::vector<Layer> layers;
  Plan plan;
  Times times;
  std::string unmeasured; ///< why there are no times
  Machine machine;
  std::vector<LayerError> errors;
  std::string unchecked;    ///< why there are no errors, where the code runs
  int64_t codeBytes = 0;    ///< machine code of the library, all variants and the runtime
  int64_t weightsBytes = 0; ///< of the weights file
};

/// Launches that do the work of the same layers: what fusion made one.
struct Group {
  std::vector<std::string> layers;
  std::vector<size_t> launches;
  std::string kernel;   ///< that of the launch with the most arithmetic
  double seconds = 0;   ///< 0 where nothing was measured
  int64_t flops = 0;    ///< of its layers as the model defines them, for the batch
  int64_t executed = 0; ///< that its kernels do: padding lanes count, Winograd saves
  int64_t bytes = 0;    ///< that its launches read and write
  llvm::ArrayRef<Launch::Estimate> estimates; ///< of the report's plan
  const LayerError *error = nullptr;          ///< of the report's errors
};

/// How people write the form "direct", "f2", ...
std::string spellForm(llvm::StringRef form);

/// In the order of their first launches.
std::vector<Group> groupsOf(const Report &report);

/// Why the group's kernel was chosen, in one sentence; empty where there was no choice.
std::string reasonOf(const Group &group);

/// A figure as printf formats it.
std::string spell(const char *spec, double value);

/// In KiB or MiB.
std::string spellBytes(double bytes);

/// Names one after the other.
std::string joined(const std::vector<std::string> &names);

} // namespace dlc::tools

#endif // DLC_TOOLS_REPORT_REPORT_H
