// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize | FileCheck %s

// Rows of tiles of 4 of the convolution's rows begin with the first that a band needs, for each anew; the ring holds 6 = 3
// of a window + 3 more of a row of tiles. The ring comes first in scratch memory, 6 x 8 pixels of 16 channels, then
// points and products.
// CHECK-LABEL: func.func @rows
// CHECK-SAME:    %[[S:[^:]*]]: memref<17088xi8>
// CHECK:         %[[RING:.*]] = memref.reinterpret_cast {{.*}} sizes: [1, 1, 8, 8, 16], strides: [768, 768, 128, 16, 1]
// CHECK:         scf.for
// CHECK:         scf.for %[[BAND:.*]] = %{{.*}} to %{{.*}} step %c1 {
// CHECK:           %[[FIRST:.*]] = arith.subi %{{.*}}, %c1
// CHECK:           %[[START:.*]] = arith.maxsi %[[FIRST]], %c0
// CHECK:           scf.for {{.*}} iter_args(%[[DONE:.*]] = %[[START]]) -> (index) {
// CHECK:             %[[NEXT:.*]] = scf.for %[[ROW:.*]] = %[[DONE]] to %{{.*}} step %c4 iter_args
// CHECK:               %[[V:.*]] = memref.view %[[S]][%c3072][] : memref<17088xi8> to memref<1x1x36x3x16xf32>
// CHECK:               memref.view %[[S]][%c9984][] : memref<17088xi8> to memref<1x1x3x37x16xf32>
// CHECK:               vector.store %{{.*}}, %[[V]]
// CHECK:               vector.fma
// CHECK-NOT:         memref.prefetch {{.*}} : memref<?x1x4x4x16xf32>
// CHECK:             arith.remui %{{.*}}, %c6
// CHECK:             vector.store %{{.*}}, %[[RING]]
// CHECK:           vector.load %[[RING]]
// CHECK:           arith.maximumf
// CHECK:           vector.store %{{.*}} : memref<?x1x4x4x16xf32>
// CHECK:           scf.yield %[[NEXT]]
// CHECK-NOT:     kernel.
func.func @rows(%x: memref<?x1x8x8x16xf32>, %u: memref<36x1x16x1x16xf32>, %b: memref<1x16xf32>,
                %out: memref<?x1x4x4x16xf32>, %scratch: memref<17088xi8>, %lo: index, %hi: index) {
  kernel.pair ins(%x, %u, %b : memref<?x1x8x8x16xf32>, memref<36x1x16x1x16xf32>, memref<1x16xf32>) outs(%out : memref<?x1x4x4x16xf32>)
    attributes {step_rows = 1 : i64, step_columns = 4 : i64, band_rows = 1 : i64}
    {
    ^bb0(%bx: memref<?x1x8x8x16xf32>, %bu: memref<36x1x16x1x16xf32>, %bb: memref<1x16xf32>, %bo: memref<?x1x4x4x16xf32>, %middle: memref<?x1x8x8x16xf32>):
      kernel.winograd ins(%bx, %bu, %bb : memref<?x1x8x8x16xf32>, memref<36x1x16x1x16xf32>, memref<1x16xf32>) outs(%middle : memref<?x1x8x8x16xf32>)
        attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, in_channels = 16 : i64, blocks = 2 : i64, tile = #kernel.tile<rows = 2, cols = 1, unroll = 4>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.pool ins(%middle : memref<?x1x8x8x16xf32>) outs(%bo : memref<?x1x4x4x16xf32>)
        {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 0, 1, 0>}
    }
  return
}
