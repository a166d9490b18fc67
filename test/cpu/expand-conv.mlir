// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dlc-expand-kernels=l2-bytes=4096 --canonicalize --split-input-file | FileCheck %s --check-prefix=STREAM

// One 3x3 tap row of a 64-channel block: three tap columns, each a loop over channels whose body holds
// four steps. The row has one tile, so its first and last pixel skip a tap: 13, 14 and 13 pixels
// times two vectors times four steps.

// CHECK-LABEL: func.func @same
// CHECK-NOT:     kernel.conv
// CHECK:         vector.load %{{.*}} : memref<2x16xf32>, vector<16xf32>
// CHECK-COUNT-3: scf.for {{.*}} iter_args
// CHECK-COUNT-104: vector.fma {{.*}} : vector<16xf32>
// CHECK-NOT:     vector.fma
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-112: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-104: vector.fma
// CHECK-NOT:     vector.fma
// CHECK-COUNT-28: vector.store {{.*}} : memref<?x2x14x14x16xf32>, vector<16xf32>
// CHECK-NOT:     vector.store
func.func @same(%in: memref<?x2x14x14x16xf32>, %w: memref<1x2x3x3x16x2x16xf32>,
                %b: memref<2x16xf32>, %out: memref<?x2x14x14x16xf32>, %lo: index, %hi: index) {
  kernel.conv ins(%in, %w, %b : memref<?x2x14x14x16xf32>, memref<1x2x3x3x16x2x16xf32>,
      memref<2x16xf32>) outs(%out : memref<?x2x14x14x16xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>,
      dilations = array<i64: 1, 1>, in_channels = 32 : i64,
      tile = #kernel.tile<rows = 14, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// Three channels are read as they lie in memory: one straight step each, in a loop over tap columns.
// Output channels past the last whole group of columns take a narrower tile; nothing is masked.

// CHECK-LABEL: func.func @few_channels
// CHECK:         scf.if
// CHECK:           scf.for {{.*}} iter_args
// CHECK-COUNT-24:  vector.fma {{.*}} : vector<8xf32>
// CHECK-NOT:       vector.fma
// CHECK:         } else {
// CHECK-COUNT-12:  vector.fma {{.*}} : vector<8xf32>
// CHECK-NOT:     vector.fma
// CHECK-NOT:     vector.mask
func.func @few_channels(%in: memref<?x1x6x6x3xf32>, %w: memref<2x1x3x3x3x2x8xf32>,
                        %b: memref<3x8xf32>, %out: memref<?x3x4x4x8xf32>, %lo: index, %hi: index) {
  kernel.conv ins(%in, %w, %b : memref<?x1x6x6x3xf32>, memref<2x1x3x3x3x2x8xf32>, memref<3x8xf32>)
    outs(%out : memref<?x3x4x4x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, in_channels = 3 : i64,
      tile = #kernel.tile<rows = 4, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// Rows first: all groups of channels of a row, then the next row. A 1x1 convolution that is scheduled so
// streams its image: every channel's step asks for a pixel of the same block of the next tile.

// CHECK-LABEL: func.func @rows_first
// CHECK:         %[[ROW:.*]] = arith.remui %{{.*}}, %c8
// CHECK:         scf.for %[[GROUP:[a-z0-9]*]] =
// CHECK:           scf.for %[[Y:[a-z0-9]*]] = %[[ROW]] to
// CHECK:           memref.collapse_shape %{{.*}} {{\[}}[0], [1], [2, 3], [4]] : memref<?x2x8x8x16xf32> into memref<?x2x64x16xf32>
// CHECK:           memref.prefetch %{{.*}}, read, locality<3>, data : memref<?x2x64x16xf32>
// CHECK:           memref.load %{{.*}}[%{{.*}}, %{{.*}}, %[[Y]],
func.func @rows_first(%in: memref<?x2x8x8x16xf32>, %w: memref<2x2x1x1x16x1x16xf32>,
                      %b: memref<2x16xf32>, %out: memref<?x2x8x8x16xf32>, %lo: index, %hi: index) {
  kernel.conv ins(%in, %w, %b : memref<?x2x8x8x16xf32>, memref<2x2x1x1x16x1x16xf32>, memref<2x16xf32>)
    outs(%out : memref<?x2x8x8x16xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, rows_first,
      dilations = array<i64: 1, 1>, in_channels = 32 : i64,
      tile = #kernel.tile<rows = 8, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// Weights that no near cache keeps are prefetched while the group before is computed, evenly: of the 32
// lines of a panel each of four rows asks for 8, four in each of its two steps.

// CHECK-LABEL: func.func @streams
// CHECK-NOT:     memref.prefetch

// STREAM-LABEL: func.func @streams
// STREAM:         memref.collapse_shape {{.*}} : memref<4x2x1x1x16x1x16xf32> into memref<2048xf32>
// STREAM:         %[[NEXT:.*]] = arith.addi %{{.*}}, %c1
// STREAM-NEXT:    %[[BOUND:.*]] = arith.minsi %[[NEXT]], %c3
// STREAM-NEXT:    arith.muli %[[BOUND]], %c32
// STREAM:         scf.for
// STREAM-COUNT-4: memref.prefetch %{{.*}}, read, locality<3>, data : memref<2048xf32>
// STREAM-NOT:     memref.prefetch
// STREAM:         scf.for
// STREAM-COUNT-4: vector.fma
func.func @streams(%in: memref<?x2x4x4x16xf32>, %w: memref<4x2x1x1x16x1x16xf32>,
                   %b: memref<4x16xf32>, %out: memref<?x4x4x4x16xf32>, %lo: index, %hi: index) {
  kernel.conv ins(%in, %w, %b : memref<?x2x4x4x16xf32>, memref<4x2x1x1x16x1x16xf32>, memref<4x16xf32>)
    outs(%out : memref<?x4x4x4x16xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, in_channels = 32 : i64,
      tile = #kernel.tile<rows = 4, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// The whole kernel, 4 groups of 4 rows in two steps each, asks for what the next one reads first: as
// much as half of the second-level cache holds, 32 of 4096 bytes, so one line a step.

// CHECK-LABEL: func.func @ahead
// CHECK-SAME:    %[[AHEAD:[a-z0-9]*]]: memref<?xf32> {llvm.noalias}, %{{[a-z0-9]*}}: index

// STREAM-LABEL: func.func @ahead
// STREAM-SAME:    %[[AHEAD:[a-z0-9]*]]: memref<?xf32> {llvm.noalias}, %{{[a-z0-9]*}}: index
// STREAM:         %[[SIZE:.*]] = memref.dim %[[AHEAD]], %c0
// STREAM:         arith.divui %[[SIZE]], %c16
// STREAM:         memref.prefetch %[[AHEAD]][%{{.*}}], read, locality<3>, data : memref<?xf32>
// STREAM-NOT:     : memref<?xf32>
// STREAM-COUNT-4: vector.fma
func.func @ahead(%in: memref<?x2x4x4x16xf32>, %w: memref<4x2x1x1x16x1x16xf32>, %b: memref<4x16xf32>,
                 %out: memref<?x4x4x4x16xf32>, %ahead: memref<?xf32> {kernel.ahead, llvm.noalias},
                 %lo: index, %hi: index) {
  kernel.conv ins(%in, %w, %b : memref<?x2x4x4x16xf32>, memref<4x2x1x1x16x1x16xf32>, memref<4x16xf32>)
    outs(%out : memref<?x4x4x4x16xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, rows_first,
      dilations = array<i64: 1, 1>, in_channels = 32 : i64,
      tile = #kernel.tile<rows = 4, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}
