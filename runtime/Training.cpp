//===-- Training.cpp - Training a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Training.h"

#include "Arguments.h"
#include "Backend.h"
#include "Finite.h"
#include "Schedule.h"

using namespace dlc::rt;

//===----------------------------------------------------------------------===//
// What a call was given
//===----------------------------------------------------------------------===//

namespace {

/// Tensors that a call reads, of one kind.
struct Group {
  const char *kind;
  int32_t count;
  const dlc_tensor_info *declared;
  const int64_t *bytes;
};

Group inputsOf(const dlc_model &m) {
  return {"input", m.desc->info.num_inputs, m.desc->info.inputs, m.inputBytes};
}
Group targetsOf(const dlc_model &m) {
  return {"target", m.desc->info.num_targets, m.desc->info.targets, m.training->targetBytes};
}
Group outputGradientsOf(const dlc_model &m) {
  return {"gradient of output", m.desc->info.num_outputs, m.desc->info.outputs, m.outputBytes};
}

} // namespace

static dlc_status nullArray(dlc_model &m, const char *what) {
  return m.message().set(DLC_ERROR_ARGUMENT, "model \"%s\": the array of %s is NULL",
                         m.desc->info.name, what);
}

/// NaN must not reach the weights, not even past a loss that does not show it: a
/// ReLU may swallow it, and 0 * NaN in a gradient is NaN.
static dlc_status checkFinite(dlc_model &m, const Group &group, int64_t batch, const void **data) {
  for (int32_t i = 0; i < group.count; ++i) {
    if (group.declared[i].dtype != DLC_FLOAT32 || !m.backend->isReadable(m, data[i]))
      continue;
    const int64_t each = group.bytes[i] / 4, place = findNotFinite(data[i], batch * each);
    if (place < 0)
      continue;
    return m.message().set(DLC_ERROR_NUMERIC,
                           "training step %lld: %s \"%s\": sample %lld holds %s; correct the data, "
                           "nothing was changed",
                           (long long)(m.training->step + 1), group.kind, group.declared[i].name,
                           (long long)(place / each), nameNotFinite(data[i], place));
  }
  return DLC_OK;
}

/// Checks `count` labels, the first of which is number `first` of its target.
static dlc_status checkLabels(dlc_model &m, int32_t target, int64_t first, const int32_t *labels,
                              int64_t count) {
  const int64_t classes = m.training->desc->classes[target];
  for (int64_t k = 0; k < count; ++k)
    if (labels[k] < 0 || labels[k] >= classes)
      return m.message().set(DLC_ERROR_ARGUMENT,
                             "target \"%s\": label %d of sample %lld is not within 0 and %lld; "
                             "correct the data, nothing was changed",
                             m.desc->info.targets[target].name, labels[k],
                             (long long)((first + k) / (m.training->targetBytes[target] / 4)),
                             (long long)(classes - 1));
  return DLC_OK;
}

/// Losses and metrics look up what a label names.
static dlc_status checkLabels(dlc_model &m, int64_t batch, const void **targets) {
  for (int32_t i = 0; i < m.desc->info.num_targets; ++i) {
    if (!m.training->desc->classes[i])
      continue;
    auto *labels = static_cast<const int32_t *>(targets[i]);
    const int64_t count = batch * (m.training->targetBytes[i] / 4);
    const bool isReadable = m.backend->isReadable(m, labels);
    int32_t copy[4096];
    const int64_t most = isReadable ? count : sizeof copy / 4;
    for (int64_t k = 0, part; k < count; k += part) {
      part = count - k < most ? count - k : most;
      if (!isReadable)
        if (dlc_status status =
                m.backend->download(m, copy, labels + k, static_cast<uint64_t>(4 * part)))
          return status;
      if (dlc_status status = checkLabels(m, i, k, isReadable ? labels : copy, part))
        return status;
    }
  }
  return DLC_OK;
}

/// Samples and what their outputs should be, to `inputs` and `targets`.
static dlc_status takeSamples(dlc_model &m, int64_t batch, const dlc_in *inputs,
                              const dlc_in *targets, const void **inputData,
                              const void **targetData) {
  Arguments arguments(m, batch);
  if (dlc_status status = arguments.checkBatch())
    return status;
  if (!inputs || !targets)
    return nullArray(m, inputs ? "targets" : "inputs");
  const Group samples = inputsOf(m), due = targetsOf(m);
  if (dlc_status status = arguments.takeInputs(samples.kind, samples.count, samples.declared,
                                               inputs, samples.bytes, inputData))
    return status;
  if (dlc_status status =
          arguments.takeInputs(due.kind, due.count, due.declared, targets, due.bytes, targetData))
    return status;
  return checkLabels(m, batch, targetData);
}

