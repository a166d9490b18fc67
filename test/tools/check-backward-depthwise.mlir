// Gradients of depthwise convolutions against their plain forms, on every CPU level: 3x3 of stride 1 and 2
// on odd images (all taps in registers), 5x5 (rows of taps where there are few registers), taps two
// apart with padding on one side, and a kernel larger than its image. 20 channels end in a part of a block.
// A kernel's gradient is shown by what an image gives under it.
// RUN: dlc-bench --check %s --march x86-64-v2,x86-64-v3,x86-64-v4 --batch 1,7 --threads 1,2 | FileCheck %s
// RUN: dlc compile %s --emit tiled --march x86-64-v3 | FileCheck %s --check-prefix=KERNELS

// CHECK-COUNT-120: : ok
// CHECK-NOT:      FAILED

// KERNELS-LABEL: func.func @forward
// KERNELS-NOT:     nn.depthwise
// KERNELS-COUNT-5: kernel.depthwise_weights
// KERNELS-NOT:     kernel.depthwise_weights

#s1 = array<i64: 1, 1>
#s2 = array<i64: 2, 2>
module attributes {nn.model = "depthwise"} {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x13x11x20xf32> {nn.input = "x"},
                     %g: tensor<?x13x11x20xf32> {nn.input = "g"},
                     %h: tensor<?x7x6x20xf32> {nn.input = "h"},
                     %s: tensor<?x2x3x20xf32> {nn.input = "s"},
                     %k: tensor<3x3x20x1xf32> {nn.param = "k"}, %l: tensor<5x5x20x1xf32> {nn.param = "l"})
      -> (tensor<?x13x11x20xf32> {nn.output = "d1"}, tensor<?x13x11x20xf32> {nn.output = "d2"},
          tensor<?x13x11x20xf32> {nn.output = "d3"}, tensor<?x13x11x20xf32> {nn.output = "d4"},
          tensor<?x2x3x20xf32> {nn.output = "d5"}, tensor<?x13x11x20xf32> {nn.output = "e1"},
          tensor<?x13x11x20xf32> {nn.output = "e2"}, tensor<?x13x11x20xf32> {nn.output = "e3"},
          tensor<?x13x11x20xf32> {nn.output = "e4"}, tensor<?x2x3x20xf32> {nn.output = "e5"}) {
    %d1 = nn.depthwise_conv2d_backward_data %g, %k {strides = #s1, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x13x11x20xf32>, tensor<3x3x20x1xf32>) -> tensor<?x13x11x20xf32>
    %d2 = nn.depthwise_conv2d_backward_data %h, %k {strides = #s2, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x7x6x20xf32>, tensor<3x3x20x1xf32>) -> tensor<?x13x11x20xf32>
    %d3 = nn.depthwise_conv2d_backward_data %h, %l {strides = #s2, padding = array<i64: 2, 2, 2, 2>, dilations = #s1}
        : (tensor<?x7x6x20xf32>, tensor<5x5x20x1xf32>) -> tensor<?x13x11x20xf32>
    %d4 = nn.depthwise_conv2d_backward_data %g, %k {strides = #s1, padding = array<i64: 4, 0, 1, 3>, dilations = #s2}
        : (tensor<?x13x11x20xf32>, tensor<3x3x20x1xf32>) -> tensor<?x13x11x20xf32>
    %d5 = nn.depthwise_conv2d_backward_data %s, %l {strides = #s1, padding = array<i64: 2, 2, 2, 2>, dilations = #s1}
        : (tensor<?x2x3x20xf32>, tensor<5x5x20x1xf32>) -> tensor<?x2x3x20xf32>
    %w1 = nn.depthwise_conv2d_backward_kernel %x, %g {strides = #s1, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x13x11x20xf32>, tensor<?x13x11x20xf32>) -> tensor<3x3x20x1xf32>
    %w2 = nn.depthwise_conv2d_backward_kernel %x, %h {strides = #s2, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x13x11x20xf32>, tensor<?x7x6x20xf32>) -> tensor<3x3x20x1xf32>
    %w3 = nn.depthwise_conv2d_backward_kernel %x, %h {strides = #s2, padding = array<i64: 2, 2, 2, 2>, dilations = #s1}
        : (tensor<?x13x11x20xf32>, tensor<?x7x6x20xf32>) -> tensor<5x5x20x1xf32>
    %w4 = nn.depthwise_conv2d_backward_kernel %x, %g {strides = #s1, padding = array<i64: 4, 0, 1, 3>, dilations = #s2}
        : (tensor<?x13x11x20xf32>, tensor<?x13x11x20xf32>) -> tensor<3x3x20x1xf32>
    %w5 = nn.depthwise_conv2d_backward_kernel %s, %s {strides = #s1, padding = array<i64: 2, 2, 2, 2>, dilations = #s1}
        : (tensor<?x2x3x20xf32>, tensor<?x2x3x20xf32>) -> tensor<5x5x20x1xf32>
    %e1 = nn.depthwise_conv2d %x, %w1 {strides = #s1, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x13x11x20xf32>, tensor<3x3x20x1xf32>) -> tensor<?x13x11x20xf32>
    %e2 = nn.depthwise_conv2d %x, %w2 {strides = #s1, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x13x11x20xf32>, tensor<3x3x20x1xf32>) -> tensor<?x13x11x20xf32>
    %e3 = nn.depthwise_conv2d %x, %w3 {strides = #s1, padding = array<i64: 2, 2, 2, 2>, dilations = #s1}
        : (tensor<?x13x11x20xf32>, tensor<5x5x20x1xf32>) -> tensor<?x13x11x20xf32>
    %e4 = nn.depthwise_conv2d %x, %w4 {strides = #s1, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x13x11x20xf32>, tensor<3x3x20x1xf32>) -> tensor<?x13x11x20xf32>
    %e5 = nn.depthwise_conv2d %s, %w5 {strides = #s1, padding = array<i64: 2, 2, 2, 2>, dilations = #s1}
        : (tensor<?x2x3x20xf32>, tensor<5x5x20x1xf32>) -> tensor<?x2x3x20xf32>
    return %d1, %d2, %d3, %d4, %d5, %e1, %e2, %e3, %e4, %e5
        : tensor<?x13x11x20xf32>, tensor<?x13x11x20xf32>, tensor<?x13x11x20xf32>, tensor<?x13x11x20xf32>, tensor<?x2x3x20xf32>, tensor<?x13x11x20xf32>, tensor<?x13x11x20xf32>, tensor<?x13x11x20xf32>, tensor<?x13x11x20xf32>, tensor<?x2x3x20xf32>
  }
}
