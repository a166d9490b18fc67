//===- Algorithms.h - direct or Winograd --------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_ALGORITHMS_H
#define DLC_COMPILER_SCHEDULE_ALGORITHMS_H

#include "compiler/Options.h"
#include "compiler/schedule/Lower.h"

namespace dlc::schedule {

/// Half cycles that one image is expected to take by each form, on a core with two multiply-add
/// pipes.
struct Estimates {
  double direct, f2, f4;
};

/// Estimates from constants measured for the target; nothing where the convolution has the direct
/// form alone. Only 3x3 windows of stride and dilation 1 without groups have a Winograd form.
std::optional<Estimates> estimateForms(const TargetFacts &facts, const ConvShape &conv);

/// The form that the convolution takes. `use` Auto compares the estimates; F2 and F4 take that form
/// wherever it exists.
WinogradChoice chooseWinograd(const TargetFacts &facts, Winograd use, const ConvShape &conv);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_ALGORITHMS_H
