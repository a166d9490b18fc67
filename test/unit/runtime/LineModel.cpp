//===-- LineModel.cpp - A model made by hand that trains -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LineModel.h"
#include "runtime/Training.h"

#include <cmath>
#include <cstring>

namespace {

// Places in the state.
constexpr int64_t kPlace[] = {0, 64, 128, 192};
float *at(void *state, int tensor) {
  return reinterpret_cast<float *>(static_cast<char *>(state) + kPlace[tensor]);
}

void prepare(dlc_model *rt, void *prepared, void *) {
  dlc_rt_read_param(rt, 0, 0, 8, prepared);
  dlc_rt_read_param(rt, 1, 0, 4, static_cast<float *>(prepared) + 2);
}

float lineAt(const float *x, const float *kernel, float mean) {
  return x[0] * kernel[0] + x[1] * kernel[1] - mean;
}

void forward(dlc_model *, int64_t batch, const void *const *inputs, void *const *outputs,
             const void *prepared, void *) {
  auto *weights = static_cast<const float *>(prepared);
  for (int64_t n = 0; n < batch; ++n)
    static_cast<float *>(outputs[0])[n] =
        lineAt(static_cast<const float *>(inputs[0]) + 2 * n, weights, weights[2]);
  std::memset(outputs[1], 0, static_cast<size_t>(batch) * 12);
}

/// Per sample: the gradient of its output, then times its inputs, in the arena.
struct Args {
  const int32_t *random;
  const float *x, *target, *outGradient, *kernel;
  float mean, share, *samples, *xGradient;
};

void sampleGradients(void *argument, int64_t lo, int64_t hi) {
  const Args &a = *static_cast<Args *>(argument);
  for (int64_t n = lo; n < hi; ++n) {
    const uint32_t counter = 31u * a.random[0] + 7u * a.random[2] + a.random[3] + n;
    const float noise = 1e-2f * static_cast<float>(counter % 5) * a.share;
    const float error = lineAt(a.x + 2 * n, a.kernel, a.mean) - (a.target ? a.target[n] : 0);
    const float gradient = a.target ? 2 * error * a.share : a.outGradient[n];
    float *sample = a.samples + 16 * n;
    sample[0] = error * error * a.share;
    for (int i = 0; i < 2; ++i) {
      sample[1 + i] = gradient * a.x[2 * n + i] + (a.target ? noise : 0);
      if (a.xGradient)
        a.xGradient[2 * n + i] = gradient * a.kernel[i];
    }
  }
}

float differentiate(dlc_model *rt, int64_t batch, Args args, void *state, void *arena) {
  args.kernel = at(state, line::kKernel);
  args.mean = *at(state, line::kMean);
  args.share = 1.0f / static_cast<float>(batch);
  args.samples = static_cast<float *>(arena) + 16;
  dlc_rt_parallel_for(rt, sampleGradients, &args, batch, 1);
  float loss = 0;
  for (int64_t n = 0; n < batch; ++n) {
    loss += args.samples[16 * n];
    for (int i = 0; i < 2; ++i)
      at(state, line::kGradient)[i] += args.samples[16 * n + 1 + i];
  }
  *at(state, line::kMean) = 0.9f * args.mean + 1e-6f * static_cast<float>(args.random[2]);
  return loss;
}

void gradients(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
               void *state, void *arena) {
  Args args = {};
  args.random = static_cast<const int32_t *>(inputs[0]);
  args.x = static_cast<const float *>(inputs[1]);
  args.target = static_cast<const float *>(inputs[3]);
  std::memset(at(state, line::kGradient), 0, 8);
  *static_cast<float *>(outputs[0]) = differentiate(rt, batch, args, state, arena);
  dlc_rt_gradient_done(rt, 0);
}

void backward(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
              void *state, void *arena) {
  Args args = {};
  args.random = static_cast<const int32_t *>(inputs[0]);
  args.x = static_cast<const float *>(inputs[1]);
  args.outGradient = static_cast<const float *>(inputs[3]);
  args.xGradient = static_cast<float *>(outputs[0]);
  differentiate(rt, batch, args, state, arena);
}

void update(dlc_model *, int64_t, const void *const *inputs, void *const *, void *state, void *) {
  auto *hyper = static_cast<const float *>(inputs[0]);
  for (int i = 0; i < 2; ++i) {
    float &slot = at(state, line::kSlot)[i];
    slot = 0.5f * slot - hyper[0] * at(state, line::kGradient)[i];
    at(state, line::kKernel)[i] += slot;
  }
}

void metrics(dlc_model *, int64_t batch, const void *const *inputs, void *const *outputs, void *,
             void *) {
  float square = 0, most = 0;
  for (int64_t n = 0; n < batch; ++n) {
    const float error =
        static_cast<const float *>(inputs[0])[n] - static_cast<const float *>(inputs[2])[n];
    square += error * error / static_cast<float>(batch);
    most = std::fmax(most, std::fabs(error));
  }
  static_cast<float *>(outputs[0])[0] = square;
  static_cast<float *>(outputs[0])[1] = most;
}

const dlc_tensor_info inputs[] = {{"x", DLC_FLOAT32, 2, {-1, 2}}, {"count", DLC_INT32, 1, {-1}}};
const dlc_tensor_info outputs[] = {{"out", DLC_FLOAT32, 1, {-1}},
                                   {"score", DLC_FLOAT32, 2, {-1, 3}}};
const dlc_tensor_info targets[] = {{"out", DLC_FLOAT32, 1, {-1}}, {"score", DLC_INT32, 1, {-1}}};
const dlc_tensor_info params[] = {{"d/kernel", DLC_FLOAT32, 1, {2}},
                                  {"d/mean", DLC_FLOAT32, 1, {1}}};
const char *const variantNames[] = {"base"};
const char *const metricNames[] = {"loss", "largest error"};
const int64_t classes[] = {0, 3};
const dlc_rt_state_tensor state[] = {
    {params[0], kPlace[0], DLC_RT_PARAMETER, DLC_RT_UNIFORM, -1, 1},
    {params[1], kPlace[1], DLC_RT_PARAMETER, DLC_RT_CONSTANT, 0.25, 0},
    {{"momentum/d/kernel", DLC_FLOAT32, 1, {2}}, kPlace[2], DLC_RT_SLOT, DLC_RT_CONSTANT, 0, 0},
    {params[0], kPlace[3], DLC_RT_GRADIENT, DLC_RT_CONSTANT, 0, 0}};
const dlc_rt_state_tensor slotless[] = {state[0], state[1], state[3]};
constexpr dlc_schedule kSchedule = {0.25, DLC_SCHEDULE_EXPONENTIAL, 0.5, 0, 0, 100, 4};
const dlc_rt_training training = {256, 4, state, classes, kSchedule};
const dlc_rt_training otherTraining = {256, 3, slotless, classes, kSchedule};
const dlc_rt_variant variant = {"base", 0,      prepare,   forward,  64,     0,       0,  0,  0,
                                4,      {1, 2}, gradients, backward, update, metrics, 64, 64, 0};

} // namespace

