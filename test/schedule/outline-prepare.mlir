// RUN: dlc-opt %s --dlc-outline-prepare --split-input-file --verify-diagnostics | FileCheck %s

// Arithmetic on parameters moves; constants stay with those who read them; a parameter that data meets
// directly is handed through; shared weights are prepared once.
// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    %[[W:[^:]*]]: tensor<3xf32> {nn.param = "a/kernel", nn.trainable}, %[[B:[^:]*]]: tensor<3xf32> {nn.param = "a/bias", nn.trainable}) -> (tensor<3xf32>, tensor<3xf32>)
// CHECK-DAG:     %[[ONE:.*]] = arith.constant
// CHECK-DAG:     %[[FOLDED:.*]] = nn.affine %[[W]], %[[ONE]]
// CHECK:         return %[[B]], %[[FOLDED]]
// CHECK-LABEL: func.func @forward(
// CHECK-SAME:    %{{.*}}: index {nn.batch}, %[[X:[^:]*]]: tensor<?x3xf32> {nn.input = "x"},
// CHECK-SAME:    %[[P0:[^:]*]]: tensor<3xf32> {nn.prepared = 0 : i64}, %[[P1:[^:]*]]: tensor<3xf32> {nn.prepared = 1 : i64})
// CHECK:         %[[C:.*]] = arith.constant
// CHECK:         %[[Y:.*]] = nn.affine %[[X]], %[[P1]], %[[P0]]
// CHECK:         %[[Z:.*]] = nn.affine %[[Y]], %[[P1]], %[[C]]
// CHECK:         return %[[Z]]
func.func @forward(%batch: index {nn.batch}, %w: tensor<3xf32> {nn.param = "a/kernel", nn.trainable},
                   %x: tensor<?x3xf32> {nn.input = "x"}, %b: tensor<3xf32> {nn.param = "a/bias", nn.trainable})
    -> (tensor<?x3xf32> {nn.output = "y"}) {
  %one = arith.constant dense<1.0> : tensor<3xf32>
  %0 = nn.affine %w, %one : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %1 = nn.affine %x, %0, %b : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %2 = nn.affine %1, %0, %one : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %2 : tensor<?x3xf32>
}

// -----

// What depends on prepared values alone joins the @prepare that is there; what only it read is not handed
// through any longer.
// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    %[[W:[^:]*]]: tensor<3xf32> {nn.param = "a/kernel"}, %[[B:[^:]*]]: tensor<3xf32> {nn.param = "a/bias"}) -> (tensor<3xf32>, tensor<3xf32>)
// CHECK:         %[[FOLDED:.*]] = nn.relu %[[W]]
// CHECK:         %[[MORE:.*]] = nn.affine %[[FOLDED]], %[[B]]
// CHECK:         return %[[B]], %[[MORE]]
func.func @prepare(%w: tensor<3xf32> {nn.param = "a/kernel"}, %b: tensor<3xf32> {nn.param = "a/bias"}) -> (tensor<3xf32>, tensor<3xf32>) {
  %0 = nn.relu %w : tensor<3xf32>
  return %0, %b : tensor<3xf32>, tensor<3xf32>
}
// CHECK-LABEL: func.func @forward(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x3xf32> {nn.input = "x"}, %[[P0:[^:]*]]: tensor<3xf32> {nn.prepared = 0 : i64}, %[[P1:[^:]*]]: tensor<3xf32> {nn.prepared = 1 : i64})
// CHECK-NEXT:    nn.affine %[[X]], %[[P1]], %[[P0]]
func.func @forward(%x: tensor<?x3xf32> {nn.input = "x"}, %p: tensor<3xf32> {nn.prepared = 0 : i64}, %q: tensor<3xf32> {nn.prepared = 1 : i64})
    -> (tensor<?x3xf32> {nn.output = "y"}) {
  %0 = nn.affine %p, %q : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %1 = nn.affine %x, %0, %q : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}

// -----

// Without parameters there is nothing to prepare, but the entry is there.
// CHECK-LABEL: func.func @prepare() {
// CHECK-LABEL: func.func @forward(
// CHECK-NOT:     nn.prepared
// CHECK:         nn.relu
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"}) -> (tensor<?x3xf32> {nn.output = "y"}) {
  %0 = nn.relu %x : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

// A result that is a parameter.
// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    %[[P:[^:]*]]: tensor<3xf32> {nn.param = "a/gamma"})
// CHECK:         return %[[P]]
// CHECK-LABEL: func.func @forward(
// CHECK-SAME:    %[[P0:[^:]*]]: tensor<3xf32> {nn.prepared = 0 : i64})
// CHECK:         return %[[P0]]
func.func @forward(%g: tensor<3xf32> {nn.param = "a/gamma"}) -> (tensor<3xf32> {nn.output = "y"}) {
  return %g : tensor<3xf32>
}

// -----

// expected-error@+1 {{has no function @forward to prepare for}}
module {
  func.func @backward(%x: tensor<3xf32>) -> tensor<3xf32> {
    return %x : tensor<3xf32>
  }
}
