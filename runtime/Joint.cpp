//===-- Joint.cpp - Batches whose parts others compute -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Training.h"

void dlc_rt_gradient_done(dlc_model *rt, int64_t index) {
  const dlc::rt::Training &t = *rt->training;
  if (!t.onGradient)
    return;
  const dlc_rt_state_tensor &gradient = t.gradients[index];
  const dlc_tensor told = {gradient.info, t.at(gradient)};
  t.onGradient(t.jointUser, &told);
}

void dlc_rt_joint_mean(dlc_model *rt, float *data, int64_t count) {
  const dlc::rt::Training &t = *rt->training;
  if (t.jointMean)
    t.jointMean(t.jointUser, data, count);
}
