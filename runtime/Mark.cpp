//===-- Mark.cpp - Points of time between launches -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelDesc.h"

/// Exported by code that was compiled to be measured; the tools set it.
extern "C" [[gnu::visibility("default")]] void (*dlc_rt_marker)(int64_t index) = nullptr;

void dlc_rt_mark(dlc_model *, int64_t index) {
  if (dlc_rt_marker)
    dlc_rt_marker(index);
}
