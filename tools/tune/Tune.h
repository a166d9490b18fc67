//===- Tune.h - measuring what the cost model knows of a CPU ------------*- C++ -*-===//
#ifndef DLC_TOOLS_TUNE_TUNE_H
#define DLC_TOOLS_TUNE_TUNE_H

#include "compiler/CpuVariant.h"
#include "compiler/schedule/Algorithms.h"
#include "llvm/Support/Error.h"

namespace dlc::tools {

/// The names of schedule::kForms.
inline constexpr llvm::StringLiteral kFormNames[] = {"direct", "F(2x2)", "F(4x4)", "F(6x6)"};

/// A 3x3 layer and what it took in each form.
struct TunedLayer {
  schedule::ConvSizes conv;
  schedule::Estimates times;
};

/// What was measured of a CPU, and the constants that follow.
struct TunedTarget {
  schedule::TargetFacts before, now;
  int threads;
  double peak; ///< GFLOP/s of multiply-adds
  std::vector<TunedLayer> layers;

  /// Seconds of a half cycle of one core.
  double halfCycle() const { return 1e-9 * 2 * now.lanes * threads / peak; }
};

/// Indices of the form that the cost model chooses, and of the one that took least.
size_t chosenForm(const schedule::TargetFacts &facts, const TunedLayer &layer);
size_t fastestForm(const TunedLayer &layer);

/// Root mean square of the relative errors of what was expected.
double errorOf(const schedule::TargetFacts &facts, llvm::ArrayRef<TunedLayer> layers);

/// What the chosen forms of all layers take together, relative to the fastest ones.
double lossOf(const schedule::TargetFacts &facts, llvm::ArrayRef<TunedLayer> layers);

struct Tuner {
  CpuVariant cpu;
  int threads = 1;
  double minTime = 25;                             ///< seconds to measure
  llvm::function_ref<void(double share)> progress; ///< is told how far it is, 0 to 1
};

/// Measures 3x3 layers in each form on this machine and fits the constants to them.
llvm::Expected<TunedTarget> tune(const Tuner &args);

} // namespace dlc::tools

#endif // DLC_TOOLS_TUNE_TUNE_H
