// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s

// Padding, stride and dilation: zeros around the image, then one generic.
// CHECK:       #[[PIXEL:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 2 + d4 * 3, d2 * 2 + d5 * 3, d6)>
// CHECK-LABEL: func.func @conv(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: tensor<?x9x9x4xf32>
// CHECK:         %[[EMPTY:.*]] = tensor.empty(%[[BATCH]]) : tensor<?x12x10x4xf32>
// CHECK:         %[[ZERO:.*]] = linalg.fill {{.*}} outs(%[[EMPTY]]
// CHECK:         %[[SLICE:.*]] = tensor.extract_slice %[[ZERO]][0, 1, 0, 0] [%[[BATCH]], 9, 9, 4] [1, 1, 1, 1]
// CHECK:         linalg.copy ins(%[[X]] : {{.*}}) outs(%[[SLICE]]
// CHECK:         linalg.fill {{.*}} outs(%{{.*}} : tensor<?x3x2x6xf32>)
// CHECK:         linalg.generic {indexing_maps = [#[[PIXEL]]{{.*}} ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]
func.func @conv(%batch: index {nn.batch}, %x: tensor<?x9x9x4xf32>, %k: tensor<3x3x4x6xf32>) -> tensor<?x3x2x6xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 2, 2>, padding = array<i64: 1, 2, 0, 1>, dilations = array<i64: 3, 3>}
     : (tensor<?x9x9x4xf32>, tensor<3x3x4x6xf32>) -> tensor<?x3x2x6xf32>
  return %0 : tensor<?x3x2x6xf32>
}

// Groups are a dimension of their own, split off and merged again by views. No padding, no copy.
// CHECK-LABEL: func.func @groups(
// CHECK-SAME:    %[[BATCH:.*]]: index
// CHECK-NOT:     tensor.insert_slice
// CHECK:         tensor.expand_shape %{{.*}} {{\[}}[0], [1], [2], [3, 4]] output_shape [%[[BATCH]], 5, 5, 2, 2]
// CHECK:         tensor.expand_shape {{.*}} : tensor<3x3x2x6xf32> into tensor<3x3x2x2x3xf32>
// CHECK:         linalg.generic
// CHECK:         tensor.collapse_shape {{.*}} : tensor<?x3x3x2x3xf32> into tensor<?x3x3x6xf32>
func.func @groups(%batch: index {nn.batch}, %x: tensor<?x5x5x4xf32>, %k: tensor<3x3x2x6xf32>) -> tensor<?x3x3x6xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64}
     : (tensor<?x5x5x4xf32>, tensor<3x3x2x6xf32>) -> tensor<?x3x3x6xf32>
  return %0 : tensor<?x3x3x6xf32>
}

// Output channel c * M + m: (c, m) are two loops and one dimension.
// CHECK-LABEL: func.func @depthwise
// CHECK:         linalg.generic {{.*}} outs(%{{.*}} : tensor<1x3x3x4x2xf32>)
// CHECK:         tensor.collapse_shape {{.*}} : tensor<1x3x3x4x2xf32> into tensor<1x3x3x8xf32>
// CHECK:         linalg.generic {{.*}} tensor<8xf32>
func.func @depthwise(%x: tensor<1x5x5x4xf32>, %k: tensor<3x3x4x2xf32>, %b: tensor<8xf32>) -> tensor<1x3x3x8xf32> {
  %0 = nn.depthwise_conv2d %x, %k, %b {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<1x5x5x4xf32>, tensor<3x3x4x2xf32>, tensor<8xf32>) -> tensor<1x3x3x8xf32>
  return %0 : tensor<1x3x3x8xf32>
}
