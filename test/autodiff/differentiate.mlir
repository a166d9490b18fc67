// RUN: dlc-opt %s --split-input-file --dlc-differentiate --cse | FileCheck %s

// A parameter that is read twice has the sum of two gradients; the target and the input have none.
// CHECK-LABEL: func.func @forward(
// CHECK-NOT:   func.func @loss
// CHECK-LABEL: func.func @gradients(
// CHECK-SAME:    %{{.*}}: index {nn.batch}, %{{.*}}: tensor<4xi32> {nn.input = "random"}, %[[X:[^:]*]]: tensor<1xf32> {nn.input = "x"}
// CHECK-SAME:    %[[T:[^:]*]]: tensor<1xf32> {nn.input = "target of y"}, %[[W:[^:]*]]: tensor<1xf32> {nn.param = "w"}
// CHECK-SAME:    -> (tensor<1xf32> {nn.output = "loss"}, tensor<1xf32> {nn.gradient = "w"})
// CHECK:         %[[XW:.*]] = nn.mul %[[X]], %[[W]]
// CHECK:         %[[Y:.*]] = nn.mul %[[XW]], %[[W]]
// CHECK:         %[[LOSS:.*]] = nn.sub %[[Y]], %[[T]]
// CHECK:         %[[INNER:.*]] = nn.map %[[W]], %{{.*}} :
// CHECK:         %[[SECOND:.*]] = nn.map %[[XW]], %{{.*}} :
// CHECK:         %[[FIRST:.*]] = nn.map %[[X]], %[[INNER]] :
// CHECK:         %[[SUM:.*]] = nn.add %[[SECOND]], %[[FIRST]]
// CHECK:         return %[[LOSS]], %[[SUM]]

// The gradients of a call are added to those that are there.
// CHECK-LABEL: func.func @backward(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<1xf32> {nn.input = "x"}, %[[DY:[^:]*]]: tensor<1xf32> {nn.input = "gradient of y"}
// CHECK-SAME:    %[[W:[^:]*]]: tensor<1xf32> {nn.param = "w"}, %[[OLD:[^:]*]]: tensor<1xf32> {nn.gradient = "w"})
// CHECK-SAME:    -> (tensor<1xf32> {nn.output = "gradient of x"}, tensor<1xf32> {nn.gradient = "w"})
// CHECK:         %[[NEW:.*]] = nn.add %{{.*}}, %{{.*}}
// CHECK:         %[[TOTAL:.*]] = nn.add %[[OLD]], %[[NEW]]
// CHECK:         return %{{.*}}, %[[TOTAL]]
func.func @forward(%batch: index {nn.batch}, %x: tensor<1xf32> {nn.input = "x"},
                   %w: tensor<1xf32> {nn.param = "w", nn.trainable}) -> (tensor<1xf32> {nn.output = "y"}) {
  %0 = nn.mul %x, %w : tensor<1xf32>
  %1 = nn.mul %0, %w : tensor<1xf32>
  return %1 : tensor<1xf32>
}
func.func @loss(%y: tensor<1xf32> {nn.output = "y"}, %t: tensor<1xf32> {nn.target = "y"}) -> tensor<1xf32> {
  %0 = nn.sub %y, %t : tensor<1xf32>
  return %0 : tensor<1xf32>
}

// -----

// A frozen parameter has no gradient, and what lies before it alone is not walked through.
// CHECK-LABEL: func.func @gradients(
// CHECK-SAME:    %[[A:[^:]*]]: tensor<1xf32> {nn.param = "a"}, %[[B:[^:]*]]: tensor<1xf32> {nn.param = "b"})
// CHECK-SAME:    -> (tensor<1xf32> {nn.output = "loss"}, tensor<1xf32> {nn.gradient = "b"})
// CHECK:         nn.tanh
// CHECK:         %[[ONE:.*]] = nn.map  :
// CHECK-NOT:     nn.map
// CHECK:         return %{{.*}}, %[[ONE]]
// CHECK-LABEL: func.func @backward(
func.func @forward(%x: tensor<1xf32> {nn.input = "x"}, %a: tensor<1xf32> {nn.param = "a"},
                   %b: tensor<1xf32> {nn.param = "b", nn.trainable}) -> (tensor<1xf32> {nn.output = "y"}) {
  %0 = nn.mul %x, %a : tensor<1xf32>
  %1 = nn.tanh %0 : tensor<1xf32>
  %2 = nn.add %1, %b : tensor<1xf32>
  return %2 : tensor<1xf32>
}
func.func @loss(%y: tensor<1xf32> {nn.output = "y"}) -> tensor<1xf32> {
  return %y : tensor<1xf32>
}