//===----------------------------------------------------------------------===//
// The functions
//===----------------------------------------------------------------------===//

/// On t.inputs and t.outputs.
static dlc_status run(dlc_model &m, Entry entry, int64_t batch) {
  Training &t = *m.training;
  t.stale = true;
  return m.backend->run(m, entry, batch, t.inputs, t.outputs);
}

static void setRandom(Training &t) {
  t.random[0] = static_cast<int32_t>(t.seed);
  t.random[1] = static_cast<int32_t>(t.seed >> 32);
  t.random[2] = static_cast<int32_t>(t.step);
  t.random[3] = static_cast<int32_t>(t.firstSample);
  t.inputs[0] = t.random;
}

static void setHyper(Training &t) {
  t.hyper[0] = static_cast<float>(learningRate(t.schedule, t.step));
  t.hyper[1] = static_cast<float>(t.step + 1);
}

/// Random numbers, samples and targets, to t.inputs.
static dlc_status takeBatch(dlc_model &m, int64_t batch, const dlc_in *inputs,
                            const dlc_in *targets) {
  Training &t = *m.training;
  const void **samples = t.inputs + 1, **due = samples + m.desc->info.num_inputs;
  if (dlc_status status = takeSamples(m, batch, inputs, targets, samples, due))
    return status;
  if (dlc_status status = checkFinite(m, inputsOf(m), batch, samples))
    return status;
  if (dlc_status status = checkFinite(m, targetsOf(m), batch, due))
    return status;
  setRandom(t);
  return DLC_OK;
}

/// The loss, to the caller.
static dlc_status giveLoss(dlc_model &m, float *loss) {
  const Training &t = *m.training;
  if (loss)
    *loss = t.loss;
  if (__builtin_isfinite(t.loss))
    return DLC_OK;
  return m.message().set(DLC_ERROR_NUMERIC,
                         "training step %lld: the loss is %s; parameters, slots and step are as "
                         "they were: lower the learning rate, or go back to a checkpoint",
                         (long long)(t.step + 1), __builtin_isnan(t.loss) ? "NaN" : "infinite");
}

static dlc_status differentiate(dlc_model &m, int64_t batch, const dlc_in *inputs,
                                const dlc_in *targets, float *loss) {
  if (dlc_status status = takeBatch(m, batch, inputs, targets))
    return status;
  m.training->outputs[0] = &m.training->loss;
  if (dlc_status status = run(m, Entry::Gradients, batch))
    return status;
  return giveLoss(m, loss);
}

/// Calls visit(tensor, bytes) for each gradient.
template <typename Visit> static void forEachGradient(const Training &t, Visit visit) {
  for (int64_t i = 0; i < t.desc->num_state; ++i) {
    const dlc_rt_state_tensor &tensor = t.desc->state[i];
    int64_t bytes = 0;
    if (tensor.role == DLC_RT_GRADIENT &&
        tensorBytes(tensor.info.shape, tensor.info.rank, tensor.info.dtype, &bytes))
      visit(tensor, bytes);
  }
}

/// What the first of these numbers in memory of the instance that is not finite is; null: all are.
static dlc_status findNotFinite(dlc_model &m, const char *data, int64_t bytes, const char **what) {
  uint32_t copy[4096];
  for (int64_t part; bytes && !*what; bytes -= part, data += part) {
    part = bytes < int64_t(sizeof copy) ? bytes : int64_t(sizeof copy);
    if (dlc_status status = m.backend->download(m, copy, data, static_cast<uint64_t>(part)))
      return status;
    const int64_t place = findNotFinite(copy, part / 4);
    *what = place < 0 ? nullptr : nameNotFinite(copy, place);
  }
  return DLC_OK;
}

/// Tells which gradient it was that stopped an update.
static dlc_status refuseGradients(dlc_model &m) {
  const Training &t = *m.training;
  const char *name = "", *what = nullptr;
  dlc_status status = DLC_OK;
  forEachGradient(t, [&](const dlc_rt_state_tensor &tensor, int64_t bytes) {
    if (what || status)
      return;
    name = tensor.info.name;
    status = findNotFinite(m, t.at(tensor), bytes, &what);
  });
  if (status)
    return status;
  return m.message().set(DLC_ERROR_NUMERIC,
                         "training step %lld: the gradient of \"%s\" holds %s; parameters, slots "
                         "and step are as they were: lower the learning rate, or go back to a "
                         "checkpoint",
                         (long long)(t.step + 1), name, what ? what : "NaN");
}

