//===-- State.h - Weights and training state in files -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_STATE_H
#define DLC_RUNTIME_STATE_H

#include "Backend.h"
#include "Safetensors.h"

namespace dlc::rt {

/// A tensor that every file of a training state has.
inline constexpr char kNumbersTensor[] = "dlc.training";

/// The state where the host can work on it: the block itself, or a copy.
class HostState {
public:
  explicit HostState(dlc_model &m) : m(m) {}
  /// Sets `data`.
  dlc_status open();
  /// Puts what was changed into the state.
  dlc_status commit();

  char *data = nullptr;

private:
  dlc_model &m;
  ScopedBlock block;
};

/// Puts first values into the tensors of `role` in `state`, a block of zeros.
void setFirstValues(dlc_model &m, int32_t role, char *state);

/// Puts the parameters of a file, which checkTensors() has let pass, in the place
/// of those before; slots get their first values, and the step is 0. On failure
/// all stays as it was.
dlc_status loadParameters(dlc_model &m, const Safetensors &file, const Message &message);

} // namespace dlc::rt

#endif // DLC_RUNTIME_STATE_H
