// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// Convolutions of 3x3 windows with a stride of 2, in tiles of 2x2 outputs: 3x3 points, and a plane for each pixel of
// a 5x5 patch.

// Pixels of even rows and columns meet four of the nine taps, those of odd ones two or one: taps that are not there
// are not read. A phase without a second tap has no point at infinity, so planes 0, 2, ... 24 are the nine of the
// first phase, the last of them the last tap as it is; planes 6, 8, 16 and 18 are the four of the last one.
// CHECK-LABEL: func.func @weights
// CHECK-NOT:     vector.maskedload
// CHECK-COUNT-3: vector.load %arg0[{{.*}}] : memref<3x3x8x16xf32>, vector<16xf32>
// CHECK:         %[[LAST:.*]] = vector.load %arg0[%c2, %c2, %[[CHANNEL:.*]], %{{.*}}]
// CHECK:         vector.load %arg0[%c0, %c1, %[[CHANNEL]],
// CHECK:         vector.load %arg0[%c2, %c1, %[[CHANNEL]],
// CHECK:         vector.load %arg0[%c1, %c0, %[[CHANNEL]],
// CHECK:         vector.load %arg0[%c1, %c2, %[[CHANNEL]],
// CHECK:         %[[CENTRE:.*]] = vector.load %arg0[%c1, %c1, %[[CHANNEL]],
// CHECK-NOT:     vector.load
// CHECK:         %[[HALF:.*]] = arith.mulf %[[CENTRE]],
// CHECK:         %[[QUARTER:.*]] = arith.mulf %{{.*}},
// CHECK:         %[[PLUS:.*]] = vector.fma %{{.*}}, %{{.*}}, %[[QUARTER]]
// CHECK-COUNT-6: vector.store
// CHECK:         vector.store %[[PLUS]], %arg1[%c6,
// CHECK-COUNT-17: vector.store
// CHECK:         vector.store %[[LAST]], %arg1[%c24,
// CHECK:         } else {
// CHECK-COUNT-25: vector.store
// CHECK-NOT:     vector.store
func.func @weights(%g: memref<3x3x8x16xf32>, %u: memref<25x1x8x1x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_weights ins(%g : memref<3x3x8x16xf32>) outs(%u : memref<25x1x8x1x16xf32>)
    {tile_size = 2 : i64, stride = 2 : i64}
  return
}

// -----

// One phase after the other. Of the first, two parts of rows, tiles share a column of pixels; 9 planes get its
// points. Those of odd columns share none and get 6, likewise those of odd rows, and those of both get 4.
// CHECK-LABEL: func.func @input
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}})
// CHECK-COUNT-4: vector.load
// CHECK:         vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c0, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c2, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c4, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c10, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c12, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c14, %{{.*}}, %c0]
// CHECK-NEXT:    scf.yield
// CHECK:         scf.for {{.*}} iter_args
// CHECK:         vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c20, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c22, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c24, %{{.*}}, %c0]
// CHECK-NEXT:    scf.yield
// CHECK-NOT:     iter_args
// CHECK:         vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c1, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c3, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c11, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c13, %{{.*}}, %c0]
// CHECK-NOT:     iter_args
// CHECK:         vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c21, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c23, %{{.*}}, %c0]
// CHECK:         scf.for {{.*}} iter_args
// CHECK:         vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c5, %{{.*}}, %c0]
// CHECK-COUNT-5: vector.store
// CHECK-NEXT:    scf.yield
// CHECK-NOT:     iter_args
// CHECK-COUNT-2: vector.load
// CHECK:         vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c6, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c8, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c16, %{{.*}}, %c0]
// CHECK-NEXT:    vector.store %{{.*}}, %arg1[%{{.*}}, %c0, %c18, %{{.*}}, %c0]
// CHECK-NOT:     vector.store
func.func @input(%x: memref<?x1x13x13x16xf32>, %v: memref<?x1x25x9x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_input ins(%x : memref<?x1x13x13x16xf32>) outs(%v : memref<?x1x25x9x16xf32>)
    {padding = array<i64: 0, 0, 0, 0>, tile_size = 2 : i64, stride = 2 : i64}
  return
}

// -----

// The planes of a point, one or two each way, are read one after the other and added in the same registers; what is
// asked for are the planes of the next point. One sum is stored for each point, by its own number.
// CHECK-LABEL: func.func @gemm
// CHECK:         scf.for %[[POINT:[a-z0-9]+]] = %{{.*}} to
// CHECK:         %[[PLACE:.*]] = arith.divui %[[POINT]], %c3
// CHECK:         %[[TOP:.*]] = arith.muli %[[PLACE]], %c2
// CHECK:         %[[BOTTOM:.*]] = arith.minsi %{{.*}}, %c5
// CHECK:         %[[SUMS:.*]]:4 = scf.for %[[Y:[a-z0-9]+]] = %[[TOP]] to %[[BOTTOM]] step %c1 iter_args(%[[SUM:[a-z0-9]+]] = %cst,
// CHECK:           scf.for %[[X:[a-z0-9]+]] = %{{.*}} to %{{.*}} step %c1 iter_args(%[[SO_FAR:[a-z0-9]+]] = %[[SUM]],
// CHECK:             %[[FIRST:.*]] = arith.muli %[[Y]], %c5
// CHECK:             %[[PLANE:.*]] = arith.addi %[[FIRST]], %[[X]]
// CHECK:             arith.minsi %{{.*}}, %c4
// CHECK:             %[[NEXT_X:.*]] = arith.minsi %{{.*}}, %c4
// CHECK-NEXT:        %[[NEXT:.*]] = arith.addi %{{.*}}, %[[NEXT_X]]
// CHECK:             scf.for {{.*}} iter_args(%[[OF_BLOCK:[a-z0-9]+]] = %[[SO_FAR]],
// CHECK:               scf.for {{.*}} iter_args(%[[OF_CHANNEL:[a-z0-9]+]] = %[[OF_BLOCK]],
// CHECK:                 memref.prefetch %{{.*}}[%[[NEXT]],
// CHECK:                 %[[WEIGHTS:.*]] = vector.load %arg1[%[[PLANE]],
// CHECK:                 %[[PIXEL:.*]] = memref.load %arg0[%{{.*}}, %{{.*}}, %[[PLANE]], %c0,
// CHECK:                 %[[SPLAT:.*]] = vector.broadcast %[[PIXEL]]
// CHECK:                 vector.fma %[[SPLAT]], %[[WEIGHTS]], %[[OF_CHANNEL]]
// CHECK-COUNT-15:        vector.fma
// CHECK-NOT:             vector.fma
// CHECK:         vector.store %[[SUMS]]#0, %arg2[%{{.*}}, %c0, %[[POINT]], %c0, %c0]
// CHECK-COUNT-3: vector.store
// CHECK-NOT:     vector.store
func.func @gemm(%v: memref<?x2x25x3x16xf32>, %u: memref<25x1x32x2x16xf32>, %m: memref<?x2x9x3x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_gemm ins(%v, %u : memref<?x2x25x3x16xf32>, memref<25x1x32x2x16xf32>) outs(%m : memref<?x2x9x3x16xf32>)
    {depth = 32 : i64, tiles = 2 : i64, tile_size = 2 : i64, stride = 2 : i64, tile = #kernel.tile<rows = 2, cols = 2, unroll = 4>}
  return
}
