// RUN: dlc-opt %s --dlc-simplify-inference | FileCheck %s

// Dropout is the identity at inference, and does not hide the padding behind it. What the
// convolution pads already is added to.
// CHECK-LABEL: func.func @conv(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x8x8x4xf32>
// CHECK-NOT:     nn.dropout
// CHECK-NOT:     nn.pad
// CHECK:         nn.conv2d %[[X]], {{.*}} padding = array<i64: 2, 4, 4, 5>
func.func @conv(%x: tensor<?x8x8x4xf32>, %k: tensor<3x3x4x6xf32>) -> tensor<?x12x15x6xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 1, 3, 0>, high = array<i64: 0, 2, 4, 0>} : (tensor<?x8x8x4xf32>) -> tensor<?x11x15x4xf32>
  %1 = nn.dropout %0 {rate = 0.5 : f32} : tensor<?x11x15x4xf32>
  %2 = nn.conv2d %1, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 2, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x11x15x4xf32>, tensor<3x3x4x6xf32>) -> tensor<?x12x15x6xf32>
  return %2 : tensor<?x12x15x6xf32>
}

// CHECK-LABEL: func.func @depthwise(
// CHECK-NOT:     nn.pad
// CHECK:         nn.depthwise_conv2d {{.*}} padding = array<i64: 0, 1, 0, 1>
func.func @depthwise(%x: tensor<?x8x8x4xf32>, %k: tensor<3x3x4x1xf32>) -> tensor<?x4x4x4xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 1, 1, 0>} : (tensor<?x8x8x4xf32>) -> tensor<?x9x9x4xf32>
  %1 = nn.depthwise_conv2d %0, %k {strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x9x9x4xf32>, tensor<3x3x4x1xf32>) -> tensor<?x4x4x4xf32>
  return %1 : tensor<?x4x4x4xf32>
}

// Channels, other values and an image that somebody else reads padded stay.
// CHECK-LABEL: func.func @kept(
// CHECK:         nn.pad
// CHECK:         nn.conv2d {{.*}} padding = array<i64: 0, 0, 0, 0>
// CHECK:         nn.pad
// CHECK:         nn.conv2d {{.*}} padding = array<i64: 0, 0, 0, 0>
// CHECK:         nn.pad
// CHECK:         nn.conv2d {{.*}} padding = array<i64: 0, 0, 0, 0>
func.func @kept(%x: tensor<?x4x4x2xf32>, %k: tensor<1x1x3x2xf32>, %l: tensor<1x1x2x2xf32>)
    -> (tensor<?x4x4x2xf32>, tensor<?x5x4x2xf32>, tensor<?x4x5x2xf32>, tensor<?x4x5x2xf32>) {
  %0 = nn.pad %x {low = array<i64: 0, 0, 0, 1>, high = array<i64: 0, 0, 0, 0>} : (tensor<?x4x4x2xf32>) -> tensor<?x4x4x3xf32>
  %1 = nn.conv2d %0, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x4x3xf32>, tensor<1x1x3x2xf32>) -> tensor<?x4x4x2xf32>
  %2 = nn.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 0, 0>, value = 1.0 : f32} : (tensor<?x4x4x2xf32>) -> tensor<?x5x4x2xf32>
  %3 = nn.conv2d %2, %l {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x4x2xf32>, tensor<1x1x2x2xf32>) -> tensor<?x5x4x2xf32>
  %4 = nn.pad %x {low = array<i64: 0, 0, 1, 0>, high = array<i64: 0, 0, 0, 0>} : (tensor<?x4x4x2xf32>) -> tensor<?x4x5x2xf32>
  %5 = nn.conv2d %4, %l {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x5x2xf32>, tensor<1x1x2x2xf32>) -> tensor<?x4x5x2xf32>
  return %1, %3, %5, %4 : tensor<?x4x4x2xf32>, tensor<?x5x4x2xf32>, tensor<?x4x5x2xf32>, tensor<?x4x5x2xf32>
}

// Zeros count in a pooling, its own padding does not.
// CHECK-LABEL: func.func @pooling(
// CHECK:         nn.pad
// CHECK:         nn.pool2d {{.*}} padding = array<i64: 0, 0, 0, 0>
func.func @pooling(%x: tensor<?x4x4x2xf32>) -> tensor<?x3x3x2xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>} : (tensor<?x4x4x2xf32>) -> tensor<?x6x6x2xf32>
  %1 = nn.pool2d %0 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x6x6x2xf32>) -> tensor<?x3x3x2xf32>
  return %1 : tensor<?x3x3x2xf32>
}
