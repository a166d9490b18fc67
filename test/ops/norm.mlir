// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s --check-prefix=NUMBERS

// The statistics become one scale, computed on vectors; the image sees no square root.
// CHECK-LABEL: func.func @batch_norm(
// CHECK:         linalg.generic {{.*}} ["parallel"]
// CHECK:         math.sqrt
// CHECK:         linalg.generic {{.*}} ["parallel", "parallel"]
// CHECK-NOT:     math.sqrt
// CHECK:         return
func.func @batch_norm(%batch: index {nn.batch}, %x: tensor<?x2xf32>, %gamma: tensor<2xf32>, %beta: tensor<2xf32>, %mean: tensor<2xf32>, %variance: tensor<2xf32>) -> tensor<?x2xf32> {
  %0 = nn.batch_norm %x, %gamma, %beta, %mean, %variance {epsilon = 1.0 : f32}
     : (tensor<?x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// 0.75 is two square roots, other exponents are powers.
// CHECK-LABEL: func.func @lrn
// CHECK:         tensor.insert_slice %{{.*}}[0, 0, 0, 2] [1, 1, 1, 8]
// CHECK:         linalg.generic {{.*}} ["parallel", "parallel", "parallel", "parallel", "reduction"]
// CHECK-COUNT-2: math.sqrt
// CHECK:         math.powf
func.func @lrn(%x: tensor<1x1x1x8xf32>) -> tensor<1x1x1x8xf32> {
  %0 = nn.lrn %x {size = 5, alpha = 1.0 : f32, beta = 0.75 : f32, bias = 2.0 : f32, region = #nn.region<across>} : tensor<1x1x1x8xf32>
  %1 = nn.lrn %0 {size = 5, alpha = 1.0 : f32, beta = 0.6 : f32, bias = 2.0 : f32, region = #nn.region<across>} : tensor<1x1x1x8xf32>
  return %1 : tensor<1x1x1x8xf32>
}

func.func @main() {
  // (x - 3) / sqrt(3 + 1) * 2 + 1, and a second channel that stays as it is.
  %x = arith.constant dense<[[1., 7.], [5., 8.]]> : tensor<2x2xf32>
  %gamma = arith.constant dense<[2., 1.]> : tensor<2xf32>
  %beta = arith.constant dense<[1., 0.]> : tensor<2xf32>
  %mean = arith.constant dense<[3., 0.]> : tensor<2xf32>
  %variance = arith.constant dense<[3., 0.]> : tensor<2xf32>
  %two = arith.constant 2 : index
  %xs = tensor.cast %x : tensor<2x2xf32> to tensor<?x2xf32>
  %0 = func.call @batch_norm(%two, %xs, %gamma, %beta, %mean, %variance)
     : (index, tensor<?x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %u0 = tensor.cast %0 : tensor<?x2xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[-1, 7],
  // NUMBERS-NEXT: [3, 8]]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %scale, %shift = nn.batch_norm_affine %gamma, %beta, %mean, %variance {epsilon = 1.0 : f32}
     : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  %us = tensor.cast %scale : tensor<2xf32> to tensor<*xf32>
  // NUMBERS: [1, 1]
  func.call @printMemrefF32(%us) : (tensor<*xf32>) -> ()
  %ut = tensor.cast %shift : tensor<2xf32> to tensor<*xf32>
  // NUMBERS: [-2, 0]
  func.call @printMemrefF32(%ut) : (tensor<*xf32>) -> ()

  // Across channels: 1 / (1 + 1 + 4), 2 / (1 + 1 + 4 + 9), 3 / (1 + 4 + 9).
  %channels = arith.constant dense<[[[[1., 2., 3.]]]]> : tensor<1x1x1x3xf32>
  %1 = nn.lrn %channels {size = 3, alpha = 3.0 : f32, beta = 1.0 : f32, bias = 1.0 : f32, region = #nn.region<across>} : tensor<1x1x1x3xf32>
  %u1 = tensor.cast %1 : tensor<1x1x1x3xf32> to tensor<*xf32>
  // NUMBERS: [0.166667, 0.133333, 0.214286]
  func.call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()

  // Within a channel of ones: 4 squares around a corner, 6 around an edge, 9 around the centre.
  %ones = arith.constant dense<1.> : tensor<1x3x3x1xf32>
  %2 = nn.lrn %ones {size = 3, alpha = 9.0 : f32, beta = 0.5 : f32, bias = 0.0 : f32, region = #nn.region<within>} : tensor<1x3x3x1xf32>
  %s2 = nn.reshape %2 : (tensor<1x3x3x1xf32>) -> tensor<9xf32>
  %u2 = tensor.cast %s2 : tensor<9xf32> to tensor<*xf32>
  // NUMBERS: [0.5, 0.408248, 0.5, 0.408248, 0.333333, 0.408248, 0.5, 0.408248, 0.5]
  func.call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
