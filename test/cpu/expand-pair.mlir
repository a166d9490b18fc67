// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize | FileCheck %s

// Rows of the convolution go to a ring of 4 in scratch memory, as many as two depthwise rows need: each step
// computes those that the step before has not, then the depthwise rows from the ring. Bands of 4 rows are
// whole work for one thread.
// CHECK-LABEL: func.func @ring
// CHECK-SAME:    %[[S:[^:]*]]: memref<4096xi8>
// CHECK:         %[[FLAT:.*]] = memref.view %[[S]]
// CHECK:         %[[RING:.*]] = memref.reinterpret_cast %[[FLAT]] {{.*}} sizes: [1, 2, 8, 8, 16], strides: [1024, 512, 128, 16, 1]
// CHECK:         scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c2 iter_args(%[[DONE:.*]] = %{{.*}}) -> (index) {
// CHECK:           arith.minsi
// CHECK:           %[[NEEDED:.*]] = arith.minsi
// CHECK:           %[[NEXT:.*]] = scf.for %[[ROW:.*]] = %[[DONE]] to %[[NEEDED]] step %c1 iter_args
// CHECK:             vector.fma
// CHECK:             %[[SLOT:.*]] = arith.remui %[[ROW]], %c4
// CHECK:             vector.store %{{.*}}, %[[RING]][%c0, %{{.*}}, %[[SLOT]]
// CHECK:           vector.load %[[RING]]
// CHECK:           vector.fma
// CHECK:           vector.store %{{.*}} : memref<?x2x8x8x16xf32>
// CHECK:           scf.yield %[[NEXT]]
// CHECK-NOT:     iter_args(%{{.*}} = %{{.*}}) -> (index)
func.func @ring(%x: memref<?x1x8x8x16xf32>, %w: memref<1x1x1x1x16x2x16xf32>, %b: memref<2x16xf32>, %d: memref<2x3x3x16xf32>,
                %out: memref<?x2x8x8x16xf32>, %scratch: memref<4096xi8>, %lo: index, %hi: index) {
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x8x8x16xf32>, memref<1x1x1x1x16x2x16xf32>, memref<2x16xf32>, memref<2x3x3x16xf32>) outs(%out : memref<?x2x8x8x16xf32>)
    attributes {step_rows = 2 : i64, step_columns = 8 : i64, band_rows = 4 : i64}
    {
    ^bb0(%bx: memref<?x1x8x8x16xf32>, %bw: memref<1x1x1x1x16x2x16xf32>, %bb: memref<2x16xf32>, %bd: memref<2x3x3x16xf32>, %bo: memref<?x2x8x8x16xf32>, %middle: memref<?x2x8x8x16xf32>):
      kernel.conv ins(%bx, %bw, %bb : memref<?x1x8x8x16xf32>, memref<1x1x1x1x16x2x16xf32>, memref<2x16xf32>) outs(%middle : memref<?x2x8x8x16xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 16 : i64, tile = #kernel.tile<rows = 8, cols = 2, unroll = 4>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.depthwise ins(%middle, %bd, %bb : memref<?x2x8x8x16xf32>, memref<2x3x3x16xf32>, memref<2x16xf32>) outs(%bo : memref<?x2x8x8x16xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 8, cols = 1, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
    }
  return
}

