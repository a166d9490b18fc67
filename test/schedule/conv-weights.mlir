// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --canonicalize | FileCheck %s

// The gradient of a kernel reads what the layer's convolution read, and the gradient as it stands in
// blocks. A layer with few channels and filters cuts the batch into parts and adds their sums.
// CHECK-LABEL: func.func @small(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: tensor<?x8x8x3xf32>, %[[G:.*]]: tensor<?x8x8x16xf32>
// CHECK-DAG:     %[[GB:.*]] = kernel.pack <image> ins(%[[G]] :
// CHECK-DAG:     %[[XB:.*]] = tensor.expand_shape %[[X]] {{.*}} into tensor<?x1x8x8x3xf32>
// CHECK:         %[[PARTS:.*]] = kernel.conv_weights ins(%[[XB]], %[[GB]] : {{.*}}) outs({{.*}} : tensor<6x3x3x3x16xf32>)
// CHECK-SAME:      channels = 3 : i64
// CHECK-SAME:      tile = #kernel.tile<rows = 3, cols = 1, unroll = 1>, whole_rows
// CHECK:         linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "parallel", "parallel", "parallel"]} ins(%[[PARTS]] :
func.func @small(%batch: index {nn.batch}, %x: tensor<?x8x8x3xf32>, %g: tensor<?x8x8x16xf32>) -> tensor<3x3x3x16xf32> {
  %0 = nn.conv2d_backward_kernel %x, %g {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x3xf32>, tensor<?x8x8x16xf32>) -> tensor<3x3x3x16xf32>
  return %0 : tensor<3x3x3x16xf32>
}

// Enough items: the kernel itself is what is computed.
// CHECK-LABEL: func.func @large(
// CHECK:         %[[W:.*]] = kernel.conv_weights {{.*}} outs(%{{.*}} : tensor<3x3x64x64xf32>) {{.*}} tile = #kernel.tile<rows = 8, cols = 2, unroll = 1>}
// CHECK:         return %[[W]]
func.func @large(%batch: index {nn.batch}, %x: tensor<?x8x8x64xf32>, %g: tensor<?x4x4x64xf32>) -> tensor<3x3x64x64xf32> {
  %0 = nn.conv2d_backward_kernel %x, %g {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x64xf32>, tensor<?x4x4x64xf32>) -> tensor<3x3x64x64xf32>
  return %0 : tensor<3x3x64x64xf32>
}

// Rows of a matrix are images of one pixel, the features as they stand.
// CHECK-LABEL: func.func @dense(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: tensor<?x800xf32>
// CHECK:         %[[XB:.*]] = tensor.expand_shape %[[X]] {{.*}} into tensor<?x1x1x1x800xf32>
// CHECK:         kernel.conv_weights ins(%[[XB]], %{{.*}} : {{.*}}) outs(%{{.*}} : tensor<1x1x800x500xf32>) {channels = 16 : i64
func.func @dense(%batch: index {nn.batch}, %x: tensor<?x800xf32>, %g: tensor<?x500xf32>) -> tensor<800x500xf32> {
  %0 = nn.dense_backward_kernel %x, %g : (tensor<?x800xf32>, tensor<?x500xf32>) -> tensor<800x500xf32>
  return %0 : tensor<800x500xf32>
}

// Groups that would share a block have no kernel.
// CHECK-LABEL: func.func @straddling(
// CHECK:         nn.conv2d_backward_kernel
func.func @straddling(%batch: index {nn.batch}, %x: tensor<?x8x8x8xf32>, %g: tensor<?x8x8x8xf32>) -> tensor<1x1x4x8xf32> {
  %0 = nn.conv2d_backward_kernel %x, %g {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64}
     : (tensor<?x8x8x8xf32>, tensor<?x8x8x8xf32>) -> tensor<1x1x4x8xf32>
  return %0 : tensor<1x1x4x8xf32>
}
