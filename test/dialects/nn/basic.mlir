// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --mlir-print-op-generic | dlc-opt | FileCheck %s

// Every op parses, prints and infers its shape.

// CHECK: module attributes {nn.model = "lenet"}
module attributes {nn.model = "lenet"} {

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"},
                       %s: tensor<3xf32> {nn.param = "a/scale", nn.trainable}, %u: tensor<?x3xui8>)
    -> (tensor<?x3xf32> {nn.output = "y"}) {
  // CHECK: nn.relu %{{.*}} : tensor<?x3xf32>
  %0 = nn.relu %x : tensor<?x3xf32>
  // CHECK: nn.relu %{{.*}} {max_value = 6.000000e+00 : f32, negative_slope = 1.000000e-01 : f32, threshold = 1.000000e+00 : f32}
  %1 = nn.relu %0 {max_value = 6.0 : f32, negative_slope = 0.1 : f32, threshold = 1.0 : f32} : tensor<?x3xf32>
  // CHECK: nn.sigmoid
  %2 = nn.sigmoid %1 : tensor<?x3xf32>
  // CHECK: nn.tanh
  %3 = nn.tanh %2 : tensor<?x3xf32>
  // CHECK: nn.exp
  %4 = nn.exp %3 : tensor<?x3xf32>
  // CHECK: nn.elu %{{.*}} {alpha = 5.000000e-01 : f32}
  %5 = nn.elu %4 {alpha = 0.5 : f32} : tensor<?x3xf32>
  // CHECK: nn.gelu %{{.*}} {approximate}
  %6 = nn.gelu %5 {approximate} : tensor<?x3xf32>
  // CHECK: nn.swish
  %7 = nn.swish %6 : tensor<?x3xf32>
  // CHECK: nn.softplus
  %8 = nn.softplus %7 : tensor<?x3xf32>
  // CHECK: nn.hard_sigmoid
  %9 = nn.hard_sigmoid %8 : tensor<?x3xf32>
  // CHECK: nn.sign
  %sign = nn.sign %9 : tensor<?x3xf32>
  // CHECK: nn.add
  %10 = nn.add %sign, %x : tensor<?x3xf32>
  // CHECK: nn.sub
  %11 = nn.sub %10, %x : tensor<?x3xf32>
  // CHECK: nn.mul
  %12 = nn.mul %11, %x : tensor<?x3xf32>
  // CHECK: nn.div
  %13 = nn.div %12, %x : tensor<?x3xf32>
  // CHECK: nn.maximum
  %14 = nn.maximum %13, %x : tensor<?x3xf32>
  // CHECK: nn.minimum
  %15 = nn.minimum %14, %x : tensor<?x3xf32>
  // CHECK: nn.affine %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %16 = nn.affine %15, %s : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: nn.affine %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %17 = nn.affine %16, %s, %s : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: nn.cast %{{.*}} : (tensor<?x3xui8>) -> tensor<?x3xf32>
  %18 = nn.cast %u : (tensor<?x3xui8>) -> tensor<?x3xf32>
  // CHECK: nn.softmax %{{.*}} {log}
  %19 = nn.softmax %17 {log} : tensor<?x3xf32>
  // CHECK: nn.dropout %{{.*}} {rate = 5.000000e-01 : f32}
  %20 = nn.dropout %19 {rate = 0.5 : f32} : tensor<?x3xf32>
  return %20 : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @images
func.func @images(%x: tensor<?x8x8x4xf32>, %k: tensor<3x3x2x6xf32>, %d: tensor<3x3x6x2xf32>, %b: tensor<12xf32>) -> tensor<?x12xf32> {
  // CHECK: nn.conv2d {{.*}} -> tensor<?x4x4x6xf32>
  %0 = nn.conv2d %x, %k {strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>, groups = 2 : i64}
     : (tensor<?x8x8x4xf32>, tensor<3x3x2x6xf32>) -> tensor<?x4x4x6xf32>
  // CHECK: nn.lrn {{.*}}region = #nn.region<across>
  %1 = nn.lrn %0 {size = 5, alpha = 1.0e-4 : f32, beta = 0.75 : f32, bias = 2.0 : f32, region = #nn.region<across>} : tensor<?x4x4x6xf32>
  // CHECK: nn.depthwise_conv2d {{.*}} -> tensor<?x4x4x12xf32>
  %2 = nn.depthwise_conv2d %1, %d, %b {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x4x6xf32>, tensor<3x3x6x2xf32>, tensor<12xf32>) -> tensor<?x4x4x12xf32>
  // CHECK: nn.pool2d {{.*}}ceil_mode{{.*}}kind = #nn.pool<max>{{.*}} -> tensor<?x2x2x12xf32>
  %3 = nn.pool2d %2 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, ceil_mode}
     : (tensor<?x4x4x12xf32>) -> tensor<?x2x2x12xf32>
  // CHECK: nn.global_pool2d {{.*}}kind = #nn.pool<avg>{{.*}} -> tensor<?x12xf32>
  %4 = nn.global_pool2d %3 {kind = #nn.pool<avg>} : (tensor<?x2x2x12xf32>) -> tensor<?x12xf32>
  // CHECK: nn.batch_norm {{.*}} -> tensor<?x12xf32>
  %5 = nn.batch_norm %4, %b, %b, %b, %b {epsilon = 1.0e-3 : f32}
     : (tensor<?x12xf32>, tensor<12xf32>, tensor<12xf32>, tensor<12xf32>, tensor<12xf32>) -> tensor<?x12xf32>
  return %5 : tensor<?x12xf32>
}

// CHECK-LABEL: func.func @shapes
func.func @shapes(%x: tensor<?x2x6xf32>, %v: tensor<2xf32>) -> tensor<6x?x3xf32> {
  // CHECK: nn.reshape {{.*}} -> tensor<?x3x4xf32>
  %0 = nn.reshape %x : (tensor<?x2x6xf32>) -> tensor<?x3x4xf32>
  // CHECK: nn.pad {{.*}}value = 1.000000e+00 : f32{{.*}} -> tensor<?x3x6xf32>
  %1 = nn.pad %0 {low = array<i64: 0, 0, 1>, high = array<i64: 0, 0, 1>, value = 1.0 : f32} : (tensor<?x3x4xf32>) -> tensor<?x3x6xf32>
  // CHECK: nn.concat {{.*}} -> tensor<?x5x6xf32>
  %2 = nn.concat %1, %x {axis = 1 : i64} : (tensor<?x3x6xf32>, tensor<?x2x6xf32>) -> tensor<?x5x6xf32>
  // CHECK: nn.transpose {{.*}} -> tensor<6x?x3xf32>
  %3 = nn.transpose %1 {perm = array<i64: 2, 0, 1>} : (tensor<?x3x6xf32>) -> tensor<6x?x3xf32>
  // CHECK: nn.batch_norm_affine {{.*}} -> (tensor<2xf32>, tensor<2xf32>)
  %4:2 = nn.batch_norm_affine %v, %v, %v, %v {epsilon = 1.0e-3 : f32}
     : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  return %3 : tensor<6x?x3xf32>
}

// CHECK-LABEL: func.func @group
func.func @group(%x: tensor<?x3xf32>, %k: tensor<3x2xf32>, %r: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // CHECK: nn.group %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32> {
  %0 = nn.group %x, %k, %r : (tensor<?x3xf32>, tensor<3x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%a: tensor<?x3xf32>, %b: tensor<3x2xf32>, %c: tensor<?x2xf32>):
    // CHECK: nn.dense {{.*}} -> tensor<?x2xf32>
    %1 = nn.dense %a, %b : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    %2 = nn.add %1, %c : tensor<?x2xf32>
    // CHECK: nn.yield
    nn.yield %2 : tensor<?x2xf32>
  }
  return %0 : tensor<?x2xf32>
}
}
