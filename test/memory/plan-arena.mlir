// RUN: dlc-opt %s --dlc-plan-arena --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

// Two regions: what does not grow with the batch lies first, in whole cache lines (12 bytes are 64),
// and batch times the other behind it. %c starts where %a was, which nothing reads any more.
// CHECK: module attributes {nn.prepared_bytes = 0 : i64}
// CHECK-LABEL: func.func @regions(
// CHECK-SAME:    %[[N:[^:]*]]: index {nn.batch}, %{{.*}}, %[[ARENA:[^:]*]]: memref<?xi8> {nn.arena})
// CHECK-SAME:    attributes {nn.arena_batch = 128 : i64, nn.arena_const = 64 : i64, nn.arena_thread = 0 : i64}
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[C64:.*]] = arith.constant 64 : index
// CHECK-DAG:     memref.view %[[ARENA]][%[[C0]]][] : memref<?xi8> to memref<3xf32>
// CHECK:         memref.view %[[ARENA]][%{{.*}}][%[[N]]] : memref<?xi8> to memref<?x16xf32>
// CHECK:         %[[SCALED:.*]] = arith.muli %[[N]], %[[C64]]
// CHECK:         %[[OFFSET:.*]] = arith.addi %[[SCALED]], %[[C64]]
// CHECK:         memref.view %[[ARENA]][%[[OFFSET]]][%[[N]]]
// CHECK:         memref.view %[[ARENA]][%[[C64]]][%[[N]]]
func.func @regions(%batch: index {nn.batch}, %x: memref<?x16xf32>, %y: memref<?x16xf32>, %z: memref<3xf32>) {
  %s = memref.alloc() : memref<3xf32>
  linalg.exp ins(%z : memref<3xf32>) outs(%s : memref<3xf32>)
  %a = memref.alloc(%batch) : memref<?x16xf32>
  linalg.exp ins(%x : memref<?x16xf32>) outs(%a : memref<?x16xf32>)
  %b = memref.alloc(%batch) : memref<?x16xf32>
  linalg.exp ins(%a : memref<?x16xf32>) outs(%b : memref<?x16xf32>)
  %c = memref.alloc(%batch) : memref<?x16xf32>
  linalg.exp ins(%b : memref<?x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.add ins(%c, %c : memref<?x16xf32>, memref<?x16xf32>) outs(%y : memref<?x16xf32>)
  linalg.exp ins(%s : memref<3xf32>) outs(%z : memref<3xf32>)
  return
}

// -----

// Who reads a view reads the buffer: %a outlives %b, so that nothing is shared.
// CHECK-LABEL: func.func @views(
// CHECK-SAME:    attributes {nn.arena_batch = 0 : i64, nn.arena_const = 192 : i64, nn.arena_thread = 0 : i64}
func.func @views(%x: memref<16xf32>, %y: memref<16xf32>, %z: memref<4xf32>) {
  %a = memref.alloc() : memref<16xf32>
  linalg.exp ins(%x : memref<16xf32>) outs(%a : memref<16xf32>)
  %square = memref.expand_shape %a [[0, 1]] output_shape [4, 4] : memref<16xf32> into memref<4x4xf32>
  %row = memref.subview %square[1, 0] [1, 4] [1, 1] : memref<4x4xf32> to memref<4xf32, strided<[1], offset: 4>>
  %b = memref.alloc() : memref<16xf32>
  linalg.exp ins(%a : memref<16xf32>) outs(%b : memref<16xf32>)
  %c = memref.alloc() : memref<16xf32>
  linalg.exp ins(%b : memref<16xf32>) outs(%c : memref<16xf32>)
  linalg.exp ins(%c : memref<16xf32>) outs(%y : memref<16xf32>)
  linalg.exp ins(%row : memref<4xf32, strided<[1], offset: 4>>) outs(%z : memref<4xf32>)
  return
}

// -----

// The number of a prepared value becomes its byte offset, the same on both sides.
// CHECK: module attributes {nn.prepared_bytes = 192 : i64}
// CHECK:       func.func @prepare({{.*}} memref<20xf32> {nn.prepared = 0 : i64}, %{{.*}}: memref<4xf32> {nn.prepared = 128 : i64}
// CHECK:       func.func @forward({{.*}} memref<4xf32> {nn.prepared = 128 : i64}, %{{.*}}: memref<20xf32> {nn.prepared = 0 : i64}
func.func @prepare(%a: memref<20xf32> {nn.prepared = 0 : i64}, %b: memref<4xf32> {nn.prepared = 1 : i64}) {
  return
}
func.func @forward(%b: memref<4xf32> {nn.prepared = 1 : i64}, %a: memref<20xf32> {nn.prepared = 0 : i64}) {
  return
}

// -----

func.func @square_of_batch(%batch: index {nn.batch}) {
  // expected-error@+1 {{'memref.alloc' op is not a buffer of the whole call, linear in the batch}}
  %a = memref.alloc(%batch, %batch) : memref<?x?xf32>
  linalg.exp ins(%a : memref<?x?xf32>) outs(%a : memref<?x?xf32>)
  return
}

// -----

func.func @in_loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    // expected-error@+1 {{is not a buffer of the whole call}}
    %a = memref.alloc() : memref<4xf32>
    linalg.exp ins(%a : memref<4xf32>) outs(%a : memref<4xf32>)
  }
  return
}

// -----

// Scratch memory of threads: that of the largest kernel, here the points of one of two tiles for 1 + 2 blocks
// of channels in 1 slot, and of the 2 a vector more.
// CHECK-LABEL: func.func @scratch(
// CHECK-SAME:    nn.arena_thread = 3200 : i64
func.func @scratch(%batch: index {nn.batch}, %x: memref<?x1x2x4x16xf32>, %u: memref<16x1x16x2x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x2x4x16xf32>) {
  kernel.winograd ins(%x, %u, %b : memref<?x1x2x4x16xf32>, memref<16x1x16x2x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x2x4x16xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 2 : i64, in_channels = 16 : i64, blocks = 2 : i64, tile = #kernel.tile<rows = 1, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}
