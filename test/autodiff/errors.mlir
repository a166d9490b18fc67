// RUN: dlc-opt %s -split-input-file -verify-diagnostics --dlc-differentiate

// expected-error@+1 {{needs @forward and @loss to differentiate}}
module {
  func.func @forward(%x: tensor<1xf32> {nn.input = "x"}) -> (tensor<1xf32> {nn.output = "y"}) {
    return %x : tensor<1xf32>
  }
}

// -----

func.func @forward(%x: tensor<1xf32> {nn.input = "x"}, %w: tensor<1xf32> {nn.param = "w", nn.trainable})
    -> (tensor<1xf32> {nn.output = "y"}) {
  // expected-error@+1 {{has no gradient, but a trainable parameter lies before it}}
  %0 = tensor.pad %w low[0] high[0] {
  ^bb0(%i: index):
    %zero = arith.constant 0.0 : f32
    tensor.yield %zero : f32
  } : tensor<1xf32> to tensor<1xf32>
  return %0 : tensor<1xf32>
}
func.func @loss(%y: tensor<1xf32> {nn.output = "y"}) -> tensor<1xf32> {
  return %y : tensor<1xf32>
}

// -----

func.func @forward(%x: tensor<1xf32> {nn.input = "x"}, %w: tensor<1xf32> {nn.param = "w", nn.trainable})
    -> (tensor<1xf32> {nn.output = "y"}) {
  return %w : tensor<1xf32>
}
// expected-error@+1 {{argument 0 of @loss is no batch, output, target or parameter of @forward}}
func.func @loss(%y: tensor<1xf32> {nn.output = "z"}) -> tensor<1xf32> {
  return %y : tensor<1xf32>
}
