//===-- Finite.h - Data that hold NaN or infinity -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_FINITE_H
#define DLC_RUNTIME_FINITE_H

#include "Model.h"

namespace dlc::rt {

/// Where the first of `count` numbers stands that is NaN or infinite, or -1.
int64_t findNotFinite(const void *numbers, int64_t count);

/// "NaN" or "infinity", whichever the number at `place` is.
const char *nameNotFinite(const void *numbers, int64_t place);

/// Whether all are finite; on the instance's threads where there are many.
bool areFinite(dlc_model &m, const void *numbers, int64_t count);

} // namespace dlc::rt

#endif // DLC_RUNTIME_FINITE_H
