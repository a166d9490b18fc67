// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule="weight-precision=fixed winograd=f4" --split-input-file | FileCheck %s --check-prefix=FIXED
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule="winograd=f4 costs=1048576,65536,1,1,1,0.14,0" --split-input-file | FileCheck %s --check-prefix=FIXED
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule="winograd=f4 costs=1048576,65536,1,1,1,0.1,0" --split-input-file | FileCheck %s --check-prefix=EXACT
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule="winograd=f4 costs=1048576,16777216,1,1,1,0.224,0" --split-input-file | FileCheck %s --check-prefix=EXACT
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule="weight-precision=exact winograd=f4 costs=1048576,65536,1,1,1,0.224,0" --split-input-file | FileCheck %s --check-prefix=EXACT

// Products of 16 tiles take less than 2.4 times as long as a core needs to read their weights from
// memory: those are in 24 bits. Not so where memory is faster or a cache holds them.

// FIXED-LABEL: func.func @forward(
// FIXED-SAME:    %[[K:[a-z0-9]+]]: tensor<3x3x70x64xf32>
// FIXED:         %[[S:.*]] = kernel.winograd_scales ins(%[[K]] : {{.*}} {tile_size = 4 : i64} -> tensor<36x4x16xf32>
// FIXED:         %[[U:.*]] = kernel.winograd_weights ins(%[[K]], %[[S]] : {{.*}} -> tensor<36x2x54x2x16xi32>
// FIXED:         kernel.winograd_gemm ins(%{{.*}}, %[[U]], %[[S]] : {{.*}}depth = 70
// EXACT-LABEL: func.func @forward(
// EXACT-NOT:     winograd_scales
// EXACT:         kernel.winograd_gemm
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x14x14x70xf32>, %k: tensor<3x3x70x64xf32> {nn.param = "c/kernel"},
                   %b: tensor<64xf32> {nn.param = "c/bias"}) -> tensor<?x14x14x64xf32> {
  %0 = nn.conv2d %x, %k, %b {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x14x14x70xf32>, tensor<3x3x70x64xf32>, tensor<64xf32>) -> tensor<?x14x14x64xf32>
  return %0 : tensor<?x14x14x64xf32>
}
