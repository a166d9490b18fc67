// RUN: dlc-opt %s --dlc-buffer-arguments --eliminate-empty-tensors --one-shot-bufferize --canonicalize | FileCheck %s

// A joint mean takes the place of what it is made of, which is copied where it is read again.
// CHECK-LABEL: func.func @once(
// CHECK:         linalg.exp ins(%{{.*}}) outs(%[[Y:.*]] : memref<4xf32>)
// CHECK-NOT:     memref.copy
// CHECK:         kernel.joint_mean outs(%[[Y]] : memref<4xf32>)
// CHECK-NEXT:    return
func.func @once(%x: tensor<4xf32> {nn.input = "x"}) -> (tensor<4xf32> {nn.output = "y"}) {
  %empty = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %1 = kernel.joint_mean outs(%0 : tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func.func @twice(
// CHECK:         linalg.exp ins(%{{.*}}) outs(%[[Y:.*]] : memref<4xf32>)
// CHECK:         memref.copy %[[Y]], %[[COPY:.*]] :
// CHECK:         kernel.joint_mean outs(%[[COPY]] : memref<4xf32>)
// CHECK:         linalg.sub ins(%[[Y]], %[[COPY]] :
func.func @twice(%x: tensor<4xf32> {nn.input = "x"}) -> (tensor<4xf32> {nn.output = "y"}) {
  %empty = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %1 = kernel.joint_mean outs(%0 : tensor<4xf32>) -> tensor<4xf32>
  %2 = linalg.sub ins(%0, %1 : tensor<4xf32>, tensor<4xf32>) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
