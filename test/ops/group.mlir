// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg --linalg-fuse-elementwise-ops | FileCheck %s --check-prefix=FUSED

// A group that found no kernel is its ops in order, and linalg fuses its epilogue again: bias,
// residual and relu are one loop over the image.
// CHECK-LABEL: func.func @group(
// CHECK-NOT:     = nn.
// CHECK:         linalg.fill
// CHECK:         linalg.generic {{.*}} ["parallel", "parallel", "reduction"]
// CHECK-COUNT-3: linalg.generic {{.*}} ["parallel", "parallel"]
// CHECK-NOT:     = nn.

// FUSED-LABEL: func.func @group(
// FUSED:         linalg.generic {{.*}} ["parallel", "parallel", "reduction"]
// FUSED-COUNT-1: linalg.generic {{.*}} ["parallel", "parallel"]
// FUSED-NOT:     linalg.generic
// FUSED:         return
func.func @group(%batch: index {nn.batch}, %x: tensor<?x3xf32>, %k: tensor<3x2xf32>, %b: tensor<2xf32>, %r: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %0 = nn.group %x, %k, %b, %r : (tensor<?x3xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%a: tensor<?x3xf32>, %w: tensor<3x2xf32>, %c: tensor<2xf32>, %d: tensor<?x2xf32>):
    %1 = nn.dense %a, %w, %c : (tensor<?x3xf32>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
    %2 = nn.add %1, %d : tensor<?x2xf32>
    %3 = nn.relu %2 : tensor<?x2xf32>
    nn.yield %3 : tensor<?x2xf32>
  }
  return %0 : tensor<?x2xf32>
}
