//===-- GpuModel.cpp - A model made by hand for GPUs -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GpuModel.h"

#include <fstream>
#include <sstream>

namespace {

enum KernelNumber {
  Negate,
  Multiply,
  Subtract,
  Differentiate,
  Backpropagate,
  Judge,
  Descend,
  Measure
};
const char *const kernels[] = {"negate",        "multiply", "subtract", "differentiate",
                               "backpropagate", "judge",    "descend",  "measure"};

// Places in the state and, of the first two, in the prepared weights.
constexpr int64_t kKernel = 0, kBias = 64, kGradient = 128;

void *at(const void *block, int64_t offset) {
  return const_cast<char *>(static_cast<const char *>(block) + offset);
}

/// A launch with parameters by value; `threads` in all.
template <typename... Values>
void launch(dlc_model *rt, KernelNumber kernel, int64_t threads, Values... values) {
  void *params[] = {&values...};
  const int64_t blocks =
      kernel == Subtract && gpu::wrongBlocks ? gpu::wrongBlocks : (threads + 31) / 32;
  const int64_t geometry[] = {blocks, 1, 1, threads == 1 ? 1 : 32,
                              kernel == Subtract ? gpu::sharedBytes : 0};
  dlc_rt_launch(rt, kernel, geometry, params);
}

void prepare(dlc_model *rt, void *prepared, void *scratch) {
  dlc_rt_read_param(rt, 0, 0, 8, at(prepared, kKernel)); // in pieces
  dlc_rt_read_param(rt, 0, 8, 8, at(prepared, kKernel + 8));
  dlc_rt_read_param(rt, 1, 0, 16, scratch);
  launch(rt, Negate, 4, scratch, at(prepared, kBias), int32_t(4));
}

void forward(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
             const void *prepared, void *arena) {
  const auto count = static_cast<int32_t>(4 * batch);
  launch(rt, Multiply, count, inputs[0], at(prepared, kKernel), at(arena, 64), count);
  if (gpu::duringForward)
    gpu::duringForward();
  launch(rt, Subtract, count, at(arena, 64), at(prepared, kBias), outputs[0], count);
}

void gradients(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
               void *state, void *) {
  launch(rt, Differentiate, 1, inputs[0], inputs[1], inputs[2], at(state, kKernel),
         at(state, kBias), at(state, kGradient), outputs[0], static_cast<int32_t>(4 * batch));
}

void backward(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
              void *state, void *) {
  launch(rt, Backpropagate, 1, inputs[1], inputs[2], at(state, kKernel), at(state, kGradient),
         outputs[0], static_cast<int32_t>(4 * batch));
}

void update(dlc_model *rt, int64_t, const void *const *inputs, void *const *outputs, void *state,
            void *) {
  launch(rt, Judge, 1, inputs[1], at(state, kGradient), outputs[0]);
  launch(rt, Descend, 4, inputs[0], at(state, kKernel), at(state, kGradient), outputs[0]);
}

void metrics(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs, void *,
             void *) {
  launch(rt, Measure, 1, inputs[0], inputs[1], outputs[0], static_cast<int32_t>(4 * batch));
}

const dlc_tensor_info inputs[] = {{"x", DLC_FLOAT32, 2, {-1, 4}}};
const dlc_tensor_info outputs[] = {{"out", DLC_FLOAT32, 2, {-1, 4}}};
const dlc_tensor_info targets[] = {{"out", DLC_FLOAT32, 2, {-1, 4}}, {"class", DLC_INT32, 1, {-1}}};
const dlc_tensor_info params[] = {{"s/kernel", DLC_FLOAT32, 1, {4}},
                                  {"s/bias", DLC_FLOAT32, 1, {4}}};
const int64_t classes[] = {0, 3};
const dlc_rt_state_tensor state[] = {
    {params[0], kKernel, DLC_RT_PARAMETER, DLC_RT_CONSTANT, 0.5, 0},
    {params[1], kBias, DLC_RT_PARAMETER, DLC_RT_CONSTANT, 0.25, 0},
    {params[0], kGradient, DLC_RT_GRADIENT, DLC_RT_CONSTANT, 0, 0}};
const dlc_rt_training trainingDesc = {192, 3, state, classes, {0.25, 0, 0, 0, 0, 0, 0}};
const char *const variantNames[] = {"sm_80", "sm_90a", "cpu"};
const char *const bothNames[] = {"cpu", "sm_80", "sm_90a"};
const char *const metricNames[] = {"loss"};
constexpr int64_t kMaxBatch = 1000;

dlc_rt_variant variantOf(const char *name, const dlc_rt_gpu_code *code) {
  return {name,   0,         prepare,  forward, 128,     64, 64, 64, 0,   0,
          {1, 2}, gradients, backward, update,  metrics, 64, 64, 0,  code};
}

void nothing(dlc_model *, int64_t, const void *const *, void *const *, const void *, void *) {}

} // namespace