/// A gradient may overflow where the loss does not. All of them in one sweep: what lies between
/// them is zero.
static dlc_status checkGradients(dlc_model &m) {
  const Training &t = *m.training;
  int64_t first = t.desc->state_bytes;
  forEachGradient(t, [&](const dlc_rt_state_tensor &tensor, int64_t) {
    first = tensor.offset < first ? tensor.offset : first;
  });
  return areFinite(m, t.state.data + first, (t.desc->state_bytes - first) / 4) ? DLC_OK
                                                                               : refuseGradients(m);
}

/// After an update, which may have stopped itself.
static dlc_status endUpdate(dlc_model &m) {
  if (m.training->verdict)
    return refuseGradients(m);
  ++m.training->step;
  return DLC_OK;
}

/// Where the host cannot read the gradients, the update checks them itself.
static dlc_status update(dlc_model &m) {
  Training &t = *m.training;
  if (m.backend->sharesMemory)
    if (dlc_status status = checkGradients(m))
      return status;
  setHyper(t);
  t.inputs[0] = t.hyper;
  t.outputs[0] = &t.verdict;
  if (dlc_status status = run(m, Entry::Update, 0))
    return status;
  return endUpdate(m);
}

/// A train step that nobody on the host looks into.
static dlc_status stepAtOnce(dlc_model &m, int64_t batch, const dlc_in *inputs,
                             const dlc_in *targets, float *loss) {
  Training &t = *m.training;
  if (dlc_status status = takeBatch(m, batch, inputs, targets))
    return status;
  setHyper(t);
  t.inputs[1 + m.desc->info.num_inputs + m.desc->info.num_targets] = t.hyper;
  t.outputs[0] = &t.loss;
  t.outputs[1] = &t.verdict;
  if (dlc_status status = run(m, Entry::Step, batch))
    return status;
  if (dlc_status status = giveLoss(m, loss))
    return status;
  return endUpdate(m);
}

