//===-- Elementary.cpp - Elementary functions -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elementary.h"

#include <stdint.h>
#include <string.h>

// A fused multiply-add where there is one would round differently.
#pragma STDC FP_CONTRACT OFF

namespace dlc::rt {

static constexpr double kInfinity = __builtin_inf();
static constexpr double kPi = 3.14159265358979323846;
// ln 2 in two parts: the first ends in 20 zeros, so that multiples are exact.
static constexpr double kLn2High = 0x1.62e42feep-1, kLn2Low = 0x1.a39ef35793c76p-33;

static double fromBits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t bitsOf(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Taylor's series of e^r on |r| <= ln(2) / 2, times a power of two.
double exponential(double x) {
  if (!(x > -708))
    return x == x ? 0 : x;
  if (x > 709)
    return kInfinity;
  const double turns = x / (kLn2High + kLn2Low);
  const auto k = static_cast<int64_t>(turns < 0 ? turns - 0.5 : turns + 0.5);
  const double r = (x - static_cast<double>(k) * kLn2High) - static_cast<double>(k) * kLn2Low;
  double sum = 1;
  for (int n = 14; n; --n)
    sum = 1 + r / n * sum;
  // 2^k in two factors: k may be 1023 or a little more.
  return sum * fromBits(static_cast<uint64_t>(k / 2 + 1023) << 52) *
         fromBits(static_cast<uint64_t>(k - k / 2 + 1023) << 52);
}

/// log(2^k m) = k log 2 + 2 atanh((m - 1) / (m + 1)), m between sqrt(1/2) and sqrt(2).
double logarithm(double x) {
  const uint64_t bits = bitsOf(x);
  auto k = static_cast<int64_t>(bits >> 52) - 1023;
  double m = fromBits((bits & 0xfffffffffffff) | uint64_t(1023) << 52);
  if (m > 1.4142135623730951) {
    m /= 2;
    ++k;
  }
  const double s = (m - 1) / (m + 1), s2 = s * s;
  double sum = 0;
  for (int n = 23; n > 1; n -= 2)
    sum = (sum + 1.0 / n) * s2;
  const auto high = static_cast<double>(k);
  return high * kLn2High + (2 * s + (2 * s * sum + high * kLn2Low));
}

/// Taylor's series on |x| <= pi / 4.
static double sineNearZero(double x) {
  double sum = 1;
  for (int n = 16; n; n -= 2)
    sum = 1 - x * x / (n * (n + 1)) * sum;
  return x * sum;
}

static double cosineNearZero(double x) {
  double sum = 1;
  for (int n = 16; n; n -= 2)
    sum = 1 - x * x / (n * (n - 1)) * sum;
  return sum;
}

double cosPi(double x) {
  if (x > 1)
    x = 2 - x;
  if (x > 0.5)
    return -cosPi(1 - x);
  return x > 0.25 ? sineNearZero(kPi * (0.5 - x)) : cosineNearZero(kPi * x);
}

/// By squaring.
static double wholePower(double x, int64_t n) {
  double result = 1;
  for (; n; n >>= 1, x *= x)
    if (n & 1)
      result *= x;
  return result;
}

double power(double x, double y) {
  if (y < 0)
    return 1 / power(x, -y);
  if (y <= 0x1p30 && y == static_cast<double>(static_cast<int64_t>(y)))
    return wholePower(x, static_cast<int64_t>(y));
  if (x == 1)
    return 1;
  return x < 0x1p-1022 ? 0 : exponential(y * logarithm(x));
}

} // namespace dlc::rt
