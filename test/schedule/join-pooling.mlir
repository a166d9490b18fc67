// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=winograd=f4 --dlc-join-pooling | FileCheck %s

// A max pooling that alone reads a convolution of Winograd is done by its output transform: bias and
// activation follow, on a fourth of the elements. The reports name both layers.
// CHECK-LABEL: func.func @steps(
// CHECK:         %[[M:.*]] = kernel.winograd_gemm
// CHECK:         %[[Y:.*]] = kernel.winograd_output ins(%[[M]], %{{.*}} : {{.*}}) outs(%{{.*}} : tensor<?x4x7x7x16xf32>) attributes {{{.*}}kernel.estimate = {{.*}}pool = 2 : i64
// CHECK:           arith.maximumf
// CHECK:           arith.minimumf
// CHECK-NOT:     kernel.pool
// CHECK:         kernel.unpack <image> ins(%[[Y]]
func.func @steps(%batch: index {nn.batch}, %x: tensor<?x14x14x64xf32>, %k: tensor<3x3x64x64xf32>, %b: tensor<64xf32>) -> tensor<?x7x7x64xf32> {
  %0 = nn.conv2d %x, %k, %b {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x14x14x64xf32>, tensor<3x3x64x64xf32>, tensor<64xf32>) -> tensor<?x14x14x64xf32>
  %1 = nn.relu %0 {max_value = 6.0 : f32} : tensor<?x14x14x64xf32>
  %2 = nn.pool2d %1 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x14x14x64xf32>) -> tensor<?x7x7x64xf32>
  return %2 : tensor<?x7x7x64xf32>
}

// CHECK-LABEL: func.func @blocks(
// CHECK:         kernel.winograd ins({{.*}}) outs(%{{.*}} : tensor<?x4x28x28x16xf32>) attributes {blocks = 6 : i64, {{.*}}pool = 2 : i64
// CHECK-NOT:     kernel.pool
func.func @blocks(%batch: index {nn.batch}, %x: tensor<?x56x56x64xf32>, %k: tensor<3x3x64x64xf32>) -> tensor<?x28x28x64xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x56x56x64xf32>
  %1 = nn.pool2d %0 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x56x56x64xf32>) -> tensor<?x28x28x64xf32>
  return %1 : tensor<?x28x28x64xf32>
}

// Averages, windows that overlap or that no tile holds, and those of an image with another reader stay
// poolings of their own.
// CHECK-LABEL: func.func @poolings(
// CHECK-COUNT-4: kernel.pool
func.func @poolings(%batch: index {nn.batch}, %x: tensor<?x12x12x64xf32>, %k: tensor<3x3x64x64xf32>)
    -> (tensor<?x6x6x64xf32>, tensor<?x5x5x64xf32>, tensor<?x4x4x64xf32>, tensor<?x6x6x64xf32>, tensor<?x12x12x64xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x12x12x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x12x12x64xf32>
  %1 = nn.pool2d %0 {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x12x12x64xf32>) -> tensor<?x6x6x64xf32>
  %2 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x12x12x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x12x12x64xf32>
  %3 = nn.pool2d %2 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x12x12x64xf32>) -> tensor<?x5x5x64xf32>
  %4 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x12x12x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x12x12x64xf32>
  %5 = nn.pool2d %4 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 3, 3>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x12x12x64xf32>) -> tensor<?x4x4x64xf32>
  %6 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x12x12x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x12x12x64xf32>
  %7 = nn.pool2d %6 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x12x12x64xf32>) -> tensor<?x6x6x64xf32>
  return %1, %3, %5, %7, %6 : tensor<?x6x6x64xf32>, tensor<?x5x5x64xf32>, tensor<?x4x4x64xf32>, tensor<?x6x6x64xf32>, tensor<?x12x12x64xf32>
}

// The largest sum need not give the largest element: an odd extent leaves sums outside all windows, swish falls
// before it rises, and a residual differs within a window.
// CHECK-LABEL: func.func @epilogues(
// CHECK-COUNT-3: kernel.pool
func.func @epilogues(%batch: index {nn.batch}, %x: tensor<?x12x12x64xf32>, %y: tensor<?x13x12x64xf32>, %k: tensor<3x3x64x64xf32>)
    -> (tensor<?x6x6x64xf32>, tensor<?x6x6x64xf32>, tensor<?x6x6x64xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x12x12x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x12x12x64xf32>
  %1 = nn.swish %0 : tensor<?x12x12x64xf32>
  %2 = nn.pool2d %1 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x12x12x64xf32>) -> tensor<?x6x6x64xf32>
  %3 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x12x12x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x12x12x64xf32>
  %4 = nn.add %3, %x : tensor<?x12x12x64xf32>
  %5 = nn.pool2d %4 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x12x12x64xf32>) -> tensor<?x6x6x64xf32>
  %6 = nn.conv2d %y, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x13x12x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x13x12x64xf32>
  %7 = nn.pool2d %6 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x13x12x64xf32>) -> tensor<?x6x6x64xf32>
  return %2, %5, %7 : tensor<?x6x6x64xf32>, tensor<?x6x6x64xf32>, tensor<?x6x6x64xf32>
}
