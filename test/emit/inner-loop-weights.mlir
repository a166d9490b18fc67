// The inner loop of a kernel's gradient: for each pixel 16 multiply-adds, 8 broadcasts of its channels and
// two vectors of gradients. Nothing is spilled, nothing multiplied and then added.
// RUN: dlc compile %s --emit asm --march x86-64-v4 | %python %S/inner_loop.py | FileCheck %s -DREG=zmm
// RUN: dlc compile %s --emit asm --march x86-64-v3 | %python %S/inner_loop.py | FileCheck %s --check-prefix SHORT

// CHECK:     {{^}}{{[1-9][0-9]*}} vfmadd231ps [[REG]]
// CHECK-NOT: {{stack|store|vmulps|vaddps}}
// SHORT:     {{^}}{{[1-9][0-9]*}} vfmadd231ps ymm
// SHORT-NOT: {{stack|store|vmulps|vaddps}}

module attributes {nn.model = "weights"} {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x14x14x64xf32> {nn.input = "x"},
                     %g: tensor<?x14x14x64xf32> {nn.input = "g"}, %y: tensor<?x64xf32> {nn.input = "y"})
      -> (tensor<?x64xf32> {nn.output = "sums"}) {
    %0 = nn.conv2d_backward_kernel %x, %g {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
        : (tensor<?x14x14x64xf32>, tensor<?x14x14x64xf32>) -> tensor<3x3x64x64xf32>
    %1 = nn.reduce_sum %0 : (tensor<3x3x64x64xf32>) -> tensor<64xf32>
    %2 = nn.affine %y, %1 : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    return %2 : tensor<?x64xf32>
  }
}