// Strips of four columns, one after the other, keep six: the window of a strip's edge reaches into the next.
// CHECK-LABEL: func.func @strips
// CHECK:         memref.reinterpret_cast {{.*}} strides: [768, 384, 96, 16, 1]
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (index) {
// CHECK:           vector.load {{.*}}strided<[768, 384, 96, 16, 1]>>
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (index) {
// CHECK:           vector.load {{.*}}strided<[768, 384, 96, 16, 1]>>
// CHECK-NOT:     iter_args(%{{.*}} = %{{.*}}) -> (index)
func.func @strips(%x: memref<?x1x8x8x16xf32>, %w: memref<1x1x1x1x16x2x16xf32>, %b: memref<2x16xf32>, %d: memref<2x3x3x16xf32>,
                %out: memref<?x2x8x8x16xf32>, %scratch: memref<3072xi8>, %lo: index, %hi: index) {
  kernel.pair ins(%x, %w, %b, %d : memref<?x1x8x8x16xf32>, memref<1x1x1x1x16x2x16xf32>, memref<2x16xf32>, memref<2x3x3x16xf32>) outs(%out : memref<?x2x8x8x16xf32>)
    attributes {step_rows = 2 : i64, step_columns = 4 : i64, band_rows = 4 : i64}
    {
    ^bb0(%bx: memref<?x1x8x8x16xf32>, %bw: memref<1x1x1x1x16x2x16xf32>, %bb: memref<2x16xf32>, %bd: memref<2x3x3x16xf32>, %bo: memref<?x2x8x8x16xf32>, %middle: memref<?x2x8x8x16xf32>):
      kernel.conv ins(%bx, %bw, %bb : memref<?x1x8x8x16xf32>, memref<1x1x1x1x16x2x16xf32>, memref<2x16xf32>) outs(%middle : memref<?x2x8x8x16xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 16 : i64, tile = #kernel.tile<rows = 8, cols = 2, unroll = 4>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.depthwise ins(%middle, %bd, %bb : memref<?x2x8x8x16xf32>, memref<2x3x3x16xf32>, memref<2x16xf32>) outs(%bo : memref<?x2x8x8x16xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 8, cols = 1, unroll = 1>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
    }
  return
}

// A pooling reads the ring as well: of the three columns of a window none is stored anywhere else.
// CHECK-LABEL: func.func @pool
// CHECK:         %[[RING:.*]] = memref.reinterpret_cast %{{.*}} strides: [1536, 768, 128, 16, 1]
// CHECK:         scf.for {{.*}} iter_args(%[[DONE:.*]] = %{{.*}}) -> (index) {
// CHECK:           vector.fma
// CHECK:           vector.store %{{.*}}, %[[RING]]
// CHECK:           vector.load %[[RING]]
// CHECK:           arith.maximumf
// CHECK:           vector.store %{{.*}} : memref<?x2x4x4x16xf32>
// CHECK-NOT:     kernel.
func.func @pool(%x: memref<?x1x8x8x16xf32>, %w: memref<1x1x1x1x16x2x16xf32>, %b: memref<2x16xf32>,
                %out: memref<?x2x4x4x16xf32>, %scratch: memref<6144xi8>, %lo: index, %hi: index) {
  kernel.pair ins(%x, %w, %b : memref<?x1x8x8x16xf32>, memref<1x1x1x1x16x2x16xf32>, memref<2x16xf32>) outs(%out : memref<?x2x4x4x16xf32>)
    attributes {step_rows = 2 : i64, step_columns = 4 : i64, band_rows = 4 : i64}
    {
    ^bb0(%bx: memref<?x1x8x8x16xf32>, %bw: memref<1x1x1x1x16x2x16xf32>, %bb: memref<2x16xf32>, %bo: memref<?x2x4x4x16xf32>, %middle: memref<?x2x8x8x16xf32>):
      kernel.conv ins(%bx, %bw, %bb : memref<?x1x8x8x16xf32>, memref<1x1x1x1x16x2x16xf32>, memref<2x16xf32>) outs(%middle : memref<?x2x8x8x16xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 16 : i64, tile = #kernel.tile<rows = 8, cols = 2, unroll = 4>}
        epilogue {
        ^bb0(%sum: f32):
          kernel.yield %sum : f32
        }
      kernel.pool ins(%middle : memref<?x2x8x8x16xf32>) outs(%bo : memref<?x2x4x4x16xf32>)
        {kind = #nn.pool<max>, window = array<i64: 4, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 0>}
    }
  return
}
