// RUN: dlc-opt %s --dlc-choose-batch-step=cache-bytes=1000000 | FileCheck %s

// Results of 4000 bytes a sample, 2000 of them at a time in the arena, and no weights: 500 samples fit.
// CHECK-LABEL: func.func @fits
// CHECK-SAME:    nn.batch_step = 500 : i64
func.func @fits(%batch: index {nn.batch}, %arena: memref<?xi8>) attributes {nn.arena_batch = 2000 : i64} {
  %c0 = arith.constant 0 : index
  %a = memref.view %arena[%c0][%batch] : memref<?xi8> to memref<?x500xf32>
  %b = memref.view %arena[%c0][%batch] : memref<?xi8> to memref<?x500xf32>
  return
}

// Not even one sample fits: nothing is gained.
// CHECK-LABEL: func.func @large
// CHECK-NOT:     nn.batch_step
func.func @large(%batch: index {nn.batch}, %arena: memref<?xi8>) attributes {nn.arena_batch = 2000000 : i64} {
  %c0 = arith.constant 0 : index
  %a = memref.view %arena[%c0][%batch] : memref<?xi8> to memref<?x500000xf32>
  return
}

// The weights of a matrix product, 65,536 bytes, would be read every second sample: more than 2000 bytes of
// results cost.
// CHECK-LABEL: func.func @weights
// CHECK-NOT:     nn.batch_step
func.func @weights(%batch: index {nn.batch}, %a: memref<8x?x16xf32>, %w: memref<8x128x1x16xf32>, %b: memref<8x16xf32>,
                   %out: memref<8x?x16xf32>, %arena: memref<?xi8>) attributes {nn.arena_batch = 500000 : i64} {
  %c0 = arith.constant 0 : index
  %r = memref.view %arena[%c0][%batch] : memref<?xi8> to memref<?x250xf32>
  kernel.gemm ins(%a, %w, %b : memref<8x?x16xf32>, memref<8x128x1x16xf32>, memref<8x16xf32>)
    outs(%out : memref<8x?x16xf32>)
    attributes {depth = 128 : i64, tile = #kernel.tile<rows = 4, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}
