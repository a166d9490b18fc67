// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --canonicalize | FileCheck %s

// Two blocks of channels are few items: parts of the batch have sums of their own. 16 lanes, 32 registers:
// all taps are summed at once.
// CHECK-LABEL: func.func @few(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: tensor<?x9x9x20xf32>, %[[G:.*]]: tensor<?x5x5x20xf32>
// CHECK-DAG:     %[[XB:.*]] = kernel.pack <image> ins(%[[X]] :
// CHECK-DAG:     %[[GB:.*]] = kernel.pack <image> ins(%[[G]] :
// CHECK:         %[[PARTS:.*]] = kernel.depthwise_weights ins(%[[XB]], %[[GB]] : {{.*}}) outs({{.*}} : tensor<8x3x3x20xf32>)
// CHECK-SAME:      pixels = 4 : i64
// CHECK-SAME:      tap_rows = 3 : i64
// CHECK:         linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "parallel", "parallel"]} ins(%[[PARTS]] :
func.func @few(%batch: index {nn.batch}, %x: tensor<?x9x9x20xf32>, %g: tensor<?x5x5x20xf32>) -> tensor<3x3x20x1xf32> {
  %0 = nn.depthwise_conv2d_backward_kernel %x, %g {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x9x9x20xf32>, tensor<?x5x5x20xf32>) -> tensor<3x3x20x1xf32>
  return %0 : tensor<3x3x20x1xf32>
}

// Seven by seven sums do not fit: an item is a row of taps, and there are enough of them.
// CHECK-LABEL: func.func @large(
// CHECK:         kernel.depthwise_weights {{.*}} outs(%{{.*}} : tensor<7x7x64xf32>) {{.*}}tap_rows = 1 : i64
func.func @large(%batch: index {nn.batch}, %x: tensor<?x9x9x64xf32>, %g: tensor<?x9x9x64xf32>) -> tensor<7x7x64x1xf32> {
  %0 = nn.depthwise_conv2d_backward_kernel %x, %g {strides = array<i64: 1, 1>, padding = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
     : (tensor<?x9x9x64xf32>, tensor<?x9x9x64xf32>) -> tensor<7x7x64x1xf32>
  return %0 : tensor<7x7x64x1xf32>
}

// A multiplier keeps the plain form.
// CHECK-LABEL: func.func @multiplier(
// CHECK:         nn.depthwise_conv2d_backward_kernel
func.func @multiplier(%batch: index {nn.batch}, %x: tensor<?x9x9x16xf32>, %g: tensor<?x9x9x32xf32>) -> tensor<3x3x16x2xf32> {
  %0 = nn.depthwise_conv2d_backward_kernel %x, %g {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x9x9x16xf32>, tensor<?x9x9x32xf32>) -> tensor<3x3x16x2xf32>
  return %0 : tensor<3x3x16x2xf32>
}
