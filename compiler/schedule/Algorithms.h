//===- Algorithms.h - direct or Winograd --------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_ALGORITHMS_H
#define DLC_COMPILER_SCHEDULE_ALGORITHMS_H

#include "compiler/Options.h"
#include "compiler/schedule/Lower.h"

namespace dlc::schedule {

/// The m of the Winograd form F(m x m, 3x3) that the convolution takes, 2 or 4, or 0 for the direct form.
/// Only 3x3 windows of stride and dilation 1 without groups have one. `use` Auto compares estimates from
/// constants measured for the target; F2 and F4 take that form wherever it exists.
int64_t chooseWinograd(const TargetFacts &facts, Winograd use, const ConvShape &conv);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_ALGORITHMS_H
