// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --canonicalize | FileCheck %s
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --dlc-nn-to-linalg --canonicalize --dlc-fuse-elementwise --canonicalize | FileCheck %s --check-prefix=FUSED

#one = array<i64: 1, 1>

// Each sample's pixels, then the samples; the last block's padding is cut off.
// CHECK-LABEL: func.func @sum(
// CHECK:         %[[X:.*]] = kernel.conv
// CHECK:         %[[SAMPLES:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]} ins(%[[X]] : tensor<?x2x4x4x16xf32>)
// CHECK:         %[[SUM:.*]] = linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "parallel"]} ins(%[[SAMPLES]] : tensor<?x2x16xf32>)
// CHECK:         %[[FLAT:.*]] = tensor.collapse_shape %[[SUM]]
// CHECK:         tensor.extract_slice %[[FLAT]][0] [20] [1]
func.func @sum(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>, %k: tensor<1x1x16x20xf32>) -> tensor<20xf32> {
  %0 = nn.conv2d %x, %k {strides = #one, padding = array<i64: 0, 0, 0, 0>, dilations = #one}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x20xf32>) -> tensor<?x4x4x20xf32>
  %1 = nn.reduce_sum %0 : (tensor<?x4x4x20xf32>) -> tensor<20xf32>
  return %1 : tensor<20xf32>
}

// The squares' pass reads the mean as a blocked vector.
// CHECK-LABEL: func.func @moments(
// CHECK:         %[[X:.*]] = kernel.conv
// CHECK:         %[[MEAN:.*]] = nn.average %{{.*}} {per_sample = 16 : i64} : tensor<32xf32>
// CHECK:         %[[M:.*]] = kernel.pack <vector> ins(%[[MEAN]] :
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[M]] :
// CHECK:         nn.average
func.func @moments(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>, %k: tensor<1x1x16x32xf32>) -> (tensor<32xf32>, tensor<32xf32>) {
  %0 = nn.conv2d %x, %k {strides = #one, padding = array<i64: 0, 0, 0, 0>, dilations = #one}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x32xf32>) -> tensor<?x4x4x32xf32>
  %1, %2 = nn.moments %0 : (tensor<?x4x4x32xf32>) -> (tensor<32xf32>, tensor<32xf32>)
  return %1, %2 : tensor<32xf32>, tensor<32xf32>
}

// A single number is read as it is; what only the sum reads is computed in its loop.
// CHECK-LABEL: func.func @number(
// CHECK-SAME:    %[[S:[^:]*]]: tensor<1xf32>)
// CHECK-NOT:     kernel.pack <vector>
// CHECK:         linalg.generic {{.*}} ins(%{{.*}}, %[[S]] : tensor<?x1x4x4x16xf32>, tensor<1xf32>)
// FUSED-LABEL: func.func @number(
// FUSED:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction", "reduction", "parallel"]}
// FUSED-NEXT:    ^bb0
// FUSED-NEXT:      arith.mulf
// FUSED-NEXT:      arith.addf
func.func @number(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>, %k: tensor<1x1x16x16xf32>, %s: tensor<1xf32>) -> tensor<16xf32> {
  %0 = nn.conv2d %x, %k {strides = #one, padding = array<i64: 0, 0, 0, 0>, dilations = #one}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x16xf32>) -> tensor<?x4x4x16xf32>
  %1 = nn.map %0, %s : (tensor<?x4x4x16xf32>, tensor<1xf32>) -> tensor<?x4x4x16xf32> {
  ^bb0(%a: f32, %b: f32):
    %2 = arith.mulf %a, %b : f32
    nn.yield %2 : f32
  }
  %3 = nn.reduce_sum %1 : (tensor<?x4x4x16xf32>) -> tensor<16xf32>
  return %3 : tensor<16xf32>
}
