//===-- Schedule.h - Learning rates -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_SCHEDULE_H
#define DLC_RUNTIME_SCHEDULE_H

#include "Message.h"

namespace dlc::rt {

/// What is wrong with a schedule, such as "gamma is nan"; null where nothing is.
const char *faultOf(const dlc_schedule &schedule);

/// The learning rate of the update after `step` others.
double learningRate(const dlc_schedule &schedule, int64_t step);

} // namespace dlc::rt

#endif // DLC_RUNTIME_SCHEDULE_H
