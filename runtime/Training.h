//===-- Training.h - What a trainable instance has besides -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_TRAINING_H
#define DLC_RUNTIME_TRAINING_H

#include "Model.h"

namespace dlc::rt {

/// The canonical parameters lie in the state block, where training changes them;
/// what prepare made of them is then stale until the next forward. Plain: lives
/// in zeroed memory of its own block, which also holds the arrays.
struct Training {
  const dlc_rt_training *desc;
  Block self;           ///< this
  Block state;          ///< see dlc_rt_training; memory of the backend, as the next two
  Block prepareScratch; ///< of the variant's prepare
  Block buffers;        ///< for what the caller of evaluate or backward does not take

  uint64_t seed;
  int64_t step;        ///< updates done
  int64_t firstSample; ///< the number of a batch's first sample; see dlc_runtime.h
  dlc_schedule schedule;
  bool stale; ///< the prepared weights are older than the state

  const void **inputs;   ///< of the function that runs
  void **outputs;        ///< of the function that runs
  void **evaluated;      ///< in `buffers`, per output of the model
  void **inputGradients; ///< in `buffers`, per input of the model; null for integers
  int64_t *targetBytes;  ///< bytes of one sample, per target

  const dlc_rt_state_tensor *gradients; ///< all gradients, in the order of the parameters
  void (*onGradient)(void *user, const dlc_tensor *gradient); ///< null: nobody listens
  void (*jointMean)(void *user, float *data, int64_t count);  ///< null: alone
  void *jointUser;

  int32_t random[4]; ///< what random numbers are made from; see dlc_rt_variant
  float hyper[2];    ///< learning rate, step counted from 1
  float loss;
  int32_t verdict; ///< of an update that checks the gradients itself; 0: it took place
  float *metrics;

  char *at(const dlc_rt_state_tensor &tensor) const { return state.data + tensor.offset; }
};

/// Makes m.training, with first values from options.seed. On failure destroyTraining() cleans up.
dlc_status createTraining(dlc_model &m, const dlc_options &options);
void destroyTraining(dlc_model &m);

/// Runs prepare again, into the same memory, where its result is stale.
dlc_status refresh(dlc_model &m);

/// A call that only a trainable instance can do: body(instance, training).
template <typename Body> dlc_status train(dlc_model *m, Body body) {
  if (!m)
    return DLC_ERROR_ARGUMENT;
  const Call call(m);
  if (!call.entered())
    return DLC_ERROR_BUSY;
  if (!m->training)
    return m->message().set(DLC_ERROR_UNSUPPORTED,
                            "model \"%s\": this instance only runs forward; create one with "
                            "dlc_options.training = 1",
                            m->desc->info.name);
  return body(*m, *m->training);
}

} // namespace dlc::rt

#endif // DLC_RUNTIME_TRAINING_H
