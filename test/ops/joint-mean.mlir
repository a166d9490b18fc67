// RUN: dlc-opt %s --dlc-differentiate --cse | FileCheck %s
// RUN: dlc-opt %s --dlc-differentiate --dlc-nn-to-linalg | FileCheck %s --check-prefix=LOWERED

// Where nothing before x learns, only what normalises is joined.
// CHECK-LABEL: func.func @gradients(
// CHECK-COUNT-2: nn.joint_mean
// CHECK-NOT:     nn.joint_mean

// The moments of a batch that several processes share: the joint mean of their means, and of their variances about
// that one. What normalises and what the moving statistics follow are those; and what the loss of each process has
// against them is joined in turn, on its way to the part's own moments.
// CHECK-LABEL: func.func @backward(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x3xf32> {nn.input = "x"}
// CHECK-SAME:    %[[M:[^:]*]]: tensor<3xf32> {nn.param = "m"}, %[[V:[^:]*]]: tensor<3xf32> {nn.param = "v"}
// CHECK:         %[[MEAN:.*]], %[[VARIANCE:.*]] = nn.moments %[[X]]
// CHECK:         %[[JOINT:.*]] = nn.joint_mean %[[MEAN]]
// CHECK:         %[[ABOUT:.*]] = nn.map %[[VARIANCE]], %[[MEAN]], %[[JOINT]]
// CHECK:         %[[SPREAD:.*]] = nn.joint_mean %[[ABOUT]]
// CHECK:         nn.map %[[M]], %[[JOINT]]
// CHECK:         nn.map %[[V]], %[[SPREAD]]
// CHECK:         %[[OFSPREAD:.*]] = nn.joint_mean
// CHECK:         nn.map %[[MEAN]], %[[JOINT]], %[[OFSPREAD]]
// CHECK:         %[[OFMEAN:.*]] = nn.joint_mean
// CHECK-NOT:     nn.joint_mean
// CHECK:         nn.average %[[OFSPREAD]]
// CHECK:         nn.map %[[X]], %[[MEAN]]

// In place.
// LOWERED-LABEL: func.func @gradients(
// LOWERED:         %[[MEAN:.*]] = linalg.generic
// LOWERED:         kernel.joint_mean outs(%{{.*}} : tensor<3xf32>) -> tensor<3xf32>
// LOWERED:         kernel.joint_mean outs(%{{.*}} : tensor<3xf32>) -> tensor<3xf32>
// LOWERED-NOT:     nn.joint_mean
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"},
                   %g: tensor<3xf32> {nn.param = "g", nn.trainable}, %b: tensor<3xf32> {nn.param = "b", nn.trainable},
                   %m: tensor<3xf32> {nn.param = "m", nn.state}, %v: tensor<3xf32> {nn.param = "v", nn.state})
    -> (tensor<?x3xf32> {nn.output = "y"}) {
  %0 = nn.batch_norm %x, %g, %b, %m, %v {epsilon = 1.0e-3 : f32, joint}
     : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
func.func @loss(%y: tensor<?x3xf32> {nn.output = "y"}) -> tensor<1xf32> {
  %0 = nn.reduce_sum %y : (tensor<?x3xf32>) -> tensor<3xf32>
  %1 = nn.reshape %0 : (tensor<3xf32>) -> tensor<3x1xf32>
  %2 = nn.reduce_sum %1 : (tensor<3x1xf32>) -> tensor<1xf32>
  return %2 : tensor<1xf32>
}
