//===-- Finite.cpp - Data that hold NaN or infinity -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Finite.h"

using namespace dlc::rt;

// Fewer numbers are read before another thread has begun.
static constexpr int64_t kGrain = 1 << 16;

static bool isFinite(uint32_t bits) { return (bits & 0x7f800000) != 0x7f800000; }

/// No early end, so that it becomes vector code.
static uint32_t anyNotFinite(const uint32_t *words, int64_t lo, int64_t hi) {
  uint32_t bad = 0;
  for (int64_t i = lo; i < hi; ++i)
    bad |= !isFinite(words[i]);
  return bad;
}

int64_t dlc::rt::findNotFinite(const void *numbers, int64_t count) {
  auto *words = static_cast<const uint32_t *>(numbers);
  if (!anyNotFinite(words, 0, count))
    return -1;
  int64_t place = 0;
  while (isFinite(words[place]))
    ++place;
  return place;
}

const char *dlc::rt::nameNotFinite(const void *numbers, int64_t place) {
  return static_cast<const uint32_t *>(numbers)[place] & 0x7fffff ? "NaN" : "infinity";
}

bool dlc::rt::areFinite(dlc_model &m, const void *numbers, int64_t count) {
  struct {
    const uint32_t *words;
    uint32_t bad;
  } search{static_cast<const uint32_t *>(numbers), 0};
  auto look = [](void *args, int64_t lo, int64_t hi) {
    auto &s = *static_cast<decltype(search) *>(args);
    if (anyNotFinite(s.words, lo, hi))
      __atomic_store_n(&s.bad, 1, __ATOMIC_RELAXED);
  };
  dlc_rt_parallel_for(&m, look, &search, count, kGrain);
  return !search.bad;
}
