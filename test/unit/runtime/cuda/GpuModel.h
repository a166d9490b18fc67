//===-- GpuModel.h - A model made by hand for GPUs -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_TEST_UNIT_RUNTIME_CUDA_GPUMODEL_H
#define DLC_TEST_UNIT_RUNTIME_CUDA_GPUMODEL_H

#include "test/unit/runtime/ToyModel.h"

namespace gpu {

/// out[n, 4] = x[n, 4] * w[4] + b[4], as code for GPUs does it: packed weights (-b), a temporary in
/// the arena. It learns w from targets, with a second target of labels that changes nothing. Its
/// variants, sm_80 with PTX and sm_90a, run the same simulated image.
const dlc_rt_model_desc &desc();

/// The same with a variant for CPUs, which comes first and does nothing.
const dlc_rt_model_desc &bothDesc();

/// One variant, with `image` as the only one, of that kind for that capability.
struct OneImage {
  OneImage(const std::string &image, int32_t kind, int32_t capability);

  std::string data;
  dlc_rt_gpu_image image;
  dlc_rt_gpu_code code;
  dlc_rt_variant variant;
  dlc_rt_model_desc desc;
};

/// All bytes of a file.
std::string readFile(const char *path);

/// The simulated image.
const std::string &image();

/// Forward launches its second kernel as this many blocks, if not 0.
extern int64_t wrongBlocks;
/// And with this much shared memory.
extern int64_t sharedBytes;
/// Between its launches.
extern std::function<void()> duringForward;

/// w = {1, 2, 3, 4}, b = 0.5.
std::string weights();
/// Of weights().
std::vector<float> expected(const std::vector<float> &x);

/// Data of 3 samples, and calls with them.
struct Samples {
  std::vector<float> x, target, out;
  std::vector<int32_t> label = {0, 1, 2};
  float loss = -1;

  Samples();
  dlc_status forward(dlc_model *m, int64_t batch = 3);
  dlc_status step(dlc_model *m, int64_t batch = 3);
};

dlc_options training();

} // namespace gpu

#endif // DLC_TEST_UNIT_RUNTIME_CUDA_GPUMODEL_H
