// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=winograd=never --dlc-pair-kernels --canonicalize | FileCheck %s

// An expansion and the depthwise convolution that alone reads it are one kernel. 96 channels are three
// groups of two blocks: four bands of 14 rows share them out evenly. The four rows that two output rows need
// take 28 KB and stay in the first cache.
// CHECK-LABEL: func.func @expand(
// CHECK-NOT:     kernel.conv ins
// CHECK:         kernel.pair ins(%{{.*}} : tensor<?x1x56x56x16xf32>, tensor<3x1x1x1x16x2x16xf32>, tensor<6x16xf32>, tensor<6x3x3x16xf32>, tensor<6x16xf32>)
// CHECK-SAME:      band_rows = 14 : i64, step_columns = 56 : i64, step_rows = 2 : i64
// CHECK-NEXT:    ^bb0(%[[X:[^:]*]]: memref<?x1x56x56x16xf32>, %[[W:.*]]: memref<3x1x1x1x16x2x16xf32>, %[[B:.*]]: memref<6x16xf32>, %[[D:.*]]: memref<6x3x3x16xf32>, %[[E:.*]]: memref<6x16xf32>, %[[OUT:.*]]: memref<?x6x56x56x16xf32>, %[[MIDDLE:.*]]: memref<?x6x56x56x16xf32>):
// CHECK:           kernel.conv ins(%[[X]], %[[W]], %[[B]] : {{.*}}) outs(%[[MIDDLE]] :
// CHECK:             arith.maximumf
// CHECK:           kernel.depthwise ins(%[[MIDDLE]], %[[D]], %[[E]] : {{.*}}) outs(%[[OUT]] :
// CHECK:             arith.maximumf
// CHECK-NOT:     kernel.depthwise
func.func @expand(%batch: index {nn.batch}, %x: tensor<?x56x56x16xf32>, %k: tensor<1x1x16x96xf32>, %d: tensor<3x3x96x1xf32>) -> tensor<?x56x56x96xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x56x56x16xf32>, tensor<1x1x16x96xf32>) -> tensor<?x56x56x96xf32>
  %1 = nn.relu %0 : tensor<?x56x56x96xf32>
  %2 = nn.depthwise_conv2d %1, %d {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x56x56x96xf32>, tensor<3x3x96x1xf32>) -> tensor<?x56x56x96xf32>
  %3 = nn.relu %2 : tensor<?x56x56x96xf32>
  return %3 : tensor<?x56x56x96xf32>
}

// Three rows of 112 pixels do not stay near: two strips.
// CHECK-LABEL: func.func @wide(
// CHECK:         kernel.pair {{.*}}step_columns = 28 : i64, step_rows = 1 : i64
func.func @wide(%batch: index {nn.batch}, %x: tensor<?x112x112x16xf32>, %k: tensor<1x1x16x96xf32>, %d: tensor<3x3x96x1xf32>) -> tensor<?x56x56x96xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x112x112x16xf32>, tensor<1x1x16x96xf32>) -> tensor<?x112x112x96xf32>
  %1 = nn.depthwise_conv2d %0, %d {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x112x112x96xf32>, tensor<3x3x96x1xf32>) -> tensor<?x56x56x96xf32>
  return %1 : tensor<?x56x56x96xf32>
}

// Small images are one step, and enough groups one band.
// CHECK-LABEL: func.func @small(
// CHECK:         kernel.pair {{.*}}band_rows = 7 : i64, {{.*}}step_columns = 7 : i64, step_rows = 7 : i64
func.func @small(%batch: index {nn.batch}, %x: tensor<?x14x14x16xf32>, %k: tensor<1x1x16x256xf32>, %d: tensor<3x3x256x1xf32>) -> tensor<?x7x7x256xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x14x14x16xf32>, tensor<1x1x16x256xf32>) -> tensor<?x14x14x256xf32>
  %1 = nn.depthwise_conv2d %0, %d {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x14x14x256xf32>, tensor<3x3x256x1xf32>) -> tensor<?x7x7x256xf32>
  return %1 : tensor<?x7x7x256xf32>
}

// A pooling reads rows of a stem as well.
// CHECK-LABEL: func.func @stem(
// CHECK:         kernel.pair
// CHECK:           kernel.conv
// CHECK:           kernel.pool ins(%{{.*}} : memref<?x4x112x112x16xf32>) outs(%{{.*}} : memref<?x4x56x56x16xf32>) {kind = #nn.pool<max>
// CHECK-NOT:     kernel.pool
func.func @stem(%batch: index {nn.batch}, %x: tensor<?x224x224x3xf32>, %k: tensor<7x7x3x64xf32>) -> tensor<?x56x56x64xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 2, 2>, padding = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
     : (tensor<?x224x224x3xf32>, tensor<7x7x3x64xf32>) -> tensor<?x112x112x64xf32>
  %1 = nn.pool2d %0 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>}
     : (tensor<?x112x112x64xf32>) -> tensor<?x56x56x64xf32>
  return %1 : tensor<?x56x56x64xf32>
}

// Not where others read the convolution too, where either has a residual, where channels form groups, or
// where an image is passed row by row because it fits no near cache.
// CHECK-LABEL: func.func @apart(
// CHECK-NOT:     kernel.pair
// CHECK:         return
func.func @apart(%batch: index {nn.batch}, %x: tensor<?x8x8x32xf32>, %k: tensor<1x1x32x32xf32>, %g: tensor<1x1x16x32xf32>, %d: tensor<3x3x32x1xf32>) -> (tensor<?x8x8x32xf32>, tensor<?x8x8x32xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x32xf32>, tensor<1x1x32x32xf32>) -> tensor<?x8x8x32xf32>
  %1 = nn.depthwise_conv2d %0, %d {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x32xf32>, tensor<3x3x32x1xf32>) -> tensor<?x8x8x32xf32>
  %2 = nn.add %1, %0 : tensor<?x8x8x32xf32>
  %3 = nn.conv2d %2, %g {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64}
     : (tensor<?x8x8x32xf32>, tensor<1x1x16x32xf32>) -> tensor<?x8x8x32xf32>
  %4 = nn.depthwise_conv2d %3, %d {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x32xf32>, tensor<3x3x32x1xf32>) -> tensor<?x8x8x32xf32>
  %5 = nn.conv2d %4, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x32xf32>, tensor<1x1x32x32xf32>) -> tensor<?x8x8x32xf32>
  %6 = nn.depthwise_conv2d %5, %d {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x32xf32>, tensor<3x3x32x1xf32>) -> tensor<?x8x8x32xf32>
  return %5, %6 : tensor<?x8x8x32xf32>, tensor<?x8x8x32xf32>
}

// CHECK-LABEL: func.func @rows_first(
// CHECK:         kernel.conv ins
// CHECK-SAME:      rows_first
// CHECK:         kernel.depthwise
func.func @rows_first(%batch: index {nn.batch}, %x: tensor<?x96x96x64xf32>, %k: tensor<1x1x64x64xf32>, %d: tensor<3x3x64x1xf32>) -> tensor<?x96x96x64xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x96x96x64xf32>, tensor<1x1x64x64xf32>) -> tensor<?x96x96x64xf32>
  %1 = nn.depthwise_conv2d %0, %d {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x96x96x64xf32>, tensor<3x3x64x1xf32>) -> tensor<?x96x96x64xf32>
  return %1 : tensor<?x96x96x64xf32>
}
