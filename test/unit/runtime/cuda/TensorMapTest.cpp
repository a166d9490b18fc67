//===-- TensorMapTest.cpp - Tensor maps that the driver refuses -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaTest.h"

using testing::HasSubstr;
using toy::Instance;

namespace {

alignas(64) char tensor[4096];

/// An image of 8 x 8 x 16 float32 in boxes of 16 channels and 8 pixels.
dlc_rt_tensor_map_desc tiles() { return {2, {16, 64}, {64}, {16, 8}, {0, 0}, {0, 0}, {0, 0}, 0}; }

/// The same in windows of 3 x 3.
dlc_rt_tensor_map_desc windows() {
  return {4, {16, 8, 8, 1}, {64, 512, 4096}, {16, 128}, {1, 1}, {-1, -1}, {-1, -1}, 0};
}

} // namespace

class TensorMap : public Cuda {
protected:
  /// What forward says where it makes this map.
  std::string refuse(const dlc_rt_tensor_map_desc &desc, void *address = tensor) {
    Instance instance({}, gpu::desc());
    instance.load(gpu::weights());
    gpu::duringForward = [&] {
      alignas(64) char map[128];
      dlc_rt_tensor_map(instance.m, &desc, address, 1, map);
    };
    gpu::Samples samples;
    const dlc_status status = samples.forward(instance.m, 1);
    gpu::duringForward = nullptr;
    if (!status)
      return "";
    EXPECT_EQ(status, DLC_ERROR_DEVICE);
    const std::string error = dlc_rt_error(instance.m);
    // The instance goes on.
    EXPECT_EQ(samples.forward(instance.m, 1), DLC_OK);
    return error;
  }
};

TEST_F(TensorMap, SoundOnesAreMade) {
  EXPECT_EQ(refuse(tiles()), "");
  EXPECT_EQ(refuse(windows()), "");
  dlc_rt_tensor_map_desc narrow = windows();
  narrow.element = 1;
  EXPECT_EQ(refuse(narrow), "");
}

TEST_F(TensorMap, RefusedOnesAreErrors) {
  dlc_rt_tensor_map_desc stride = tiles(), box = tiles(), corner = windows();
  stride.strides[0] = 68;
  box.box[1] = 257;
  corner.lower[0] = -129;
  for (const dlc_rt_tensor_map_desc &desc : {stride, box})
    EXPECT_THAT(refuse(desc), HasSubstr("describing a tensor of 2 dimensions and 1 samples at 0x"));
  EXPECT_THAT(refuse(corner), HasSubstr("describing a tensor of 4 dimensions and 1 samples at 0x"));
  EXPECT_THAT(refuse(tiles(), tensor + 4),
              HasSubstr("failed on device 0, Simulated GPU: CUDA_ERROR_INVALID_VALUE (invalid "
                        "argument)"));
}
