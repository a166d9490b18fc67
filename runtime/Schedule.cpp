//===-- Schedule.cpp - Learning rates -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Schedule.h"

#include "Elementary.h"

#pragma STDC FP_CONTRACT OFF

using namespace dlc::rt;

/// The greatest learning rate: updates take it as a float.
static constexpr double kMost = 3e38;

static bool isWithin(double value, double least) { return value >= least && value <= kMost; }

static bool usesPeriod(int64_t kind) {
  return kind == DLC_SCHEDULE_STEP || kind == DLC_SCHEDULE_EXPONENTIAL ||
         kind == DLC_SCHEDULE_COSINE;
}

const char *dlc::rt::faultOf(const dlc_schedule &schedule) {
  const int64_t kind = schedule.kind;
  if (kind < DLC_SCHEDULE_CONSTANT || kind > DLC_SCHEDULE_INVERSE)
    return "kind is no dlc_schedule_kind";
  if (!isWithin(schedule.learning_rate, 0))
    return "learning_rate must be a finite number of at least 0";
  if (usesPeriod(kind) && (!isWithin(schedule.period, 0) || schedule.period == 0))
    return "period must be a finite number above 0";
  if (kind != DLC_SCHEDULE_CONSTANT && kind != DLC_SCHEDULE_COSINE && !isWithin(schedule.gamma, 0))
    return "gamma must be a finite number of at least 0";
  if (kind == DLC_SCHEDULE_COSINE && !isWithin(schedule.minimum, 0))
    return "minimum must be a finite number of at least 0";
  if (kind == DLC_SCHEDULE_INVERSE && !isWithin(schedule.power, -kMost))
    return "power must be a finite number";
  if (schedule.warmup_steps < 0)
    return "warmup_steps must be at least 0";
  return nullptr;
}

/// Of a number of at least 0; the C library's may be a call.
static double wholePart(double value) {
  return value < 0x1p53 ? static_cast<double>(static_cast<int64_t>(value)) : value;
}

static double decayed(const dlc_schedule &s, double step) {
  const double turns = usesPeriod(s.kind) ? step / s.period : 0;
  switch (s.kind) {
  case DLC_SCHEDULE_STEP:
    return s.learning_rate * power(s.gamma, wholePart(turns));
  case DLC_SCHEDULE_EXPONENTIAL:
    return s.learning_rate * power(s.gamma, turns);
  case DLC_SCHEDULE_COSINE:
    return s.minimum + (s.learning_rate - s.minimum) / 2 * (1 + cosPi(turns < 1 ? turns : 1));
  case DLC_SCHEDULE_INVERSE:
    return s.learning_rate * power(1 + s.gamma * step, -s.power);
  }
  return s.learning_rate;
}

double dlc::rt::learningRate(const dlc_schedule &schedule, int64_t step) {
  const double rate = decayed(schedule, static_cast<double>(step));
  if (step >= schedule.warmup_steps)
    return rate;
  return rate * (static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps));
}
