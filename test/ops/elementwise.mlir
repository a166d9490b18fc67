// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg --linalg-fuse-elementwise-ops | FileCheck %s --check-prefix=FUSED
// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s --check-prefix=NUMBERS

// One generic an op; vectors run along the last dimension; the destination's batch is the argument.
// CHECK:       #[[LAST:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @chain(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}
// CHECK:         tensor.empty(%[[BATCH]]) : tensor<?x5xf32>
// CHECK:         linalg.generic {{.*}}#[[LAST]]{{.*}} ["parallel", "parallel"]
// CHECK:         arith.mulf {{.*}} fastmath<contract>
// CHECK:         arith.addf {{.*}} fastmath<contract>
// CHECK:         arith.maximumf {{.*}} fastmath<nsz>
// CHECK:         arith.minimumf {{.*}} fastmath<nsz>
// CHECK-NOT:     tensor.dim
// CHECK:         return

// FUSED-LABEL: func.func @chain(
// FUSED-COUNT-1: linalg.generic
// FUSED-NOT:     linalg.generic
// FUSED:         return
func.func @chain(%batch: index {nn.batch}, %x: tensor<?x5xf32>, %s: tensor<5xf32>, %t: tensor<5xf32>) -> tensor<?x5xf32> {
  %0 = nn.affine %x, %s, %t : (tensor<?x5xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<?x5xf32>
  %1 = nn.relu %0 {max_value = 6.0 : f32} : tensor<?x5xf32>
  return %1 : tensor<?x5xf32>
}

func.func @main() {
  %x = arith.constant dense<[[-2.0, -0.5, 0.5, 2.0, 9.0]]> : tensor<1x5xf32>
  %xs = tensor.cast %x : tensor<1x5xf32> to tensor<?x5xf32>
  %one = arith.constant 1 : index
  %s = arith.constant dense<[1.0, 2.0, 1.0, 2.0, 1.0]> : tensor<5xf32>
  %t = arith.constant dense<1.0> : tensor<5xf32>
  %0 = func.call @chain(%one, %xs, %s, %t) : (index, tensor<?x5xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<?x5xf32>
  %u0 = tensor.cast %0 : tensor<?x5xf32> to tensor<*xf32>
  // NUMBERS: [0, 0, 1.5, 5, 6]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()

  // x from the threshold on, below it slope * (x - threshold).
  %1 = nn.relu %x {negative_slope = 0.5 : f32, threshold = 1.0 : f32} : tensor<1x5xf32>
  %u1 = tensor.cast %1 : tensor<1x5xf32> to tensor<*xf32>
  // NUMBERS: [-1.5, -0.75, -0.25, 2, 9]
  func.call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()

  // relu keeps NaN; softplus and sigmoid survive large inputs.
  %w = arith.constant dense<[[0x7FC00000, -200.0, 200.0]]> : tensor<1x3xf32>
  %2 = nn.relu %w : tensor<1x3xf32>
  %u2 = tensor.cast %2 : tensor<1x3xf32> to tensor<*xf32>
  // NUMBERS: [nan, 0, 200]
  func.call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()
  %3 = nn.softplus %w : tensor<1x3xf32>
  %u3 = tensor.cast %3 : tensor<1x3xf32> to tensor<*xf32>
  // NUMBERS: [nan, 0, 200]
  func.call @printMemrefF32(%u3) : (tensor<*xf32>) -> ()
  %4 = nn.sigmoid %w : tensor<1x3xf32>
  %u4 = tensor.cast %4 : tensor<1x3xf32> to tensor<*xf32>
  // NUMBERS: [{{-?}}nan, 0, 1]
  func.call @printMemrefF32(%u4) : (tensor<*xf32>) -> ()

  // (x1 AND NOT x2) OR (NOT x1 AND x2) of 0 and 1: |x1 - x2| by maximum and minimum.
  %x1 = arith.constant dense<[[0.0, 0.0, 1.0, 1.0]]> : tensor<1x4xf32>
  %x2 = arith.constant dense<[[0.0, 1.0, 0.0, 1.0]]> : tensor<1x4xf32>
  %max = nn.maximum %x1, %x2 : tensor<1x4xf32>
  %min = nn.minimum %x1, %x2 : tensor<1x4xf32>
  %xor = nn.sub %max, %min : tensor<1x4xf32>
  %u5 = tensor.cast %xor : tensor<1x4xf32> to tensor<*xf32>
  // NUMBERS: [0, 1, 1, 0]
  func.call @printMemrefF32(%u5) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
