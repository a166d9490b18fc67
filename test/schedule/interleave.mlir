// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --canonicalize | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s --check-prefix=LINALG

// Each kernel writes its phase of the one blocked image, two pixels apart; phases without a part are zero.
// CHECK-LABEL: func.func @phases(
// CHECK:         %[[ZEROS:.*]] = linalg.fill {{.*}} -> tensor<?x1x7x8x16xf32>
// CHECK:         %[[S0:.*]] = tensor.extract_slice %[[ZEROS]][0, 0, 0, 0, 0] [%{{.*}}, 1, 4, 4, 16] [1, 1, 2, 2, 1]
// CHECK:         %[[A:.*]] = kernel.conv {{.*}} outs(%[[S0]] :
// CHECK:         %[[W:.*]] = tensor.insert_slice %[[A]] into %[[ZEROS]]
// CHECK:         %[[S1:.*]] = tensor.extract_slice %[[W]][0, 0, 1, 1, 0] [%{{.*}}, 1, 3, 4, 16] [1, 1, 2, 2, 1]
// CHECK:         kernel.conv {{.*}} outs(%[[S1]] :

// LINALG-LABEL: func.func @phases(
// LINALG:         linalg.fill
// LINALG:         tensor.insert_slice %{{.*}}[0, 0, 0, 0] [%{{.*}}, 4, 4, 16] [1, 2, 2, 1]
// LINALG:         tensor.insert_slice %{{.*}}[0, 1, 1, 0] [%{{.*}}, 3, 4, 16] [1, 2, 2, 1]
func.func @phases(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>, %y: tensor<?x3x4x16xf32>, %k: tensor<1x1x16x16xf32>) -> tensor<?x7x8x16xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x16xf32>) -> tensor<?x4x4x16xf32>
  %1 = nn.conv2d %y, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x3x4x16xf32>, tensor<1x1x16x16xf32>) -> tensor<?x3x4x16xf32>
  %2 = nn.interleave %0, %1 {strides = array<i64: 2, 2>, phases = array<i64: 0, 3>}
     : (tensor<?x4x4x16xf32>, tensor<?x3x4x16xf32>) -> tensor<?x7x8x16xf32>
  return %2 : tensor<?x7x8x16xf32>
}
