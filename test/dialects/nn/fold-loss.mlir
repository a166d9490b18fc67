// RUN: dlc-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @probabilities(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32>, %[[T:.*]]: tensor<?xi32>, %[[W:.*]]: tensor<4xf32>
// CHECK-NOT:   nn.softmax
// CHECK:       nn.cross_entropy %[[X]], %[[T]], %[[W]] {from_logits, label_smoothing = 1.000000e-01 : f32}
func.func @probabilities(%x: tensor<?x4xf32>, %t: tensor<?xi32>, %w: tensor<4xf32>) -> tensor<?xf32> {
  %p = nn.softmax %x : tensor<?x4xf32>
  %l = nn.cross_entropy %p, %t, %w {label_smoothing = 0.1 : f32} : (tensor<?x4xf32>, tensor<?xi32>, tensor<4xf32>) -> tensor<?xf32>
  return %l : tensor<?xf32>
}

// CHECK-LABEL: @logarithm(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32>
// CHECK:       nn.cross_entropy %[[X]], %{{.*}} {from_logits}
func.func @logarithm(%x: tensor<?x4xf32>, %t: tensor<?xi32>) -> tensor<?xf32> {
  %p = nn.softmax %x {log} : tensor<?x4xf32>
  %l = nn.cross_entropy %p, %t {from_logits} : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %l : tensor<?xf32>
}

// Their sum is 1 already.
// CHECK-LABEL: @normalized(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32>
// CHECK:       nn.cross_entropy %[[X]], %{{.*}} {from_logits} :
func.func @normalized(%x: tensor<?x4xf32>, %t: tensor<?xi32>) -> tensor<?xf32> {
  %p = nn.softmax %x : tensor<?x4xf32>
  %l = nn.cross_entropy %p, %t {normalize} : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %l : tensor<?xf32>
}

// Probabilities as logits, or logarithms as probabilities, are other functions.
// CHECK-LABEL: @others(
// CHECK:       nn.softmax
// CHECK:       nn.softmax
func.func @others(%x: tensor<?x4xf32>, %t: tensor<?xi32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %p = nn.softmax %x : tensor<?x4xf32>
  %a = nn.cross_entropy %p, %t {from_logits} : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?xf32>
  %q = nn.softmax %x {log} : tensor<?x4xf32>
  %b = nn.cross_entropy %q, %t : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %a, %b : tensor<?xf32>, tensor<?xf32>
}