int64_t gpu::wrongBlocks = 0;
int64_t gpu::sharedBytes = 0;
std::function<void()> gpu::duringForward;

std::string gpu::readFile(const char *path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

const std::string &gpu::image() {
  static const std::string bytes = readFile(DLC_TEST_KERNELS);
  return bytes;
}

static dlc_rt_model_desc describe(int32_t numVariants, const char *const *names,
                                  const dlc_rt_variant *variants) {
  dlc_rt_model_desc d = {};
  d.info.size = sizeof d.info;
  d.info.name = "scale";
  d.info.num_inputs = d.info.num_outputs = d.info.num_metrics = 1;
  d.info.num_params = d.info.num_targets = 2;
  d.info.num_variants = numVariants;
  d.info.inputs = inputs;
  d.info.outputs = outputs;
  d.info.params = params;
  d.info.variants = names;
  d.info.targets = targets;
  d.info.metrics = metricNames;
  d.variants = variants;
  d.training = &trainingDesc;
  d.gpu = &dlc_rt_cuda;
  return d;
}

static const dlc_rt_variant *gpuVariants() {
  static const dlc_rt_gpu_image images80[] = {
      {gpu::image().data(), gpu::image().size(), 80, DLC_RT_CUBIN},
      {"not compiled", 13, 80, DLC_RT_PTX}};
  static const dlc_rt_gpu_image images90[] = {
      {gpu::image().data(), gpu::image().size(), 90, DLC_RT_CUBIN_EXACT}};
  static const dlc_rt_gpu_code code80 = {images80, 2, kernels, 8, kMaxBatch};
  static const dlc_rt_gpu_code code90 = {images90, 1, kernels, 8, kMaxBatch};
  static const dlc_rt_variant variants[] = {variantOf("sm_80", &code80),
                                            variantOf("sm_90a", &code90)};
  return variants;
}

const dlc_rt_model_desc &gpu::desc() {
  static const dlc_rt_model_desc d = describe(2, variantNames, gpuVariants());
  return d;
}

const dlc_rt_model_desc &gpu::bothDesc() {
  static const dlc_rt_variant variants[] = {
      {"cpu", 0, nullptr, nothing, 0, 0, 0, 0, 0, 0, {3, 4}}, gpuVariants()[0], gpuVariants()[1]};
  static const dlc_rt_model_desc d = describe(3, bothNames, variants);
  return d;
}

gpu::OneImage::OneImage(const std::string &bytes, int32_t kind, int32_t capability)
    : data(bytes), image{data.c_str(), data.size() + 1, capability, kind},
      code{&image, 1, kernels, 8, kMaxBatch}, variant(variantOf("only", &code)),
      desc(describe(1, variantNames, &variant)) {}

std::string gpu::weights() {
  return toy::file(R"({"s/kernel":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},)"
                   R"("s/bias":{"dtype":"F32","shape":[4],"data_offsets":[16,32]}})",
                   toy::bytes({1, 2, 3, 4, 0.5f, 0.5f, 0.5f, 0.5f}));
}

std::vector<float> gpu::expected(const std::vector<float> &x) {
  std::vector<float> out;
  for (size_t i = 0; i < x.size(); ++i)
    out.push_back(x[i] * static_cast<float>(i % 4 + 1) + 0.5f);
  return out;
}

gpu::Samples::Samples() {
  for (int i = 0; i < 12; ++i) {
    x.push_back(static_cast<float>(i * 7 % 5) - 2);
    target.push_back(x.back() * static_cast<float>(i % 4));
  }
  out.assign(12, -1);
}

dlc_status gpu::Samples::forward(dlc_model *m, int64_t batch) {
  const dlc_in in = {x.data(), DLC_FLOAT32};
  const dlc_out to = {out.data(), DLC_FLOAT32};
  return dlc_rt_forward(m, batch, &in, &to);
}

dlc_status gpu::Samples::step(dlc_model *m, int64_t batch) {
  const dlc_in in = {x.data(), DLC_FLOAT32};
  const dlc_in due[] = {{target.data(), DLC_FLOAT32}, {label.data(), DLC_INT32}};
  return dlc_rt_train_step(m, batch, &in, due, &loss);
}

dlc_options gpu::training() {
  dlc_options options = {};
  options.max_batch = 3;
  options.training = 1;
  return options;
}
