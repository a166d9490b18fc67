// RUN: dlc-opt %s --dlc-transpose-convs --split-input-file | FileCheck %s

// Without strides: one convolution of the gradient, whose padding is the kernel's reach less the forward
// op's. Its operands are flipped kernels.
// CHECK-LABEL: func.func @same(
// CHECK-SAME:    %[[G:[^:]*]]: tensor<?x8x8x6xf32>, %[[K:[^:]*]]: tensor<3x3x4x6xf32>
// CHECK:         %[[F:.*]] = nn.flip_kernel %[[K]] {first = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<3x3x4x6xf32>) -> tensor<3x3x6x4xf32>
// CHECK:         %[[X:.*]] = nn.conv2d %[[G]], %[[F]] {dilations = array<i64: 1, 1>, padding = array<i64: 2, 1, 1, 1>, strides = array<i64: 1, 1>}
// CHECK:         return %[[X]]
func.func @same(%g: tensor<?x8x8x6xf32>, %k: tensor<3x3x4x6xf32>) -> tensor<?x9x8x4xf32> {
  %0 = nn.conv2d_backward_data %g, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x6xf32>, tensor<3x3x4x6xf32>) -> tensor<?x9x8x4xf32>
  return %0 : tensor<?x9x8x4xf32>
}

// -----

// 3x3 taps over 4 phases: 1, 2, 2 and 4 of them. Odd images have more pixels of even rows.
// CHECK-LABEL: func.func @stride(
// CHECK:         nn.flip_kernel %{{.*}} {first = array<i64: 1, 1>, steps = array<i64: 2, 2>} : {{.*}} -> tensor<1x1x6x4xf32>
// CHECK:         %[[P0:.*]] = nn.conv2d {{.*}} -> tensor<?x5x4x4xf32>
// CHECK:         nn.flip_kernel %{{.*}} {first = array<i64: 1, 0>, steps = array<i64: 2, 2>} : {{.*}} -> tensor<1x2x6x4xf32>
// CHECK:         %[[P1:.*]] = nn.conv2d {{.*}} padding = array<i64: 0, 0, 0, 1>{{.*}} -> tensor<?x5x4x4xf32>
// CHECK:         %[[P2:.*]] = nn.conv2d {{.*}} -> tensor<?x4x4x4xf32>
// CHECK:         %[[P3:.*]] = nn.conv2d {{.*}}tensor<2x2x6x4xf32>) -> tensor<?x4x4x4xf32>
// CHECK:         nn.interleave %[[P0]], %[[P1]], %[[P2]], %[[P3]] {phases = array<i64: 0, 1, 2, 3>, strides = array<i64: 2, 2>}
// CHECK-SAME:      -> tensor<?x9x8x4xf32>
func.func @stride(%g: tensor<?x5x4x6xf32>, %k: tensor<3x3x4x6xf32>) -> tensor<?x9x8x4xf32> {
  %0 = nn.conv2d_backward_data %g, %k {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x4x6xf32>, tensor<3x3x4x6xf32>) -> tensor<?x9x8x4xf32>
  return %0 : tensor<?x9x8x4xf32>
}

// -----

// One tap reaches one phase of four.
// CHECK-LABEL: func.func @pointwise(
// CHECK:         %[[P:.*]] = nn.conv2d
// CHECK-NOT:     nn.conv2d
// CHECK:         nn.interleave %[[P]] {phases = array<i64: 0>, strides = array<i64: 2, 2>}
func.func @pointwise(%g: tensor<?x4x4x6xf32>, %k: tensor<1x1x4x6xf32>) -> tensor<?x8x8x4xf32> {
  %0 = nn.conv2d_backward_data %g, %k {strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x4x6xf32>, tensor<1x1x4x6xf32>) -> tensor<?x8x8x4xf32>
  return %0 : tensor<?x8x8x4xf32>
}

// -----

// Padding beyond the kernel's reach: the outer gradients met zeros alone and are left out.
// CHECK-LABEL: func.func @wide_padding(
// CHECK:         %[[G:.*]] = nn.slice %{{.*}} {offsets = array<i64: 0, 1, 1, 0>, sizes = array<i64: -1, 5, 5, -1>}
// CHECK:         nn.conv2d %[[G]], {{.*}} padding = array<i64: 0, 0, 0, 0>
func.func @wide_padding(%g: tensor<?x7x7x6xf32>, %k: tensor<2x2x4x6xf32>) -> tensor<?x4x4x4xf32> {
  %0 = nn.conv2d_backward_data %g, %k {strides = array<i64: 1, 1>, padding = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>}
     : (tensor<?x7x7x6xf32>, tensor<2x2x4x6xf32>) -> tensor<?x4x4x4xf32>
  return %0 : tensor<?x4x4x4xf32>
}

// -----

// One channel of the gradient for one of the image: depthwise again. The flip's exchange of channels is
// undone by a reshape.
// CHECK-LABEL: func.func @depthwise(
// CHECK-SAME:    %[[G:[^:]*]]: tensor<?x8x8x6xf32>, %[[K:[^:]*]]: tensor<3x3x6x1xf32>
// CHECK:         %[[F:.*]] = nn.flip_kernel %[[K]] {first = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<3x3x6x1xf32>) -> tensor<3x3x1x6xf32>
// CHECK:         %[[R:.*]] = nn.reshape %[[F]] : {{.*}} -> tensor<3x3x6x1xf32>
// CHECK:         %[[X:.*]] = nn.depthwise_conv2d %[[G]], %[[R]] {dilations = array<i64: 1, 1>, padding = array<i64: 2, 1, 1, 1>, strides = array<i64: 1, 1>}
// CHECK:         return %[[X]]
func.func @depthwise(%g: tensor<?x8x8x6xf32>, %k: tensor<3x3x6x1xf32>) -> tensor<?x9x8x6xf32> {
  %0 = nn.depthwise_conv2d_backward_data %g, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x6xf32>, tensor<3x3x6x1xf32>) -> tensor<?x9x8x6xf32>
  return %0 : tensor<?x9x8x6xf32>
}

// -----

// CHECK-LABEL: func.func @depthwise_stride(
// CHECK-COUNT-4: nn.depthwise_conv2d %
// CHECK-NOT:     nn.depthwise_conv2d
// CHECK:         nn.interleave {{.*}} {phases = array<i64: 0, 1, 2, 3>, strides = array<i64: 2, 2>}
func.func @depthwise_stride(%g: tensor<?x5x4x6xf32>, %k: tensor<3x3x6x1xf32>) -> tensor<?x9x8x6xf32> {
  %0 = nn.depthwise_conv2d_backward_data %g, %k {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x4x6xf32>, tensor<3x3x6x1xf32>) -> tensor<?x9x8x6xf32>
  return %0 : tensor<?x9x8x6xf32>
}

// -----

// Sums over the channels that one channel made have no depthwise form.
// CHECK-LABEL: func.func @multiplier(
// CHECK:         nn.depthwise_conv2d_backward_data
func.func @multiplier(%g: tensor<?x8x8x12xf32>, %k: tensor<3x3x6x2xf32>) -> tensor<?x8x8x6xf32> {
  %0 = nn.depthwise_conv2d_backward_data %g, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x12xf32>, tensor<3x3x6x2xf32>) -> tensor<?x8x8x6xf32>
  return %0 : tensor<?x8x8x6xf32>
}
