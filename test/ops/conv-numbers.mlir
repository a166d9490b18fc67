// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s

// The worked examples by which convolutions are taught.

func.func @main() {
  // A 3x3 kernel over a 5x5 image.
  %image = arith.constant dense<[[3., 3., 2., 1., 0.], [0., 0., 1., 3., 1.], [3., 1., 2., 2., 3.], [2., 0., 0., 2., 2.], [2., 0., 0., 0., 1.]]> : tensor<5x5xf32>
  %kernel = arith.constant dense<[[0., 1., 2.], [2., 2., 0.], [0., 1., 2.]]> : tensor<3x3xf32>
  %x0 = nn.reshape %image : (tensor<5x5xf32>) -> tensor<1x5x5x1xf32>
  %k0 = nn.reshape %kernel : (tensor<3x3xf32>) -> tensor<3x3x1x1xf32>
  %y0 = nn.conv2d %x0, %k0 {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x5x5x1xf32>, tensor<3x3x1x1xf32>) -> tensor<1x3x3x1xf32>
  %z0 = nn.reshape %y0 : (tensor<1x3x3x1xf32>) -> tensor<3x3xf32>
  %u0 = tensor.cast %z0 : tensor<3x3xf32> to tensor<*xf32>
  // CHECK: {{\[}}[12, 12, 17],
  // CHECK-NEXT: [10, 17, 19],
  // CHECK-NEXT: [9, 6, 14]]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()

  // Stride 2 with one zero all around.
  %count = arith.constant dense<[[1., 2., 3., 4.], [5., 6., 7., 8.], [9., 10., 11., 12.], [13., 14., 15., 16.]]> : tensor<4x4xf32>
  %small = arith.constant dense<[[1., 1.], [0., 2.]]> : tensor<2x2xf32>
  %x1 = nn.reshape %count : (tensor<4x4xf32>) -> tensor<1x4x4x1xf32>
  %k1 = nn.reshape %small : (tensor<2x2xf32>) -> tensor<2x2x1x1xf32>
  %y1 = nn.conv2d %x1, %k1 {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x4x4x1xf32>, tensor<2x2x1x1xf32>) -> tensor<1x3x3x1xf32>
  %z1 = nn.reshape %y1 : (tensor<1x3x3x1xf32>) -> tensor<3x3xf32>
  %u1 = tensor.cast %z1 : tensor<3x3xf32> to tensor<*xf32>
  // CHECK: {{\[}}[2, 6, 0],
  // CHECK-NEXT: [23, 35, 8],
  // CHECK-NEXT: [13, 29, 16]]
  func.call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()

  // Three input channels summed with a bias: 308 - 498 + 164 + 1.
  %rgb = arith.constant dense<[[[[308., -498., 164.]]]]> : tensor<1x1x1x3xf32>
  %ones = arith.constant dense<1.> : tensor<1x1x3x1xf32>
  %bias = arith.constant dense<1.> : tensor<1xf32>
  %y2 = nn.conv2d %rgb, %ones, %bias {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x1x1x3xf32>, tensor<1x1x3x1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  %u2 = tensor.cast %y2 : tensor<1x1x1x1xf32> to tensor<*xf32>
  // CHECK: [-25]
  func.call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()

  // W = [-1, 1, -1] with a global maximum finds a spike wherever it stands, and no step.
  %signals = arith.constant dense<[[[[0.], [0.], [1.], [0.], [0.], [0.]]], [[[0.], [0.], [0.], [0.], [1.], [0.]]], [[[0.], [0.], [1.], [1.], [1.], [1.]]]]> : tensor<3x1x6x1xf32>
  %w = arith.constant dense<[[[[-1.]], [[1.]], [[-1.]]]]> : tensor<1x3x1x1xf32>
  %y3 = nn.conv2d %signals, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<3x1x6x1xf32>, tensor<1x3x1x1xf32>) -> tensor<3x1x4x1xf32>
  %z3 = nn.global_pool2d %y3 {kind = #nn.pool<max>} : (tensor<3x1x4x1xf32>) -> tensor<3x1xf32>
  %s3 = nn.reshape %z3 : (tensor<3x1xf32>) -> tensor<3xf32>
  %u3 = tensor.cast %s3 : tensor<3xf32> to tensor<*xf32>
  // CHECK: [1, 1, 0]
  func.call @printMemrefF32(%u3) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
