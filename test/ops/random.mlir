// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s --check-prefix=NUMBERS

// CHECK-LABEL: func.func @draw(
// CHECK:         linalg.generic {{.*}} ["parallel", "parallel"]
// CHECK-DAG:     linalg.index 0
// CHECK-DAG:     linalg.index 1
// CHECK:         arith.shrui
// CHECK:         arith.sitofp
// CHECK-NOT:     tensor.dim
// CHECK:         return
func.func @draw(%batch: index {nn.batch}, %random: tensor<4xi32>) -> tensor<?x3xf32> {
  %0 = nn.random_uniform %random {site = 0} : (tensor<4xi32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

func.func @main() {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  // The key is Threefry's published answer for 13 rounds of zeros, 9d1c5ec6 8bd50731. These numbers
  // are those of a separate program that gives that answer too.
  %zero = arith.constant dense<0> : tensor<4xi32>
  %0 = func.call @draw(%two, %zero) : (index, tensor<4xi32>) -> tensor<?x3xf32>
  %u0 = tensor.cast %0 : tensor<?x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[0.388915, 0.213618, 0.0299192],
  // NUMBERS-NEXT: [0.184527, 0.00290781, 0.98608]]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()

  // The second sample alone, as part of another batch.
  %second = arith.constant dense<[0, 0, 0, 1]> : tensor<4xi32>
  %1 = func.call @draw(%one, %second) : (index, tensor<4xi32>) -> tensor<?x3xf32>
  %u1 = tensor.cast %1 : tensor<?x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[0.184527, 0.00290781, 0.98608]]
  func.call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()

  // Another seed, another step, another site.
  %seed = arith.constant dense<[0, 7, 3, 0]> : tensor<4xi32>
  %2 = nn.random_uniform %seed {site = 5} : (tensor<4xi32>) -> tensor<1x3xf32>
  %u2 = tensor.cast %2 : tensor<1x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[0.882176, 0.798998, 0.345496]]
  func.call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
