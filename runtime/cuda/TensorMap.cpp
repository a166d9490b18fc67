//===-- TensorMap.cpp - Maps for the tensor memory accelerator -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cuda/Device.h"

#include <stdio.h>

using namespace dlc::rt;
using namespace dlc::rt::cuda;

// Values of the driver's enumerations, as cuda.h gives them. The copy rounds
// float32 to tf32; a tile's rows of 128 bytes are swizzled; what is read of a
// line of 256 bytes brings all of it to the second level cache; what is out of
// bounds becomes 0.
static constexpr int kBf16 = 9, kTf32 = 11;
static constexpr int kPlain = 0, kSwizzle128 = 3, kPromote256 = 3, kZeros = 0;

static Result encode(const Driver &driver, const dlc_rt_tensor_map_desc &desc, void *address,
                     int64_t samples, void *map) {
  uint64_t extents[5], strides[4];
  uint32_t box[5], steps[5];
  const uint32_t rank = static_cast<uint32_t>(desc.rank);
  const int type = desc.element ? kBf16 : kTf32;
  for (uint32_t i = 0; i < rank; ++i) {
    extents[i] = static_cast<uint64_t>(desc.extents[i] * (i + 1 == rank ? samples : 1));
    box[i] = static_cast<uint32_t>(desc.box[i]);
    steps[i] = 1;
    if (i + 1 < rank)
      strides[i] = static_cast<uint64_t>(desc.strides[i]);
  }
  if (!desc.steps[0])
    return driver.cuTensorMapEncodeTiled(map, type, rank, address, extents, strides, box, steps,
                                         kPlain, kSwizzle128, kPromote256, kZeros);
  int lower[2], upper[2];
  for (int i = 0; i < 2; ++i) {
    steps[i + 1] = static_cast<uint32_t>(desc.steps[i]);
    lower[i] = static_cast<int>(desc.lower[i]);
    upper[i] = static_cast<int>(desc.upper[i]);
  }
  return driver.cuTensorMapEncodeIm2col(map, type, rank, address, extents, strides, lower, upper,
                                        box[0], box[1], steps, kPlain, kSwizzle128, kPromote256,
                                        kZeros);
}

void dlc_rt_tensor_map(dlc_model *rt, const dlc_rt_tensor_map_desc *desc, void *address,
                       int64_t samples, void *map) {
  Device &d = deviceOf(*rt);
  if (d.failed) // the first failure stays
    return;
  const Result result = encode(d.driver, *desc, address, samples, map);
  if (!result)
    return;
  char call[160];
  snprintf(call, sizeof call, "describing a tensor of %lld dimensions and %lld samples at %p",
           (long long)desc->rank, (long long)samples, address);
  d.failed = fail(*rt, result, call);
}
