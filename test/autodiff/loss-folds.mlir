// The slope of a cross-entropy behind a softmax is that of its logits: no gradient of the softmax.
// RUN: dlc-opt %s --dlc-differentiate --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @gradients(
// CHECK-NOT:     nn.softmax
// CHECK:         %[[X:.*]] = nn.dense
// CHECK:         nn.cross_entropy %[[X]], %{{.*}} {from_logits}
// CHECK-NOT:     nn.softmax
// CHECK:         nn.cross_entropy_backward %[[X]], %{{.*}} {from_logits}
// CHECK-NOT:     nn.softmax
// CHECK-LABEL: func.func @backward(
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"},
                   %w: tensor<3x4xf32> {nn.param = "w", nn.trainable}) -> (tensor<?x4xf32> {nn.output = "y"}) {
  %0 = nn.dense %x, %w : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %1 = nn.softmax %0 : tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
func.func @loss(%batch: index {nn.batch}, %y: tensor<?x4xf32> {nn.output = "y"},
                %t: tensor<?xi32> {nn.target = "y"}) -> tensor<1xf32> {
  %0 = nn.cross_entropy %y, %t : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?xf32>
  %1 = nn.reduce_sum %0 : (tensor<?xf32>) -> tensor<1xf32>
  %2 = nn.average %1 : tensor<1xf32>
  return %2 : tensor<1xf32>
}
