// RUN: dlc-opt %s --split-input-file --dlc-differentiate --cse | FileCheck %s

// While training the batch's moments normalise, and the moving ones follow; the scale is one number
// a channel, so that its slope costs one sum over the image.
// CHECK-LABEL: func.func @backward(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x3xf32> {nn.input = "x"}, %[[G:[^:]*]]: tensor<?x3xf32>
// CHECK:         %[[MEAN:.*]], %[[VARIANCE:.*]] = nn.moments %[[X]]
// CHECK:         %{{.*}} = nn.map %{{.*}}, %[[VARIANCE]] : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK:           math.sqrt
// CHECK-NOT:     math.sqrt
// CHECK:         nn.reduce_sum %{{.*}} : (tensor<?x3xf32>) -> tensor<3xf32>
// CHECK:         nn.average
// CHECK:         return
// CHECK-SAME:    tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"},
                   %gamma: tensor<3xf32> {nn.param = "gamma", nn.trainable}, %beta: tensor<3xf32> {nn.param = "beta", nn.trainable},
                   %mean: tensor<3xf32> {nn.param = "mean", nn.state}, %variance: tensor<3xf32> {nn.param = "variance", nn.state})
    -> (tensor<?x3xf32> {nn.output = "y"}) {
  %0 = nn.batch_norm %x, %gamma, %beta, %mean, %variance {epsilon = 0.001 : f32}
     : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
func.func @loss(%y: tensor<?x3xf32> {nn.output = "y"}) -> tensor<1xf32> {
  %0 = nn.reduce_sum %y : (tensor<?x3xf32>) -> tensor<1xf32>
  return %0 : tensor<1xf32>
}

// -----

// Both directions read the numbers that dropout drew; the kernel has the gradient of what was kept.
// CHECK-LABEL: func.func @backward(
// CHECK-SAME:    %[[RANDOM:[^:]*]]: tensor<4xi32> {nn.input = "random"}, %[[X:[^:]*]]: tensor<?x3xf32>
// CHECK:         %[[U:.*]] = nn.random_uniform %[[RANDOM]] {site = 0 : i64}
// CHECK:         %[[KEPT:.*]] = nn.map %[[X]], %[[U]] :
// CHECK:         %[[BACK:.*]] = nn.transpose %{{.*}} {perm = array<i64: 1, 0>}
// CHECK:         nn.dense %{{.*}}, %[[BACK]]
// CHECK:         nn.dense_backward_kernel %[[KEPT]]
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"},
                   %w: tensor<3x2xf32> {nn.param = "w", nn.trainable}) -> (tensor<?x2xf32> {nn.output = "y"}) {
  %0 = nn.dropout %x {rate = 0.5 : f32} : tensor<?x3xf32>
  %1 = nn.dense %0, %w : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}
func.func @loss(%y: tensor<?x2xf32> {nn.output = "y"}) -> tensor<1xf32> {
  %0 = nn.reduce_sum %y : (tensor<?x2xf32>) -> tensor<1xf32>
  return %0 : tensor<1xf32>
}
