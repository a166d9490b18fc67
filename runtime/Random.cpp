//===-- Random.cpp - First values of parameters -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Random.h"

#include "Elementary.h"

#pragma STDC FP_CONTRACT OFF

using namespace dlc::rt;

Words dlc::rt::philox(uint64_t key, Words counter) {
  auto low = static_cast<uint32_t>(key), high = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t(0xd2511f53) * counter.word[0];
    const uint64_t b = uint64_t(0xcd9e8d57) * counter.word[2];
    counter = {{static_cast<uint32_t>(b >> 32) ^ counter.word[1] ^ low, static_cast<uint32_t>(b),
                static_cast<uint32_t>(a >> 32) ^ counter.word[3] ^ high, static_cast<uint32_t>(a)}};
    low += 0x9e3779b9;
    high += 0xbb67ae85;
  }
  return counter;
}

namespace {

/// The random numbers of one element, one after the other.
class Draws {
public:
  Draws(uint64_t seed, int64_t tensor, int64_t element)
      : seed(seed), counter{{static_cast<uint32_t>(element), static_cast<uint32_t>(element >> 32),
                             static_cast<uint32_t>(tensor), 0}} {}

  /// In (0, 1].
  double uniform() {
    if (used == 4) {
      words = philox(seed, counter);
      ++counter.word[3];
      used = 0;
    }
    return (words.word[used++] + 1.0) * 0x1p-32;
  }

  /// Box and Muller's: mean 0, deviation 1.
  double normal() {
    const double radius = __builtin_elementwise_sqrt(-2 * logarithm(uniform()));
    return radius * cosPi(2 * uniform());
  }

private:
  const uint64_t seed;
  Words counter, words = {};
  int used = 4;
};

} // namespace

static double firstValue(const dlc_rt_state_tensor &tensor, Draws draws) {
  switch (tensor.initializer) {
  case DLC_RT_UNIFORM:
    return tensor.b - (tensor.b - tensor.a) * draws.uniform();
  case DLC_RT_NORMAL:
    return tensor.a + tensor.b * draws.normal();
  case DLC_RT_TRUNCATED_NORMAL: {
    double z = draws.normal();
    while (z < -2 || z > 2)
      z = draws.normal();
    return tensor.a + tensor.b * z;
  }
  }
  return tensor.a;
}

void dlc::rt::initialise(const dlc_rt_state_tensor &tensor, uint64_t seed, int64_t index,
                         int64_t lo, int64_t hi, float *to) {
  for (int64_t i = lo; i < hi; ++i)
    to[i] = static_cast<float>(firstValue(tensor, Draws(seed, index, i)));
}
