// RUN: dlc-opt %s --dlc-nn-to-linalg -split-input-file -verify-diagnostics | FileCheck %s

// @prepare has no batch, and needs none.
// CHECK-LABEL: func.func @prepare
// CHECK-NOT:     = nn.
// CHECK:         tensor.empty() : tensor<3xf32>
// CHECK:         return
func.func @prepare(%g: tensor<3xf32> {nn.param = "bn/gamma"}, %v: tensor<3xf32>) -> tensor<3xf32> {
  %0, %1 = nn.batch_norm_affine %g, %v, %v, %v {epsilon = 1.0e-3 : f32}
     : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  return %0 : tensor<3xf32>
}

// After --batch N extents are static.
// CHECK-LABEL: func.func @forward
// CHECK:         tensor.empty() : tensor<4x3xf32>
// CHECK:         math.tanh
func.func @forward(%batch: index {nn.batch}, %x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %0 = nn.tanh %x : tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

func.func @lost_batch(%n: index, %x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // expected-error@+1 {{'nn.tanh' op has a dynamic extent, but no argument of the function is marked nn.batch}}
  %0 = nn.tanh %x : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