const dlc_rt_model_desc &line::desc() {
  static const dlc_rt_model_desc d = {{sizeof(dlc_model_info),
                                       "line",
                                       0,
                                       2,
                                       2,
                                       2,
                                       1,
                                       inputs,
                                       outputs,
                                       params,
                                       variantNames,
                                       0,
                                       0,
                                       0,
                                       2,
                                       2,
                                       targets,
                                       metricNames,
                                       64,
                                       64,
                                       0},
                                      &variant,
                                      &training};
  return d;
}

const dlc_rt_model_desc &line::otherNameDesc() {
  static dlc_rt_model_desc d = desc();
  d.info.name = "curve";
  return d;
}

const dlc_rt_model_desc &line::slotlessDesc() {
  static dlc_rt_model_desc d = desc();
  d.training = &otherTraining;
  return d;
}

dlc_options line::optionsFor(uint64_t seed, int32_t threads) {
  dlc_options options = {};
  options.training = 1;
  options.seed = seed;
  options.threads = threads;
  options.max_batch = 6;
  return options;
}

line::Trainer::Trainer(uint64_t seed, int32_t threads, const dlc_rt_model_desc &d)
    : Trainer(optionsFor(seed, threads), d) {}

line::Trainer::Trainer(dlc_options options, const dlc_rt_model_desc &d) : instance(options, d) {
  for (int n = 0; n < 6; ++n) {
    x.push_back(static_cast<float>(n % 3) - 1);
    x.push_back(static_cast<float>(n % 4) / 2 - 0.5f);
    target.push_back(3 * x[2 * n] - 2 * x[2 * n + 1]);
    count.push_back(n);
    label.push_back(n % 3);
  }
  inputs[0] = {x.data(), DLC_FLOAT32};
  inputs[1] = {count.data(), DLC_INT32};
  targets[0] = {target.data(), DLC_FLOAT32};
  targets[1] = {label.data(), DLC_INT32};
}

dlc_status line::Trainer::forward(std::vector<float> &out) {
  out.assign(6, -1);
  float score[18];
  const dlc_out outs[] = {{out.data(), DLC_FLOAT32}, {score, DLC_FLOAT32}};
  return dlc_rt_forward(m, 6, inputs, outs);
}

float *line::Trainer::state(int tensor) const { return at(m->training->state.data, tensor); }

std::string line::Trainer::everything() const {
  const dlc::rt::Training &t = *m->training;
  return std::string(t.state.data, t.state.bytes) + " " + std::to_string(t.step) + " " +
         std::to_string(t.seed) + " " + std::to_string(dlc_rt_learning_rate(m));
}
