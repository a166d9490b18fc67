// RUN: dlc-opt %s --dlc-fold-batch-norm --canonicalize | FileCheck %s

// Scale goes to the kernel, shift is the bias.
// CHECK-LABEL: func.func @conv(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x4x4x2xf32>, %[[K:[^:]*]]: tensor<1x1x2x3xf32>
// CHECK:         %[[SCALE:.*]], %[[SHIFT:.*]] = nn.batch_norm_affine {{.*}} {epsilon = 1.000000e-03 : f32}
// CHECK:         %[[W:.*]] = nn.affine %[[K]], %[[SCALE]] :
// CHECK:         %[[Y:.*]] = nn.conv2d %[[X]], %[[W]], %[[SHIFT]] {
// CHECK:         return %[[Y]]
func.func @conv(%x: tensor<?x4x4x2xf32>, %k: tensor<1x1x2x3xf32>, %p: tensor<3xf32>) -> tensor<?x4x4x3xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x4x2xf32>, tensor<1x1x2x3xf32>) -> tensor<?x4x4x3xf32>
  %1 = nn.batch_norm %0, %p, %p, %p, %p {epsilon = 1.0e-3 : f32}
     : (tensor<?x4x4x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x4x4x3xf32>
  return %1 : tensor<?x4x4x3xf32>
}

// A bias is scaled and shifted with what it was added to; so is a dense layer's.
// CHECK-LABEL: func.func @dense_bias(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x2xf32>, %[[K:[^:]*]]: tensor<2x3xf32>, %[[B:[^:]*]]: tensor<3xf32>
// CHECK:         %[[SCALE:.*]], %[[SHIFT:.*]] = nn.batch_norm_affine
// CHECK-DAG:     %[[W:.*]] = nn.affine %[[K]], %[[SCALE]] : (tensor<2x3xf32>
// CHECK-DAG:     %[[C:.*]] = nn.affine %[[B]], %[[SCALE]], %[[SHIFT]] : (tensor<3xf32>
// CHECK:         nn.dense %[[X]], %[[W]], %[[C]]
func.func @dense_bias(%x: tensor<?x2xf32>, %k: tensor<2x3xf32>, %b: tensor<3xf32>, %p: tensor<3xf32>) -> tensor<?x3xf32> {
  %0 = nn.dense %x, %k, %b : (tensor<?x2xf32>, tensor<2x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %1 = nn.batch_norm %0, %p, %p, %p, %p {epsilon = 1.0e-3 : f32}
     : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}

// Channel c * M + m of a depthwise result is the last dimension of the kernel as [KH, KW, C * M].
// CHECK-LABEL: func.func @depthwise(
// CHECK:         %[[FLAT:.*]] = nn.reshape {{.*}} -> tensor<1x1x6xf32>
// CHECK:         %[[SCALED:.*]] = nn.affine %[[FLAT]]
// CHECK:         %[[W:.*]] = nn.reshape %[[SCALED]] {{.*}} -> tensor<1x1x2x3xf32>
// CHECK:         nn.depthwise_conv2d %{{.*}}, %[[W]], %
func.func @depthwise(%x: tensor<?x4x4x2xf32>, %k: tensor<1x1x2x3xf32>, %p: tensor<6xf32>) -> tensor<?x4x4x6xf32> {
  %0 = nn.depthwise_conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x4x2xf32>, tensor<1x1x2x3xf32>) -> tensor<?x4x4x6xf32>
  %1 = nn.batch_norm %0, %p, %p, %p, %p {epsilon = 1.0e-3 : f32}
     : (tensor<?x4x4x6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x4x4x6xf32>
  return %1 : tensor<?x4x4x6xf32>
}

// Behind a ReLU, and where the raw sums are read as well, the map stays.
// CHECK-LABEL: func.func @kept(
// CHECK:         %[[SUM:.*]] = nn.dense %{{.*}}, %arg1 :
// CHECK:         %[[RELU:.*]] = nn.relu %[[SUM]]
// CHECK:         nn.affine %[[RELU]], %{{.*}}, %{{.*}} : (tensor<?x3xf32>
// CHECK:         nn.affine %[[SUM]], %{{.*}}, %{{.*}} : (tensor<?x3xf32>
// CHECK-NOT:     nn.batch_norm %
func.func @kept(%x: tensor<?x2xf32>, %k: tensor<2x3xf32>, %p: tensor<3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  %0 = nn.dense %x, %k : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
  %1 = nn.relu %0 : tensor<?x3xf32>
  %2 = nn.batch_norm %1, %p, %p, %p, %p {epsilon = 1.0e-3 : f32}
     : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %3 = nn.batch_norm %0, %p, %p, %p, %p {epsilon = 1.0e-3 : f32}
     : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %2, %3 : tensor<?x3xf32>, tensor<?x3xf32>
}
