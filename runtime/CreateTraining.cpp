//===-- CreateTraining.cpp - Making trainable instances -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Backend.h"
#include "State.h"
#include "Training.h"

#include <string.h>

using namespace dlc::rt;

static dlc_status outOfMemory(dlc_model &m) {
  return m.message().set(DLC_ERROR_RESOURCE,
                         "model \"%s\": no memory to train it with batches of %lld",
                         m.desc->info.name, (long long)m.maxBatch);
}

/// The struct and its arrays, in one block.
static dlc_status allocateSelf(dlc_model &m) {
  const dlc_model_info &info = m.desc->info;
  const auto inputs = static_cast<uint64_t>(info.num_inputs);
  const auto outputs = static_cast<uint64_t>(info.num_outputs);
  const auto targets = static_cast<uint64_t>(info.num_targets);
  // gradients reads a counter, inputs and targets, metrics outputs and targets.
  const uint64_t read = 1 + inputs + outputs + targets, written = 1 + inputs;
  Block block;
  const uint64_t bytes = sizeof(Training) + 8 * (read + written + outputs + inputs + targets) +
                         sizeof(float) * static_cast<uint64_t>(info.num_metrics);
  if (!block.allocate(m.self.allocator, bytes))
    return outOfMemory(m);
  memset(block.data, 0, bytes);
  auto &t = *reinterpret_cast<Training *>(block.data);
  m.training = &t;
  t.self = block;
  t.inputs = reinterpret_cast<const void **>(&t + 1);
  t.outputs = const_cast<void **>(t.inputs + read);
  t.evaluated = t.outputs + written;
  t.inputGradients = t.evaluated + outputs;
  t.targetBytes = reinterpret_cast<int64_t *>(t.inputGradients + inputs);
  t.metrics = reinterpret_cast<float *>(t.targetBytes + targets);
  if (!sampleBytes(info.targets, info.num_targets, m.maxBatch, t.targetBytes))
    return m.message().set(DLC_ERROR_ARGUMENT,
                           "dlc_options.max_batch: a target of batch %lld is beyond 63 bits",
                           (long long)m.maxBatch);
  return DLC_OK;
}

namespace {

/// Tensors of maxBatch samples, one after the other.
class Layout {
public:
  explicit Layout(int64_t maxBatch) : maxBatch(maxBatch) {}

  /// False on overflow.
  bool add(int64_t sampleBytes) {
    int64_t bytes;
    return mulAdd(sampleBytes, maxBatch, 0, &bytes) && roundUp(bytes, &bytes) &&
           !__builtin_add_overflow(total, bytes, &total);
  }

  int64_t total = 0;

private:
  int64_t maxBatch;
};

} // namespace

/// What evaluate computes and backward skips: never both at once.
static dlc_status allocateBuffers(dlc_model &m) {
  const dlc_model_info &info = m.desc->info;
  Training &t = *m.training;
  bool fits = true;
  Layout outputs(m.maxBatch), gradients(m.maxBatch);
  for (int32_t i = 0; i < info.num_outputs; ++i)
    fits &= outputs.add(m.outputBytes[i]);
  for (int32_t i = 0; i < info.num_inputs; ++i)
    fits &= info.inputs[i].dtype != DLC_FLOAT32 || gradients.add(m.inputBytes[i]);
  const int64_t bytes = outputs.total > gradients.total ? outputs.total : gradients.total;
  if (!fits)
    return outOfMemory(m);
  if (dlc_status status = m.backend->allocate(m, "outputs and gradients of inputs",
                                              static_cast<uint64_t>(bytes), t.buffers))
    return status;
  outputs = gradients = Layout(m.maxBatch);
  for (int32_t i = 0; i < info.num_outputs; outputs.add(m.outputBytes[i++]))
    t.evaluated[i] = t.buffers.data + outputs.total;
  for (int32_t i = 0; i < info.num_inputs; ++i)
    if (info.inputs[i].dtype == DLC_FLOAT32) {
      t.inputGradients[i] = t.buffers.data + gradients.total;
      gradients.add(m.inputBytes[i]);
    }
  return DLC_OK;
}

static dlc_status allocateState(dlc_model &m) {
  Training &t = *m.training;
  const auto bytes = static_cast<uint64_t>(t.desc->state_bytes);
  if (dlc_status status = m.backend->allocate(m, "the state of its training", bytes, t.state))
    return status;
  if (dlc_status status = m.backend->clear(m, t.state.data, bytes))
    return status;
  PrepareMemory memory;
  if (dlc_status status = memory.allocate(m))
    return status;
  takePrepared(m, memory.prepared, memory.prepared.data);
  t.prepareScratch = memory.scratch;
  static_cast<Block &>(memory.prepared) = static_cast<Block &>(memory.scratch) = {};
  return DLC_OK;
}

dlc_status dlc::rt::createTraining(dlc_model &m, const dlc_options &options) {
  if (dlc_status status = allocateSelf(m))
    return status;
  Training &t = *m.training;
  t.desc = m.desc->training;
  t.seed = options.seed;
  t.schedule = t.desc->schedule;
  t.gradients = t.desc->state;
  while (t.gradients != t.desc->state + t.desc->num_state && t.gradients->role != DLC_RT_GRADIENT)
    ++t.gradients;
  t.onGradient = options.on_gradient;
  t.jointMean = options.joint_mean;
  t.jointUser = options.joint_user;
  t.stale = true;
  if (dlc_status status = allocateBuffers(m))
    return status;
  if (dlc_status status = allocateState(m))
    return status;
  HostState state(m);
  if (dlc_status status = state.open())
    return status;
  setFirstValues(m, DLC_RT_PARAMETER, state.data);
  setFirstValues(m, DLC_RT_SLOT, state.data);
  return state.commit();
}

void dlc::rt::destroyTraining(dlc_model &m) {
  if (!m.training)
    return;
  m.training->buffers.release();
  m.training->prepareScratch.release();
  m.training->state.release();
  Block self = m.training->self;
  m.training = nullptr;
  self.release();
}

dlc_status dlc::rt::refresh(dlc_model &m) {
  if (!m.training || !m.training->stale)
    return DLC_OK;
  if (dlc_status status =
          runPrepare(m, nullptr, m.preparedOwner.data, m.training->prepareScratch.data))
    return status;
  m.training->stale = false;
  return DLC_OK;
}
