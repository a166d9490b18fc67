//===-- ToyModel.cpp - A model made by hand -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyModel.h"

#include <cstring>

namespace {

struct Weights {
  float kernel[6], bias[2];
};

void prepare(dlc_model *rt, void *prepared, void *scratch) {
  auto &w = *static_cast<Weights *>(prepared);
  dlc_rt_read_param(rt, 0, 0, 8, scratch); // in pieces
  dlc_rt_read_param(rt, 0, 8, 16, static_cast<char *>(scratch) + 8);
  std::memcpy(w.kernel, scratch, sizeof w.kernel);
  if (toy::duringPrepare)
    toy::duringPrepare();
  dlc_rt_read_param(rt, 1, 0, 8, w.bias);
}

struct Args {
  const float *image;
  float *out, *batchRegion, *threadRegion;
  const Weights *weights;
};

void rows(void *argument, int64_t lo, int64_t hi, int64_t slot) {
  const Args &args = *static_cast<Args *>(argument);
  float *scratch = args.threadRegion + 16 * slot;
  for (int64_t n = lo; n < hi; ++n) {
    std::memcpy(scratch, args.image + 3 * n, 3 * sizeof(float));
    for (int j = 0; j < 2; ++j) {
      float sum = args.weights->bias[j];
      for (int i = 0; i < 3; ++i)
        sum += scratch[i] * args.weights->kernel[2 * i + j];
      args.batchRegion[16 * n + j] = sum;
    }
  }
}

void copyOut(void *argument, int64_t lo, int64_t hi) {
  const Args &args = *static_cast<Args *>(argument);
  for (int64_t n = lo; n < hi; ++n)
    std::memcpy(args.out + 2 * n, args.batchRegion + 16 * n, 2 * sizeof(float));
}

void forward(dlc_model *rt, int64_t batch, const void *const *inputs, void *const *outputs,
             const void *prepared, void *arena) {
  auto *floats = static_cast<float *>(arena);
  Args args = {static_cast<const float *>(inputs[0]), static_cast<float *>(outputs[0]), floats + 16,
               floats + 16 + 16 * batch, static_cast<const Weights *>(prepared)};
  dlc_rt_parallel_for_slots(rt, rows, &args, batch, 1);
  dlc_rt_parallel_for(rt, copyOut, &args, batch, 1);
  std::memset(outputs[1], 7, static_cast<size_t>(batch));
}

void doubled(dlc_model *, int64_t batch, const void *const *inputs, void *const *outputs,
             const void *, void *) {
  for (int64_t i = 0; i < 3 * batch; ++i)
    static_cast<float *>(outputs[0])[i] = 2 * static_cast<const float *>(inputs[0])[i];
}

const dlc_tensor_info inputs[] = {{"image", DLC_FLOAT32, 2, {-1, 3}},
                                  {"count", DLC_INT32, 1, {-1}}};
const dlc_tensor_info outputs[] = {{"out", DLC_FLOAT32, 2, {-1, 2}}, {"mask", DLC_UINT8, 1, {-1}}};
const dlc_tensor_info tripled[] = {{"out", DLC_FLOAT32, 2, {-1, 3}}};
const dlc_tensor_info params[] = {{"d/kernel", DLC_FLOAT32, 2, {3, 2}},
                                  {"d/bias", DLC_FLOAT32, 1, {2}}};
const char *const names[] = {"impossible", "fast", "base"};
constexpr uint64_t kNoSuchFeature = uint64_t(1) << 63;
const dlc_rt_variant variants[] = {
    {"impossible", kNoSuchFeature, prepare, forward, 64, 64, 64, 64, 64, 0, {1, 2}},
    {"fast", 0, prepare, forward, 64, 64, 64, 64, 64, 0, {3, 4}},
    {"base", 0, prepare, forward, 64, 64, 64, 64, 64, 5, {5, 6}}};
const dlc_rt_variant doubling = {"base", 0, nullptr, doubled, 0, 0, 0, 0, 0, 0, {7, 8}};

} // namespace

std::function<void()> toy::duringPrepare;

const dlc_rt_model_desc &toy::desc() {
  static const dlc_rt_model_desc d = {
      {sizeof(dlc_model_info), "toy", 0, 2, 2, 2, 3, inputs, outputs, params, names, 64, 64, 64},
      variants};
  return d;
}

const dlc_rt_model_desc &toy::staticBatchDesc() {
  static dlc_rt_model_desc d = desc();
  d.info.static_batch = 4;
  return d;
}

const dlc_rt_model_desc &toy::weightlessDesc() {
  static const dlc_rt_model_desc d = {{sizeof(dlc_model_info), "doubling", 0, 1, 1, 0, 1, inputs,
                                       tripled, nullptr, names + 2, 0, 0, 0},
                                      &doubling};
  return d;
}

std::string toy::file(const std::string &header, const std::string &data) {
  std::string length(8, '\0');
  for (int i = 0; i < 8; ++i)
    length[i] = static_cast<char>(header.size() >> 8 * i);
  return length + header + data;
}

std::string toy::bytes(const std::vector<float> &values) {
  return {reinterpret_cast<const char *>(values.data()), 4 * values.size()};
}

std::string toy::weights(float scale, float b) {
  std::vector<float> data = {b, b};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 2; ++j)
      data.push_back(scale * static_cast<float>(i + 10 * j));
  return file(R"({"d/kernel":{"dtype":"F32","shape":[3,2],"data_offsets":[8,32]},)"
              R"("d/bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
              bytes(data));
}

std::vector<float> toy::expected(const std::vector<float> &image, float scale, float b) {
  std::vector<float> out;
  for (size_t n = 0; n < image.size(); n += 3)
    for (int j = 0; j < 2; ++j) {
      float sum = b;
      for (int i = 0; i < 3; ++i)
        sum += image[n + i] * (scale * static_cast<float>(i + 10 * j));
      out.push_back(sum);
    }
  return out;
}

dlc_status toy::Instance::run(const std::vector<float> &image, std::vector<float> &out) {
  const auto batch = static_cast<int64_t>(image.size() / 3);
  std::vector<int32_t> count(image.size() / 3);
  std::vector<uint8_t> mask(image.size() / 3);
  out.assign(image.size() / 3 * 2, -1);
  const dlc_in in[] = {{image.data(), DLC_FLOAT32}, {count.data(), DLC_INT32}};
  const dlc_out outs[] = {{out.data(), DLC_FLOAT32}, {mask.data(), DLC_UINT8}};
  return dlc_rt_forward(m, batch, in, outs);
}

void *toy::CountingAllocator::allocate(void *user, uint64_t size, uint64_t alignment) {
  auto &self = *static_cast<CountingAllocator *>(user);
  if (self.calls++ == self.failAt)
    return nullptr;
  self.live += static_cast<int64_t>(size);
  void *pointer = std::aligned_alloc(alignment, (size + alignment - 1) & -alignment);
  std::memset(pointer, 0xff, size); // NaN, for whoever reads before writing
  return pointer;
}

void toy::CountingAllocator::release(void *user, void *pointer, uint64_t size) {
  static_cast<CountingAllocator *>(user)->live -= static_cast<int64_t>(size);
  std::free(pointer);
}
