// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize | FileCheck %s

// Rows inside the image have their nine taps unrolled; a tap row loads each pixel of the tile once (7 of
// them at this stride of 2 and these edges), not once a tap. The first row touches padding and keeps a
// loop over its taps; the last one does not.

// CHECK-LABEL: func.func @stride
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-3:   vector.load {{.*}} : memref<2x3x3x16xf32>, vector<16xf32>
// CHECK:           vector.load {{.*}} : memref<1x2x8x8x16xf32>, vector<16xf32>
// CHECK-COUNT-11:  vector.fma
// CHECK-NOT:       vector.fma
// CHECK-COUNT-4: vector.store
// CHECK-COUNT-33: vector.fma
// CHECK-NOT:     vector.fma
// CHECK-COUNT-4: vector.store
// CHECK-NOT:     vector.fma
func.func @stride(%in: memref<1x2x8x8x16xf32>, %w: memref<2x3x3x16xf32>, %b: memref<2x16xf32>,
                  %out: memref<1x2x4x4x16xf32>, %lo: index, %hi: index) {
  kernel.depthwise ins(%in, %w, %b : memref<1x2x8x8x16xf32>, memref<2x3x3x16xf32>, memref<2x16xf32>)
    outs(%out : memref<1x2x4x4x16xf32>)
    attributes {strides = array<i64: 2, 2>, padding = array<i64: 1, 0, 1, 0>,
      dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 4, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}
