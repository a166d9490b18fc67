// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s --check-prefix=NUMBERS

// CHECK-LABEL: func.func @softmax(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}
// CHECK:         linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<?xf32>)
// CHECK:         linalg.generic {{.*}} ["parallel", "reduction"]
// CHECK:         arith.maximumf
// CHECK:         arith.subf
// CHECK:         math.exp
// CHECK:         linalg.generic {{.*}} ["parallel", "reduction"]
// CHECK:         arith.addf
// CHECK:         arith.divf
// CHECK-NOT:     tensor.dim
// CHECK:         return
func.func @softmax(%batch: index {nn.batch}, %x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %0 = nn.softmax %x : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

func.func @main() {
  // 0.46, 0.34 and 0.20 when rounded; the second row would overflow without the maximum.
  %x = arith.constant dense<[[1.2, 0.9, 0.4], [1000.0, 1000.0, -1000.0]]> : tensor<2x3xf32>
  %two = arith.constant 2 : index
  %xs = tensor.cast %x : tensor<2x3xf32> to tensor<?x3xf32>
  %0 = func.call @softmax(%two, %xs) : (index, tensor<?x3xf32>) -> tensor<?x3xf32>
  %u0 = tensor.cast %0 : tensor<?x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[0.456{{[0-9]*}}, 0.338{{[0-9]*}}, 0.205{{[0-9]*}}],
  // NUMBERS-NEXT: [0.5, 0.5, 0]]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()

  // log softmax: -log 2 twice, and a value that softmax rounds to 0.
  %1 = nn.softmax %x {log} : tensor<2x3xf32>
  %u1 = tensor.cast %1 : tensor<2x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[-0.78{{[0-9]*}}, -1.08{{[0-9]*}}, -1.58{{[0-9]*}}],
  // NUMBERS-NEXT: [-0.693147, -0.693147, -2000.69]]
  func.call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()

  // One dimension alone.
  %v = arith.constant dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>
  %2 = nn.softmax %v : tensor<4xf32>
  %u2 = tensor.cast %2 : tensor<4xf32> to tensor<*xf32>
  // NUMBERS: [0.25, 0.25, 0.25, 0.25]
  func.call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