/// To t.inputs + 1 and t.outputs.
static dlc_status takeGradients(dlc_model &m, int64_t batch, const dlc_in *inputs,
                                const dlc_in *outputGrads, const dlc_out *inputGrads) {
  Training &t = *m.training;
  Arguments arguments(m, batch);
  if (dlc_status status = arguments.checkBatch())
    return status;
  if (!inputs || !outputGrads)
    return nullArray(m, inputs ? "output gradients" : "inputs");
  const void **to = t.inputs + 1;
  const dlc_in *given = inputs;
  const Group groups[] = {inputsOf(m), outputGradientsOf(m)};
  for (const Group &group : groups) {
    if (dlc_status status =
            arguments.takeInputs(group.kind, group.count, group.declared, given, group.bytes, to))
      return status;
    if (dlc_status status = checkFinite(m, group, batch, to))
      return status;
    to += group.count;
    given = outputGrads;
  }
  void **out = t.outputs;
  for (int32_t i = 0; i < m.desc->info.num_inputs; ++i) {
    const bool isAsked = inputGrads && inputGrads[i].data;
    if (isAsked)
      if (dlc_status status = arguments.takeOutput("gradient of input", m.desc->info.inputs[i],
                                                   inputGrads[i], m.inputBytes[i]))
        return status;
    if (t.inputGradients[i])
      *out++ = isAsked ? inputGrads[i].data : t.inputGradients[i];
    else if (isAsked)
      return m.message().set(DLC_ERROR_ARGUMENT,
                             "input \"%s\" is of integers and has no gradient; give NULL",
                             m.desc->info.inputs[i].name);
  }
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

dlc_status dlc_rt_differentiate(dlc_model *rt, int64_t batch, const dlc_in *inputs,
                                const dlc_in *targets, float *loss) {
  return train(
      rt, [&](dlc_model &m, Training &) { return differentiate(m, batch, inputs, targets, loss); });
}

dlc_status dlc_rt_train_step(dlc_model *rt, int64_t batch, const dlc_in *inputs,
                             const dlc_in *targets, float *loss) {
  return train(rt, [&](dlc_model &m, Training &) {
    if (!m.backend->sharesMemory)
      return stepAtOnce(m, batch, inputs, targets, loss);
    if (dlc_status status = differentiate(m, batch, inputs, targets, loss))
      return status;
    return update(m);
  });
}

dlc_status dlc_rt_backward(dlc_model *rt, int64_t batch, const dlc_in *inputs,
                           const dlc_in *output_grads, const dlc_out *input_grads) {
  return train(rt, [&](dlc_model &m, Training &t) {
    if (dlc_status status = takeGradients(m, batch, inputs, output_grads, input_grads))
      return status;
    setRandom(t);
    return run(m, Entry::Backward, batch);
  });
}

dlc_status dlc_rt_update(dlc_model *rt) {
  return train(rt, [](dlc_model &m, Training &) { return update(m); });
}

dlc_status dlc_rt_zero_grad(dlc_model *rt) {
  return train(rt, [](dlc_model &m, Training &t) {
    dlc_status status = DLC_OK;
    forEachGradient(t, [&](const dlc_rt_state_tensor &tensor, int64_t bytes) {
      if (!status)
        status = m.backend->clear(m, t.at(tensor), static_cast<uint64_t>(bytes));
    });
    return status;
  });
}

dlc_status dlc_rt_gradients(dlc_model *rt, dlc_tensor *list, int64_t *count) {
  return train(rt, [&](dlc_model &m, Training &t) {
    if (!count)
      return m.message().set(DLC_ERROR_ARGUMENT, "model \"%s\": the count of gradients is NULL",
                             m.desc->info.name);
    const int64_t room = list ? *count : 0;
    *count = 0;
    forEachGradient(t, [&](const dlc_rt_state_tensor &tensor, int64_t) {
      if (*count < room)
        list[*count] = {tensor.info, t.at(tensor)};
      ++*count;
    });
    if (!list || *count <= room)
      return DLC_OK;
    return m.message().set(DLC_ERROR_ARGUMENT,
                           "model \"%s\": a list of %lld has no room for its %lld gradients",
                           m.desc->info.name, (long long)room, (long long)*count);
  });
}

dlc_status dlc_rt_evaluate(dlc_model *rt, int64_t batch, const dlc_in *inputs,
                           const dlc_in *targets, double *metrics) {
  return train(rt, [&](dlc_model &m, Training &t) {
    const dlc_model_info &info = m.desc->info;
    if (!metrics)
      return nullArray(m, "metrics");
    if (dlc_status status =
            takeSamples(m, batch, inputs, targets, m.inputs, t.inputs + info.num_outputs))
      return status;
    for (int32_t i = 0; i < info.num_outputs; ++i)
      t.inputs[i] = m.outputs[i] = t.evaluated[i];
    if (dlc_status status = runForward(m, batch))
      return status;
    t.outputs[0] = t.metrics;
    if (dlc_status status = m.backend->run(m, Entry::Metrics, batch, t.inputs, t.outputs))
      return status;
    for (int32_t i = 0; i < info.num_metrics; ++i)
      metrics[i] = static_cast<double>(t.metrics[i]);
    return DLC_OK;
  });
}

dlc_status dlc_rt_set_schedule(dlc_model *rt, const dlc_schedule *schedule) {
  return train(rt, [&](dlc_model &m, Training &t) {
    const char *fault = schedule ? faultOf(*schedule) : "it is NULL";
    if (fault)
      return m.message().set(DLC_ERROR_ARGUMENT, "model \"%s\": the schedule: %s",
                             m.desc->info.name, fault);
    t.schedule = *schedule;
    return DLC_OK;
  });
}

dlc_status dlc_rt_get_schedule(dlc_model *rt, dlc_schedule *schedule) {
  return train(rt, [&](dlc_model &m, Training &t) {
    if (!schedule)
      return m.message().set(DLC_ERROR_ARGUMENT, "model \"%s\": the schedule: it is NULL",
                             m.desc->info.name);
    *schedule = t.schedule;
    return DLC_OK;
  });
}

dlc_status dlc_rt_set_first_sample(dlc_model *rt, int64_t number) {
  return train(rt, [&](dlc_model &m, Training &t) {
    if (number < 0 || number > INT32_MAX)
      return m.message().set(DLC_ERROR_ARGUMENT,
                             "model \"%s\": the number of the first sample is %lld; it must be "
                             "within 0 and %d",
                             m.desc->info.name, (long long)number, INT32_MAX);
    t.firstSample = number;
    return DLC_OK;
  });
}

double dlc_rt_learning_rate(const dlc_model *m) {
  return m && m->training ? learningRate(m->training->schedule, m->training->step) : 0;
}

int64_t dlc_rt_step(const dlc_model *m) { return m && m->training ? m->training->step : 0; }
