// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s --check-prefix=NUMBERS

// CHECK-DAG:   #[[ROWS:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG:   #[[KERNEL:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG:   #[[OUT:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @dense(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}
// CHECK:         %[[EMPTY:.*]] = tensor.empty(%[[BATCH]]) : tensor<?x2xf32>
// CHECK:         %[[INIT:.*]] = linalg.fill ins(%{{.*}} : f32) outs(%[[EMPTY]]
// CHECK:         %[[PRODUCT:.*]] = linalg.generic {indexing_maps = [#[[ROWS]], #[[KERNEL]], #[[OUT]]], iterator_types = ["parallel", "parallel", "reduction"]} {{.*}} outs(%[[INIT]]
// CHECK:         linalg.generic {{.*}} ins(%[[PRODUCT]], %{{.*}} : tensor<?x2xf32>, tensor<2xf32>)
func.func @dense(%batch: index {nn.batch}, %x: tensor<?x3xf32>, %k: tensor<3x2xf32>, %b: tensor<2xf32>) -> tensor<?x2xf32> {
  %0 = nn.dense %x, %k, %b : (tensor<?x3xf32>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// Without a bias nothing is added; further dimensions are rows.
// CHECK-LABEL: func.func @rows
// CHECK-COUNT-1: linalg.generic {{.*}} ["parallel", "parallel", "parallel", "reduction"]
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @rows(%x: tensor<2x2x3xf32>, %k: tensor<3x2xf32>) -> tensor<2x2x2xf32> {
  %0 = nn.dense %x, %k : (tensor<2x2x3xf32>, tensor<3x2xf32>) -> tensor<2x2x2xf32>
  return %0 : tensor<2x2x2xf32>
}

// [1 2 3] and [4 5 6] by a 3x2 kernel, plus [100, 200].
func.func @main() {
  %two = arith.constant 2 : index
  %x = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %k = arith.constant dense<[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]> : tensor<3x2xf32>
  %b = arith.constant dense<[100.0, 200.0]> : tensor<2xf32>
  %xs = tensor.cast %x : tensor<2x3xf32> to tensor<?x3xf32>
  %0 = func.call @dense(%two, %xs, %k, %b) : (index, tensor<?x3xf32>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %u0 = tensor.cast %0 : tensor<?x2xf32> to tensor<*xf32>
  // NUMBERS: [114, 340]
  // NUMBERS-NEXT: [132, 520]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
