//===-- ToyModel.h - A model made by hand -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_TEST_UNIT_RUNTIME_TOYMODEL_H
#define DLC_TEST_UNIT_RUNTIME_TOYMODEL_H

#include "runtime/ModelDesc.h"

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace toy {

/// out[n, 2] = image[n, 3] * kernel[3, 2] + bias[2] + 0 * count[n], written in
/// the way generated code is: packed weights, a temporary in the arena's batch
/// region, a slot in its thread region.
const dlc_rt_model_desc &desc();

/// What its prepare calls after the first parameter.
extern std::function<void()> duringPrepare;

/// The same with max_batch fixed to 4.
const dlc_rt_model_desc &staticBatchDesc();

/// The model without parameters out[n, 3] = image[n, 3] * 2.
const dlc_rt_model_desc &weightlessDesc();

/// A safetensors file from its header and data.
std::string file(const std::string &header, const std::string &data);

/// The raw bytes of `values`.
std::string bytes(const std::vector<float> &values);

/// Sound weights of desc(): kernel[i, j] = scale * (i + 10 j), bias = {b, b}.
std::string weights(float scale = 1, float b = 0);

/// What desc() must give.
std::vector<float> expected(const std::vector<float> &image, float scale = 1, float b = 0);

/// An instance that ends with its scope.
struct Instance {
  dlc_model *m = nullptr;
  dlc_status status;
  char error[512] = "";

  explicit Instance(dlc_options options = {}, const dlc_rt_model_desc &d = desc()) {
    options.size = sizeof options;
    options.error = error;
    options.error_size = sizeof error;
    status = dlc_rt_create(&d, &options, &m);
  }
  ~Instance() { dlc_rt_destroy(m); }
  Instance(const Instance &) = delete;

  dlc_status load(const std::string &image) {
    return dlc_rt_load_memory(m, image.data(), image.size());
  }
  /// Runs `image.size() / 3` samples.
  dlc_status run(const std::vector<float> &image, std::vector<float> &out);
};

/// Counts, checks and poisons; fails from allocation number `failAt` on.
struct CountingAllocator {
  int64_t calls = 0, live = 0, failAt = -1;

  void install(dlc_options &options) {
    options.allocate = allocate;
    options.release = release;
    options.allocator_user = this;
  }
  static void *allocate(void *user, uint64_t size, uint64_t alignment);
  static void release(void *user, void *pointer, uint64_t size);
};

} // namespace toy

#endif // DLC_TEST_UNIT_RUNTIME_TOYMODEL_H
