//===- Fit.h - constants that explain measurements ----------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TUNE_FIT_H
#define DLC_TOOLS_TUNE_FIT_H

#include "compiler/schedule/Algorithms.h"

namespace dlc::tools {

/// What a kernel does, and the half cycles that it took.
struct Sample {
  schedule::FormWork work;
  double time;
};

/// `costs` with the times that explain the samples best: the sum of the squares of the relative
/// errors is small, and none is negative. The price of what no sample contains stays.
schedule::CostTable fitCosts(schedule::CostTable costs, llvm::ArrayRef<Sample> samples);

/// Relative errors of the model: their root mean square.
double errorOf(const schedule::CostTable &costs, llvm::ArrayRef<Sample> samples);

} // namespace dlc::tools

#endif // DLC_TOOLS_TUNE_FIT_H
