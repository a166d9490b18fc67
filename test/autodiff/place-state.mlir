// RUN: dlc-opt %s --dlc-place-state | FileCheck %s

// CHECK: module attributes {nn.state_bytes = 384 : i64}
// CHECK: func.func @forward(
// CHECK-NOT: nn.place
// CHECK: func.func @backward(
// CHECK-SAME: tensor<20xf32> {nn.gradient = "w", nn.place = 256 : i64}, %{{.*}}: tensor<2xf32> {nn.param = "mean", nn.place = 0 : i64})
// CHECK-SAME: -> (tensor<20xf32> {nn.gradient = "w", nn.place = 256 : i64}, tensor<2xf32> {nn.param = "mean", nn.place = 0 : i64})
// CHECK: func.func @update(
// CHECK-SAME: tensor<20xf32> {nn.param = "w", nn.place = 64 : i64}
// CHECK-SAME: tensor<2xf32> {nn.place = 192 : i64, nn.slot = "sum/w"}
module {
  func.func @forward(%x: tensor<2xf32> {nn.input = "x"}, %m: tensor<2xf32> {nn.param = "mean", nn.state},
                     %w: tensor<20xf32> {nn.param = "w", nn.trainable}) -> (tensor<2xf32> {nn.output = "y"}) {
    return %x : tensor<2xf32>
  }
  func.func @backward(%g: tensor<20xf32> {nn.gradient = "w"}, %m: tensor<2xf32> {nn.param = "mean"})
      -> (tensor<20xf32> {nn.gradient = "w"}, tensor<2xf32> {nn.param = "mean"}) {
    return %g, %m : tensor<20xf32>, tensor<2xf32>
  }
  func.func @update(%w: tensor<20xf32> {nn.param = "w"}, %s: tensor<2xf32> {nn.slot = "sum/w"}) -> (tensor<20xf32> {nn.param = "w"}) {
    return %w : tensor<20xf32>
  }
}
