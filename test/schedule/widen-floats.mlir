// RUN: dlc-opt %s --dlc-widen-floats | FileCheck %s

// CHECK-LABEL: func.func @forward
// CHECK-SAME:    (%[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: tensor<?x4xf32>, %[[I:.*]]: tensor<?xi32>) -> tensor<?x4xf32>
// CHECK:         %[[E:.*]] = tensor.empty(%[[BATCH]]) : tensor<?x4xf64>
// CHECK:         %[[WIDE:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x4xf32>) outs(%[[E]] : tensor<?x4xf64>)
// CHECK:           arith.extf
// CHECK:         arith.constant 5.000000e-01 : f64
// CHECK:         %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[WIDE]] : tensor<?x4xf64>) outs(%{{.*}} : tensor<?x4xf64>)
// CHECK:           arith.addf %{{.*}}, %{{.*}} : f64
// CHECK:         %[[N:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<?x4xf64>) outs(%{{.*}} : tensor<?x4xf32>)
// CHECK:           arith.truncf
// CHECK:         return %[[N]]
#map = affine_map<(d0, d1) -> (d0, d1)>
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x4xf32>, %i: tensor<?xi32>) -> tensor<?x4xf32> {
  %half = arith.constant 0.5 : f32
  %e = tensor.empty(%batch) : tensor<?x4xf32>
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
       ins(%x : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %half : f32
    linalg.yield %s : f32
  } -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
