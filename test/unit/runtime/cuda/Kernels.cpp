//===-- Kernels.cpp - Kernels of a model made by hand -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The image of GpuModel.h's variants, as the simulator runs them: each kernel unpacks its
// parameters as they lie behind the pointers and exports their sizes as `NAME.params`.

#include "test/simulator/Device.h"

namespace {

template <typename T> T get(void **params, int i) { return *static_cast<T *>(params[i]); }

int element() { return dlc_sim_block_id(0) * dlc_sim_block_dim(0) + dlc_sim_thread_id(0); }

} // namespace

#define PARAMETERS(name, ...)                                                                      \
  extern const int64_t name##Parameters[] __asm__(#name ".params");                                \
  [[gnu::used, gnu::visibility("default")]] const int64_t name##Parameters[] = {__VA_ARGS__};
#define KERNEL extern "C" [[gnu::visibility("default")]] void

/// to[i] = -from[i]
PARAMETERS(negate, 3, 8, 8, 4)
KERNEL negate(void **p) {
  if (element() < get<int32_t>(p, 2))
    get<float *>(p, 1)[element()] = -get<const float *>(p, 0)[element()];
}

/// to[i] = x[i] * w[i % 4]
PARAMETERS(multiply, 4, 8, 8, 8, 4)
KERNEL multiply(void **p) {
  const int i = element();
  if (i < get<int32_t>(p, 3))
    get<float *>(p, 2)[i] = get<const float *>(p, 0)[i] * get<const float *>(p, 1)[i % 4];
}

/// to[i] = from[i] - b[i % 4]
PARAMETERS(subtract, 4, 8, 8, 8, 4)
KERNEL subtract(void **p) {
  const int i = element();
  if (i < get<int32_t>(p, 3))
    get<float *>(p, 2)[i] = get<const float *>(p, 0)[i] - get<const float *>(p, 1)[i % 4];
}

/// One thread: the loss, the mean of (x w + b - t)^2, and the gradient of w, with the random
/// numbers' step added.
PARAMETERS(differentiate, 8, 8, 8, 8, 8, 8, 8, 8, 4)
KERNEL differentiate(void **p) {
  const auto *random = get<const int32_t *>(p, 0);
  const auto *x = get<const float *>(p, 1), *t = get<const float *>(p, 2);
  const auto *w = get<const float *>(p, 3), *b = get<const float *>(p, 4);
  auto *gradient = get<float *>(p, 5), *loss = get<float *>(p, 6);
  const int32_t count = get<int32_t>(p, 7);
  for (int j = 0; j < 4; ++j)
    gradient[j] = 1e-3f * static_cast<float>(random[2]);
  *loss = 0;
  for (int i = 0; i < count; ++i) {
    const float error = x[i] * w[i % 4] + b[i % 4] - t[i];
    *loss += error * error / static_cast<float>(count);
    gradient[i % 4] += 2 * error * x[i] / static_cast<float>(count);
  }
}

/// One thread: adds sum(og * x) to the gradient of w; xg = og * w.
PARAMETERS(backpropagate, 6, 8, 8, 8, 8, 8, 4)
KERNEL backpropagate(void **p) {
  const auto *x = get<const float *>(p, 0), *outGradient = get<const float *>(p, 1);
  const auto *w = get<const float *>(p, 2);
  auto *gradient = get<float *>(p, 3), *xGradient = get<float *>(p, 4);
  for (int i = 0; i < get<int32_t>(p, 5); ++i) {
    gradient[i % 4] += outGradient[i] * x[i];
    xGradient[i] = outGradient[i] * w[i % 4];
  }
}

/// One thread: the verdict, 1 where the loss or one of four gradients is not finite.
PARAMETERS(judge, 3, 8, 8, 8)
KERNEL judge(void **p) {
  float worst = __builtin_fabsf(*get<const float *>(p, 0));
  for (int i = 0; i < 4; ++i)
    worst += __builtin_fabsf(get<const float *>(p, 1)[i]);
  *get<int32_t *>(p, 2) = !__builtin_isfinite(worst);
}

/// w -= rate * gradient, where the verdict allows it.
PARAMETERS(descend, 4, 8, 8, 8, 8)
KERNEL descend(void **p) {
  const int i = element();
  if (i < 4 && !*get<const int32_t *>(p, 3))
    get<float *>(p, 1)[i] -= get<const float *>(p, 0)[0] * get<const float *>(p, 2)[i];
}

/// One thread: the mean of (out - t)^2.
PARAMETERS(measure, 4, 8, 8, 8, 4)
KERNEL measure(void **p) {
  const auto *out = get<const float *>(p, 0), *t = get<const float *>(p, 1);
  const int32_t count = get<int32_t>(p, 3);
  float sum = 0;
  for (int i = 0; i < count; ++i)
    sum += (out[i] - t[i]) * (out[i] - t[i]) / static_cast<float>(count);
  *get<float *>(p, 2) = sum;
}
