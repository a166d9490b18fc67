// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s --check-prefix=NUMBERS

// Sums go dimension by dimension from the inside, the batch last.
// CHECK-LABEL: func.func @sum(
// CHECK:         linalg.generic {{.*}} ["parallel", "parallel", "reduction", "parallel"]
// CHECK-SAME:      ins(%{{.*}} : tensor<?x4x2x3xf32>) outs(%{{.*}} : tensor<?x4x3xf32>)
// CHECK:         linalg.generic {{.*}} ["parallel", "reduction", "parallel"]
// CHECK-SAME:      outs(%{{.*}} : tensor<?x3xf32>)
// CHECK:         linalg.generic {{.*}} ["reduction", "parallel"]
// CHECK-SAME:      outs(%{{.*}} : tensor<3xf32>)
func.func @sum(%batch: index {nn.batch}, %x: tensor<?x4x2x3xf32>) -> tensor<3xf32> {
  %0 = nn.reduce_sum %x : (tensor<?x4x2x3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// CHECK-LABEL: func.func @total(
// CHECK:         linalg.generic {{.*}} ["parallel", "reduction"]
// CHECK:         linalg.generic {{.*}} ["reduction"]
// CHECK-SAME:      outs(%{{.*}} : tensor<1xf32>)
// CHECK:         linalg.generic
// CHECK:         arith.divf
func.func @total(%batch: index {nn.batch}, %x: tensor<?x3xf32>) -> tensor<1xf32> {
  %0 = nn.reduce_sum %x : (tensor<?x3xf32>) -> tensor<1xf32>
  %1 = nn.average %0 {per_sample = 3 : i64} : tensor<1xf32>
  return %1 : tensor<1xf32>
}

// The squares are those of what is left without the mean.
// CHECK-LABEL: func.func @moments(
// CHECK:         arith.divf
// CHECK:         arith.subf
// CHECK-NEXT:    arith.mulf
// CHECK-NEXT:    arith.addf
// CHECK:         arith.divf
func.func @moments(%batch: index {nn.batch}, %x: tensor<?x2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %mean, %variance = nn.moments %x : (tensor<?x2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  return %mean, %variance : tensor<2xf32>, tensor<2xf32>
}

func.func @main() {
  %x = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %two = arith.constant 2 : index
  %xs = tensor.cast %x : tensor<2x3xf32> to tensor<?x3xf32>
  %0 = func.call @total(%two, %xs) : (index, tensor<?x3xf32>) -> tensor<1xf32>
  %u0 = tensor.cast %0 : tensor<1xf32> to tensor<*xf32>
  // NUMBERS: [3.5]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()

  %1 = nn.reduce_sum %x : (tensor<2x3xf32>) -> tensor<3xf32>
  %u1 = tensor.cast %1 : tensor<3xf32> to tensor<*xf32>
  // NUMBERS: [5, 7, 9]
  func.call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  %v = arith.constant dense<[5.0, 7.0, 9.0]> : tensor<3xf32>
  %2 = nn.reduce_sum %v : (tensor<3xf32>) -> tensor<3xf32>
  %3 = nn.reduce_sum %2 : (tensor<3xf32>) -> tensor<1xf32>
  %u3 = tensor.cast %3 : tensor<1xf32> to tensor<*xf32>
  // NUMBERS: [21]
  func.call @printMemrefF32(%u3) : (tensor<*xf32>) -> ()

  // A large mean leaves the variance alone.
  %m = arith.constant dense<[[4097.0, 1.0], [4099.0, 2.0]]> : tensor<2x2xf32>
  %ms = tensor.cast %m : tensor<2x2xf32> to tensor<?x2xf32>
  %mean, %variance = func.call @moments(%two, %ms) : (index, tensor<?x2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  %um = tensor.cast %mean : tensor<2xf32> to tensor<*xf32>
  %uv = tensor.cast %variance : tensor<2xf32> to tensor<*xf32>
  // NUMBERS: [4098, 1.5]
  func.call @printMemrefF32(%um) : (tensor<*xf32>) -> ()
  // NUMBERS: [1, 0.25]
  func.call @printMemrefF32(%uv) : (tensor<*xf32>) -> ()

  // softmax: y (g - sum g y) = [0.5, 0.25, 0.25] * ([4, 0, 8] - 4); log: g - exp(y) * 12.
  %y = arith.constant dense<[[0.5, 0.25, 0.25]]> : tensor<1x3xf32>
  %g = arith.constant dense<[[4.0, 0.0, 8.0]]> : tensor<1x3xf32>
  %4 = nn.softmax_backward %y, %g : tensor<1x3xf32>
  %u4 = tensor.cast %4 : tensor<1x3xf32> to tensor<*xf32>
  // NUMBERS: [0, -1, 1]
  func.call @printMemrefF32(%u4) : (tensor<*xf32>) -> ()
  %ly = arith.constant dense<[[0.0, -1.0, -1.0]]> : tensor<1x3xf32>
  %5 = nn.softmax_backward %ly, %g {log} : tensor<1x3xf32>
  %u5 = tensor.cast %5 : tensor<1x3xf32> to tensor<*xf32>
  // NUMBERS: [-8, -4.41455, 3.58545]
  func.call @printMemrefF32(%u5) : (tensor<*xf32>) -> ()

  // x^T . g over all rows of all samples.
  %gk = arith.constant dense<[[[1.0], [2.0]]]> : tensor<1x2x1xf32>
  %xk = nn.reshape %x : (tensor<2x3xf32>) -> tensor<1x2x3xf32>
  %6 = nn.dense_backward_kernel %xk, %gk : (tensor<1x2x3xf32>, tensor<1x2x1xf32>) -> tensor<3x1xf32>
  %u6 = tensor.cast %6 : tensor<3x1xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[9],
  // NUMBERS-NEXT: [12],
  // NUMBERS-NEXT: [15]]
  func.call @printMemrefF32(%u6) : (tensor<*xf32>) -> ()

  %7 = nn.slice %x {offsets = array<i64: 0, 1>, sizes = array<i64: -1, 2>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  %u7 = tensor.cast %7 : tensor<2x2xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[2, 3],
  // NUMBERS-NEXT: [5, 6]]
  func.call @printMemrefF32(%u7) : (tensor<*xf32>) -> ()

  // A map reads vectors along its last dimension, and one number everywhere.
  %scale = arith.constant dense<[1.0, 10.0, 100.0]> : tensor<3xf32>
  %one = arith.constant dense<0.5> : tensor<1xf32>
  %8 = nn.map %x, %scale, %one : (tensor<2x3xf32>, tensor<3xf32>, tensor<1xf32>) -> tensor<2x3xf32> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %9 = arith.mulf %a, %b : f32
    %10 = arith.addf %9, %c : f32
    nn.yield %10 : f32
  }
  %u8 = tensor.cast %8 : tensor<2x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[1.5, 20.5, 300.5],
  // NUMBERS-NEXT: [4.5, 50.5, 600.5]]
  func.call @printMemrefF32(%u8) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
