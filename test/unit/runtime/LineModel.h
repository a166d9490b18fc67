//===-- LineModel.h - A model made by hand that trains -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_TEST_UNIT_RUNTIME_LINEMODEL_H
#define DLC_TEST_UNIT_RUNTIME_LINEMODEL_H

#include "ToyModel.h"

namespace line {

/// out[n] = x[n, 2] . kernel[2] - mean, score[n, 3] = 0, and an input `count[n]` of
/// integers that changes nothing. The loss is the mean of (out - target)^2; the
/// gradients get a little noise from the random numbers' counter; `mean` is a
/// running statistic that gradients moves towards 1e-5 times the step. update is
/// SGD with a momentum of 0.5.
const dlc_rt_model_desc &desc();

/// The same with another name, or without its slot, as if trained by another rule.
const dlc_rt_model_desc &otherNameDesc();
const dlc_rt_model_desc &slotlessDesc();

constexpr int kKernel = 0, kMean = 1, kSlot = 2, kGradient = 3;

/// An instance of batches up to 6, with data that kernel = {3, -2} fits.
struct Trainer {
  std::vector<float> x, target;
  std::vector<int32_t> count, label;
  dlc_in inputs[2], targets[2];
  float loss = -1;
  toy::Instance instance;
  dlc_model *m = instance.m;

  explicit Trainer(uint64_t seed = 7, int32_t threads = 1, const dlc_rt_model_desc &d = desc());
  Trainer(dlc_options options, const dlc_rt_model_desc &d = desc());

  dlc_status step(int64_t batch = 6) { return dlc_rt_train_step(m, batch, inputs, targets, &loss); }
  dlc_status forward(std::vector<float> &out);

  /// Everything that may change: the state, step and learning rate, as bytes.
  std::string everything() const;
  float *state(int tensor) const;
  const char *error() const { return dlc_rt_error(m); }
};

dlc_options optionsFor(uint64_t seed, int32_t threads);

} // namespace line

#endif // DLC_TEST_UNIT_RUNTIME_LINEMODEL_H
