// Kernels of the backward direction against their plain forms, on every CPU level: the gradients of a
// stride-2 convolution behind a batch normalisation and a maximum of overlapping windows, then of an average
// with padding and a global average. Sums over the batch are shown by what they are added to.
// RUN: dlc-bench --check %s --march x86-64-v2,x86-64-v3,x86-64-v4 --batch 1,7 --threads 1,2 | FileCheck %s
// RUN: dlc compile %s --emit tiled --march x86-64-v4 | FileCheck %s --check-prefix=KERNELS

// CHECK-COUNT-36: : ok
// CHECK-NOT:      FAILED

// Nothing but the image and the last gradients is reordered.
// KERNELS-LABEL: func.func @forward
// KERNELS:         kernel.pack <image>
// KERNELS-COUNT-2: kernel.pool_backward
// KERNELS:         kernel.conv_weights
// KERNELS-COUNT-4: tensor.insert_slice
// KERNELS:         kernel.pool_backward
// KERNELS:         kernel.unpack <image>
// KERNELS:         kernel.conv_weights
// KERNELS-NOT:     kernel.pack <image>

#s1 = array<i64: 1, 1>
#s2 = array<i64: 2, 2>
module attributes {nn.model = "backward"} {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x13x11x5xf32> {nn.input = "x"},
                     %one: tensor<?x20xf32> {nn.input = "one"},
                     %g: tensor<?x20xf32> {nn.input = "g"},
                     %k: tensor<3x3x5x20xf32> {nn.param = "k"}, %l: tensor<3x3x20x20xf32> {nn.param = "l"},
                     %gamma: tensor<20xf32> {nn.param = "gamma"})
      -> (tensor<?x13x11x5xf32> {nn.output = "dx"}, tensor<?x13x11x20xf32> {nn.output = "dpool"},
          tensor<?x20xf32> {nn.output = "sums"}) {
    %0 = nn.conv2d %x, %k {strides = #s1, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x13x11x5xf32>, tensor<3x3x5x20xf32>) -> tensor<?x13x11x20xf32>
    %mean, %variance = nn.moments %0 : (tensor<?x13x11x20xf32>) -> (tensor<20xf32>, tensor<20xf32>)
    %1 = nn.map %0, %mean, %variance, %gamma
        : (tensor<?x13x11x20xf32>, tensor<20xf32>, tensor<20xf32>, tensor<20xf32>) -> tensor<?x13x11x20xf32> {
    ^bb0(%a: f32, %m: f32, %v: f32, %s: f32):
      %c = arith.constant 1.0 : f32
      %d = arith.subf %a, %m : f32
      %w = arith.addf %v, %c : f32
      %q = arith.divf %d, %w : f32
      %r = arith.mulf %q, %s : f32
      nn.yield %r : f32
    }
    %2 = nn.pool2d %1 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = #s2, padding = array<i64: 1, 1, 1, 1>}
        : (tensor<?x13x11x20xf32>) -> tensor<?x7x6x20xf32>
    %3 = nn.conv2d %2, %l {strides = #s2, padding = array<i64: 0, 1, 1, 1>, dilations = #s1}
        : (tensor<?x7x6x20xf32>, tensor<3x3x20x20xf32>) -> tensor<?x3x3x20xf32>
    %4 = nn.pool2d %3 {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = #s1, padding = array<i64: 1, 0, 0, 1>}
        : (tensor<?x3x3x20xf32>) -> tensor<?x3x3x20xf32>
    %5 = nn.global_pool2d %4 {kind = #nn.pool<avg>} : (tensor<?x3x3x20xf32>) -> tensor<?x20xf32>

    %g4 = nn.global_pool2d_backward %4, %5, %g {kind = #nn.pool<avg>}
        : (tensor<?x3x3x20xf32>, tensor<?x20xf32>, tensor<?x20xf32>) -> tensor<?x3x3x20xf32>
    %g3 = nn.pool2d_backward %3, %4, %g4 {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = #s1, padding = array<i64: 1, 0, 0, 1>}
        : (tensor<?x3x3x20xf32>, tensor<?x3x3x20xf32>, tensor<?x3x3x20xf32>) -> tensor<?x3x3x20xf32>
    %dl = nn.conv2d_backward_kernel %2, %g3 {strides = #s2, padding = array<i64: 0, 1, 1, 1>, dilations = #s1}
        : (tensor<?x7x6x20xf32>, tensor<?x3x3x20xf32>) -> tensor<3x3x20x20xf32>
    %g2 = nn.conv2d_backward_data %g3, %l {strides = #s2, padding = array<i64: 0, 1, 1, 1>, dilations = #s1}
        : (tensor<?x3x3x20xf32>, tensor<3x3x20x20xf32>) -> tensor<?x7x6x20xf32>
    %g1 = nn.pool2d_backward %1, %2, %g2 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = #s2, padding = array<i64: 1, 1, 1, 1>}
        : (tensor<?x13x11x20xf32>, tensor<?x7x6x20xf32>, tensor<?x7x6x20xf32>) -> tensor<?x13x11x20xf32>
    %product = nn.mul %g1, %1 : tensor<?x13x11x20xf32>
    %sum = nn.reduce_sum %product : (tensor<?x13x11x20xf32>) -> tensor<20xf32>
    %all = nn.reduce_sum %dl : (tensor<3x3x20x20xf32>) -> tensor<1xf32>
    %dk = nn.conv2d_backward_kernel %x, %g1 {strides = #s1, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x13x11x5xf32>, tensor<?x13x11x20xf32>) -> tensor<3x3x5x20xf32>
    %dks = nn.reduce_sum %dk : (tensor<3x3x5x20xf32>) -> tensor<20xf32>
    %dls = nn.reduce_sum %dl : (tensor<3x3x20x20xf32>) -> tensor<20xf32>
    %gs = nn.map %g1, %all : (tensor<?x13x11x20xf32>, tensor<1xf32>) -> tensor<?x13x11x20xf32> {
    ^bb0(%a: f32, %b: f32):
      %r = arith.mulf %a, %b : f32
      nn.yield %r : f32
    }
    %dx = nn.conv2d_backward_data %gs, %k {strides = #s1, padding = array<i64: 1, 1, 1, 1>, dilations = #s1}
        : (tensor<?x13x11x20xf32>, tensor<3x3x5x20xf32>) -> tensor<?x13x11x5xf32>
    %sums = nn.map %one, %sum, %dks, %dls
        : (tensor<?x20xf32>, tensor<20xf32>, tensor<20xf32>, tensor<20xf32>) -> tensor<?x20xf32> {
    ^bb0(%a: f32, %b: f32, %c: f32, %d: f32):
      %t = arith.addf %a, %b : f32
      %u = arith.addf %t, %c : f32
      %v = arith.addf %u, %d : f32
      nn.yield %v : f32
    }
    return %dx, %g1, %sums : tensor<?x13x11x5xf32>, tensor<?x13x11x20xf32>, tensor<?x20xf32>
  }
}
