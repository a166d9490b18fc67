// A destination of one number is reached by constants alone.
// RUN: dlc-opt %s --dlc-outline-kernels --dlc-linalg-to-loops --cse --canonicalize | FileCheck %s

// CHECK-LABEL: func.func private @generic_0(
// CHECK:         %[[ZERO:.*]] = arith.constant 0 : index
// CHECK:         memref.load %{{.*}}[%[[ZERO]]] : memref<1xf32>
// CHECK:         memref.store %{{.*}}, %{{.*}}[%[[ZERO]]] : memref<1xf32>
func.func @forward(%x: memref<?xf32> {nn.input = "x"}, %y: memref<1xf32> {nn.output = "y"}) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (0)>], iterator_types = ["reduction"]}
      ins(%x : memref<?xf32>) outs(%y : memref<1xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %b, %a : f32
    linalg.yield %0 : f32
  }
  return
}
