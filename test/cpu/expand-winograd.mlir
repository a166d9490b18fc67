// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// A patch inside the image is 36 plain loads and 36 stores; one that reaches past it reads the nearest
// pixels and clears the bits of those outside.
// CHECK-LABEL: func.func @input
// CHECK:         scf.if
// CHECK-COUNT-36:  vector.load
// CHECK-NOT:       arith.andi
// CHECK-COUNT-36:  vector.store {{.*}} : memref<?x1x36x5x16xf32>, vector<16xf32>
// CHECK:         } else {
// CHECK-COUNT-12:  arith.cmpi ult
// CHECK-COUNT-36:  vector.load
// CHECK-COUNT-36:  vector.store
// CHECK-NOT:     vector.store
func.func @input(%x: memref<?x1x8x8x16xf32>, %v: memref<?x1x36x5x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_input ins(%x : memref<?x1x8x8x16xf32>) outs(%v : memref<?x1x36x5x16xf32>)
    {padding = array<i64: 0, 1, 0, 1>, tile_size = 4 : i64}
  return
}

// -----

// 19 tiles are one register tile of 7 rows and two of 6; the last channel of 17 is straight code.
// CHECK-LABEL: func.func @gemm
// CHECK-NOT:     vector.mask
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-56: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-14: vector.fma
// CHECK-COUNT-14: vector.store
// CHECK:         scf.for {{.*}} step %c6
// CHECK-COUNT-48: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-12: vector.fma
// CHECK-COUNT-12: vector.store
// CHECK-NOT:     vector.store
func.func @gemm(%v: memref<?x2x16x19x16xf32>, %u: memref<16x1x17x2x16xf32>, %m: memref<?x2x16x19x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_gemm ins(%v, %u : memref<?x2x16x19x16xf32>, memref<16x1x17x2x16xf32>) outs(%m : memref<?x2x16x19x16xf32>)
    {depth = 17 : i64, tiles = 19 : i64, tile = #kernel.tile<rows = 7, cols = 2, unroll = 4>}
  return
}

// -----

// 3x4 outputs in tiles of 2x2: the last row of tiles is clipped. Bias, then the epilogue.
// CHECK-LABEL: func.func @output
// CHECK:         %[[BIAS:.*]] = vector.load %{{.*}} : memref<1x16xf32>, vector<16xf32>
// CHECK-COUNT-16: vector.load {{.*}} : memref<?x1x16x5x16xf32>, vector<16xf32>
// CHECK-COUNT-4: arith.addf %{{.*}}, %[[BIAS]]
// CHECK:         scf.if
// CHECK-COUNT-4:   arith.maximumf
// CHECK:         } else {
// CHECK:           scf.if
// CHECK:         return
func.func @output(%m: memref<?x1x16x5x16xf32>, %b: memref<1x16xf32>, %y: memref<?x1x3x4x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_output ins(%m, %b : memref<?x1x16x5x16xf32>, memref<1x16xf32>) outs(%y : memref<?x1x3x4x16xf32>)
    attributes {tile_size = 2 : i64}
    epilogue {
    ^bb0(%sum: f32):
      %zero = arith.constant 0.0 : f32
      %relu = arith.maximumf %sum, %zero : f32
      kernel.yield %relu : f32
    }
  return
}

// -----

// A polynomial is not repeated for each of the 16 outputs: it follows in a loop.
// CHECK-LABEL: func.func @long
// CHECK-COUNT-1: math.tanh
// CHECK-NOT:     math.tanh
func.func @long(%m: memref<?x1x36x5x16xf32>, %b: memref<1x16xf32>, %y: memref<?x1x7x7x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_output ins(%m, %b : memref<?x1x36x5x16xf32>, memref<1x16xf32>) outs(%y : memref<?x1x7x7x16xf32>)
    attributes {tile_size = 4 : i64}
    epilogue {
    ^bb0(%sum: f32):
      %t = math.tanh %sum : f32
      kernel.yield %t : f32
    }
  return
}

// -----

// 20 outputs in vectors of 16: a whole one, and one of which 4 lanes are read. 36 points each.
// CHECK-LABEL: func.func @weights
// CHECK-COUNT-9:  vector.load
// CHECK-COUNT-36: vector.store
// CHECK:          vector.maskedload
// CHECK-COUNT-36: vector.store
func.func @weights(%g: memref<3x3x8x20xf32>, %u: memref<36x1x8x2x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_weights ins(%g : memref<3x3x8x20xf32>) outs(%u : memref<36x1x8x2x16xf32>) {tile_size = 4 : i64}
  return
}
