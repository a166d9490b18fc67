// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=weight-precision=fixed --split-input-file | FileCheck %s --check-prefixes=CHECK,FIXED
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=costs=1048576,65536,1,1,1,0.2,0 --split-input-file | FileCheck %s --check-prefixes=CHECK,FIXED
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=costs=524288,16777216,1,1,1,0.2,0 --split-input-file | FileCheck %s --check-prefixes=CHECK,FIXED
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=costs=131072,16777216,1,1,1,0.2,0 --split-input-file | FileCheck %s --check-prefixes=CHECK,FIXED
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule="march=x86-64-v3 costs=131072,16777216,1,1,1,0.2,0" --split-input-file | FileCheck %s --check-prefixes=EXACT
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --split-input-file | FileCheck %s --check-prefixes=EXACT
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule="weight-precision=exact costs=1048576,65536,1,1,1,0.2,0" --split-input-file | FileCheck %s --check-prefixes=EXACT

// Weights that no near cache keeps from call to call are read in 20 bits. The units' scales and the bias are the
// first extras of the epilogue: sum * 2^-30 * scale + bias.

// FIXED-LABEL: func.func @forward(
// FIXED-SAME:    %[[K:[a-z0-9]+]]: tensor<1027x70xf32>
// FIXED:         %[[S:.*]] = kernel.unit_scales ins(%[[K]] : {{.*}} -> tensor<5x16xf32>
// FIXED:         %[[Q:.*]] = kernel.pack_fixed ins(%[[K]], %[[S]] : {{.*}} -> tensor<2x645x3x16xi32>
// FIXED:         %[[B:.*]] = kernel.pack <vector>
// FIXED:         %[[ZERO:.*]] = arith.constant dense<0.0{{.*}}> : tensor<5x16xf32>
// FIXED:         kernel.gemm ins(%{{.*}}, %[[Q]], %[[ZERO]], %[[S]], %[[B]] : {{.*}}depth = 1027{{.*}}weight_bits = 20
// FIXED-NEXT:    ^bb0(%[[SUM:.*]]: f32, %[[SCALE:.*]]: f32, %[[BIAS:.*]]: f32):
// FIXED:           %[[UNIT:.*]] = arith.constant 9.31322574E-10 : f32
// FIXED-NEXT:      %[[A:.*]] = arith.mulf %[[SUM]], %[[UNIT]]
// FIXED-NEXT:      %[[C:.*]] = arith.mulf %[[A]], %[[SCALE]]
// FIXED-NEXT:      %[[D:.*]] = arith.addf %[[C]], %[[BIAS]]
// FIXED:           %[[E:.*]] = arith.maximumf %[[D]]
// FIXED-NEXT:      kernel.yield %[[E]]
// EXACT-LABEL: func.func @forward(
// EXACT-NOT:     fixed
// EXACT:         kernel.pack <dense>
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x1027xf32>, %k: tensor<1027x70xf32> {nn.param = "d/kernel"},
                   %b: tensor<70xf32> {nn.param = "d/bias"}) -> tensor<?x70xf32> {
  %0 = nn.dense %x, %k, %b : (tensor<?x1027xf32>, tensor<1027x70xf32>, tensor<70xf32>) -> tensor<?x70xf32>
  %1 = nn.relu %0 : tensor<?x70xf32>
  return %1 : tensor<?x70xf32>
}

// -----

// What is no parameter would be packed in each call: it stays as it is.
// CHECK-LABEL: func.func @forward(
// CHECK-NOT:     fixed
// CHECK:         kernel.pack <dense>
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x1027xf32>, %k: tensor<1027x70xf32>) -> tensor<?x70xf32> {
  %0 = nn.dense %x, %k : (tensor<?x1027xf32>, tensor<1027x70xf32>) -> tensor<?x70xf32>
  return %0 : tensor<?x70xf32>
}
