//===-- Elementary.h - Elementary functions -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_ELEMENTARY_H
#define DLC_RUNTIME_ELEMENTARY_H

namespace dlc::rt {

// Own ones, because the C library's differ in the last bit from one version to
// the next: a training that is resumed on another machine must give the same
// bits. Within 4 units in the last place where nothing else is said.

/// e to the power of x. 0 below about -708, infinity above about 709.
double exponential(double x);

/// The natural logarithm of a positive, normal x.
double logarithm(double x);

/// cos(pi * x) for 0 <= x <= 2.
double cosPi(double x);

/// x to the power of y for x >= 0; 0 to the power of 0 is 1. The relative error
/// grows with |y * log(x)|.
double power(double x, double y);

} // namespace dlc::rt

#endif // DLC_RUNTIME_ELEMENTARY_H
