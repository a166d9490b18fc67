//===- Algorithms.h - direct or Winograd --------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_ALGORITHMS_H
#define DLC_COMPILER_SCHEDULE_ALGORITHMS_H

#include "compiler/Options.h"
#include "compiler/schedule/Lower.h"

namespace dlc::schedule {

/// The sizes of a convolution of square windows and dilation 1 that decide its time, of one image.
struct ConvSizes {
  int64_t inRows, inCols, rows, cols; ///< of the image and of the result
  int64_t top, left;                  ///< padding
  int64_t channels, filters;
  int64_t window; ///< its side
  int64_t stride = 1;
};

/// The forms of a convolution of 3x3 windows: the m of F(m x m, 3 x 3), and 0 for direct sums.
/// Indices of Estimates.
inline constexpr int64_t kForms[] = {0, 2, 4, 6};

/// The form of other windows with as many points, or of those of two taps, as phases have them,
/// with one less: one that need not exist.
kernel::WinogradForm formOf(size_t index, int64_t window, int64_t stride);

/// What a form of a convolution does, in quantities whose prices are the times of CostTable.
struct FormWork {
  double direct = 0, product = 0; ///< half cycles of the sums by stepCost, in either domain
  double vectors = 0;             ///< that are transformed
  double bytes = 0;               ///< of weights
  double launches = 0;
};

/// What F(m x m, r x r) does, or for an `m` of 0 the direct form.
FormWork workOf(const TargetFacts &facts, const ConvSizes &conv, int64_t m);

/// A quantity and what one of it costs.
struct Price {
  double FormWork::*quantity;
  double CostTable::*time;
};

/// Those of all quantities.
llvm::ArrayRef<Price> prices();

/// The part of the work whose times add up: without the products or the bytes, whichever the other
/// hides.
FormWork visibleWork(const CostTable &costs, FormWork work);

/// Half cycles that the work takes.
double timeOf(const CostTable &costs, const FormWork &work);

/// Half cycles that one image is expected to take by each form; infinite where it does not exist.
using Estimates = std::array<double, std::size(kForms)>;

Estimates estimateForms(const TargetFacts &facts, const ConvSizes &conv);

/// The forms of one convolution.
struct ConvForms {
  std::optional<SpaceToDepth> squares; ///< the forms are those of the convolution over these
  ConvSizes sizes;                     ///< of that one
  Estimates times;
};

/// Nothing where the convolution has the direct form alone. Only windows of 3x3, 4x4 and 5x5
/// without dilation or groups have Winograd forms, with a stride those of 3x3, and those that
/// planSpaceToDepth() makes of others.
std::optional<ConvForms> formsOf(const TargetFacts &facts, const ConvShape &conv);

/// The index of the form to take.
size_t fastestForm(const Estimates &estimates);

/// The form that the convolution takes. `use` Auto compares the estimates; F2 to F6 take that form
/// wherever it exists.
WinogradChoice chooseWinograd(const TargetFacts &facts, Winograd use, const ConvShape &conv);

/// Where a call finds weights that the call before it read as well.
enum class WeightsHome {
  Near,      ///< in the second-level cache, if the threads that share them are few
  LastCache, ///< in the last level
  Memory
};

/// That of a layer with `bytes` of weights in a network with `total`.
WeightsHome findWeights(const CostTable &costs, double bytes, double total);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_ALGORITHMS_H
