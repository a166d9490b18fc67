// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=winograd=never | FileCheck %s
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule="march=x86-64-v3 winograd=never" | FileCheck %s --check-prefix=V3

// One layout from convolution to pooling to convolution: the image is packed once and unpacked once.
// Blocks have the lanes of the target; 20 channels fill part of the last.
// CHECK-LABEL: func.func @chain(
// CHECK:         %[[P:.*]] = kernel.pack <image> ins(%{{.*}} : tensor<?x8x8x32xf32>) outs({{.*}}) -> tensor<?x2x8x8x16xf32>
// CHECK:         %[[C:.*]] = kernel.conv ins(%[[P]], {{.*}} outs({{.*}} : tensor<?x2x8x8x16xf32>)
// CHECK-NOT:     <image>
// CHECK:         %[[M:.*]] = kernel.pool ins(%[[C]] {{.*}} -> tensor<?x2x4x4x16xf32>
// CHECK-NOT:     <image>
// CHECK:         %[[D:.*]] = kernel.conv ins(%[[M]], {{.*}} outs({{.*}} : tensor<?x2x4x4x16xf32>) {{.*}} in_channels = 32
// CHECK:         kernel.unpack <image> ins(%[[D]] {{.*}} -> tensor<?x4x4x20xf32>
// V3-LABEL:    func.func @chain(
// V3:            kernel.conv {{.*}} outs({{.*}} : tensor<?x4x8x8x8xf32>)
// V3:            kernel.conv {{.*}} outs({{.*}} : tensor<?x3x4x4x8xf32>)
func.func @chain(%batch: index {nn.batch}, %x: tensor<?x8x8x32xf32>, %k: tensor<3x3x32x32xf32>, %l: tensor<1x1x32x20xf32>) -> tensor<?x4x4x20xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x32xf32>, tensor<3x3x32x32xf32>) -> tensor<?x8x8x32xf32>
  %1 = nn.pool2d %0 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x8x8x32xf32>) -> tensor<?x4x4x32xf32>
  %2 = nn.conv2d %1, %l {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x4x32xf32>, tensor<1x1x32x20xf32>) -> tensor<?x4x4x20xf32>
  return %2 : tensor<?x4x4x20xf32>
}

// Three channels are read where they are, as one block of three; the residual is read in blocks.
// CHECK-LABEL: func.func @few_channels(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x8x8x3xf32>, %{{.*}}: tensor<1x1x3x3xf32>
// CHECK-DAG:     %[[IN:.*]] = tensor.expand_shape %[[X]] {{.*}} into tensor<?x1x8x8x3xf32>
// CHECK-DAG:     %[[R:.*]] = kernel.pack <image> ins(%[[X]] {{.*}} -> tensor<?x1x8x8x16xf32>
// CHECK:         kernel.conv ins(%[[IN]], %{{.*}}, %{{.*}}, %[[R]] : {{.*}} in_channels = 3
// CHECK-NEXT:    ^bb0(%[[SUM:.*]]: f32, %[[RES:.*]]: f32):
// CHECK-NEXT:      arith.addf %[[SUM]], %[[RES]]
func.func @few_channels(%batch: index {nn.batch}, %x: tensor<?x8x8x3xf32>, %k: tensor<1x1x3x3xf32>) -> tensor<?x8x8x3xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x3xf32>, tensor<1x1x3x3xf32>) -> tensor<?x8x8x3xf32>
  %1 = nn.add %0, %x : tensor<?x8x8x3xf32>
  return %1 : tensor<?x8x8x3xf32>
}

// Groups of whole blocks are one kernel. Eight channels are half a block of 16 lanes: no kernel, but a
// block of 8 lanes.
// CHECK-LABEL: func.func @groups(
// CHECK:         kernel.conv {{.*}} groups = 2 : i64, in_channels = 16
// CHECK:         nn.group
// V3-LABEL:    func.func @groups(
// V3:            kernel.conv {{.*}} groups = 2
// V3:            kernel.conv {{.*}} groups = 4
func.func @groups(%batch: index {nn.batch}, %x: tensor<?x4x4x32xf32>, %k: tensor<1x1x16x32xf32>, %l: tensor<1x1x8x32xf32>) -> tensor<?x4x4x32xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64}
     : (tensor<?x4x4x32xf32>, tensor<1x1x16x32xf32>) -> tensor<?x4x4x32xf32>
  %1 = nn.conv2d %0, %l {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 4 : i64}
     : (tensor<?x4x4x32xf32>, tensor<1x1x8x32xf32>) -> tensor<?x4x4x32xf32>
  return %1 : tensor<?x4x4x32xf32>
}

// A multiplier would mix the channels of a block: only depthwise convolutions without one are kernels.
// CHECK-LABEL: func.func @depthwise(
// CHECK:         kernel.pack <depthwise> {{.*}} -> tensor<2x3x3x16xf32>
// CHECK:         kernel.depthwise {{.*}} strides = array<i64: 2, 2>
// CHECK:         nn.group
func.func @depthwise(%batch: index {nn.batch}, %x: tensor<?x5x5x20xf32>, %k: tensor<3x3x20x1xf32>, %l: tensor<1x1x20x2xf32>) -> tensor<?x2x2x40xf32> {
  %0 = nn.depthwise_conv2d %x, %k {strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x5x20xf32>, tensor<3x3x20x1xf32>) -> tensor<?x2x2x20xf32>
  %1 = nn.depthwise_conv2d %0, %l {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x2x2x20xf32>, tensor<1x1x20x2xf32>) -> tensor<?x2x2x40xf32>
  return %1 : tensor<?x2x2x40xf32>
}

// A large image is read row by row when the weights stay in the cache and the output is no larger; else
// the weights are read once.
// CHECK-LABEL: func.func @rows_first(
// CHECK:         kernel.conv ins({{.*}} : tensor<?x8x56x56x16xf32>, tensor<2x8x1x1x16x2x16xf32>{{.*}} rows_first
// CHECK:         kernel.conv ins({{.*}} : tensor<?x4x56x56x16xf32>, tensor<32x4x3x3x16x2x16xf32>
// CHECK-NOT:     rows_first
func.func @rows_first(%batch: index {nn.batch}, %x: tensor<?x56x56x128xf32>, %k: tensor<1x1x128x64xf32>, %l: tensor<3x3x64x1024xf32>) -> tensor<?x54x54x1024xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x56x56x128xf32>, tensor<1x1x128x64xf32>) -> tensor<?x56x56x64xf32>
  %1 = nn.conv2d %0, %l {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x56x56x64xf32>, tensor<3x3x64x1024xf32>) -> tensor<?x54x54x1024xf32>
  return %1 : tensor<?x54x54x1024xf32>
}
