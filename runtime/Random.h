//===-- Random.h - First values of parameters -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_RANDOM_H
#define DLC_RUNTIME_RANDOM_H

#include "ModelDesc.h"

namespace dlc::rt {

/// Four random words that depend on the key and the counter alone: Philox-4x32
/// with 10 rounds, from Salmon et al., "Parallel Random Numbers: As Easy as 1,
/// 2, 3" (2011).
struct Words {
  uint32_t word[4];
};
Words philox(uint64_t key, Words counter);

/// Makes the first values of the state's tensor number `index`, elements [lo, hi)
/// of `to`. Each follows from seed, index and its place alone.
void initialise(const dlc_rt_state_tensor &tensor, uint64_t seed, int64_t index, int64_t lo,
                int64_t hi, float *to);

} // namespace dlc::rt

#endif // DLC_RUNTIME_RANDOM_H
