// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dlc-expand-kernels=l2-bytes=65536 --canonicalize --split-input-file | FileCheck %s --check-prefix=CUT

// Tiles of 6 rows, then of 4, 2 and 1, so that any batch is computed without masks. Two steps a body;
// of the second block of K only its 3 exist and are straight code.

// CHECK-LABEL: func.func @rows
// CHECK:         memref.dim
// CHECK:         scf.for
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-24: vector.fma {{.*}} : vector<8xf32>
// CHECK-NOT:     vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-36: vector.fma
// CHECK-COUNT-12: vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-16: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-24: vector.fma
// CHECK-COUNT-8: vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-8: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-12: vector.fma
// CHECK-COUNT-4: vector.store
// A single row takes turns on several sets of sums, added at the end.
// CHECK-COUNT-10: vector.fma
// CHECK:          arith.addf {{.*}} : vector<8xf32>
// CHECK-COUNT-2: vector.store
// CHECK-NOT:     vector.store
func.func @rows(%a: memref<2x?x8xf32>, %w: memref<3x11x2x8xf32>, %b: memref<6x8xf32>,
                %out: memref<6x?x8xf32>, %lo: index, %hi: index) {
  kernel.gemm ins(%a, %w, %b : memref<2x?x8xf32>, memref<3x11x2x8xf32>, memref<6x8xf32>)
    outs(%out : memref<6x?x8xf32>)
    attributes {depth = 11 : i64, tile = #kernel.tile<rows = 6, cols = 2, unroll = 2>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// Two columns share a vector of 8 with four rows of the weights: four neighbours of the input, each twice,
// meet them, and the sums of the four phases are added at the end.

// CHECK-LABEL: func.func @phases
// CHECK:         %[[FOUR:.*]] = vector.load {{.*}} : memref<1x?x20xf32>, vector<4xf32>
// CHECK:         vector.shuffle %[[FOUR]], %[[FOUR]] [0, 0, 1, 1, 2, 2, 3, 3]
// CHECK:         %[[TURNED:.*]] = vector.shuffle %[[SUM:.*]], %[[SUM]] [4, 5, 6, 7, 0, 1, 2, 3]
// CHECK:         %[[HALF:.*]] = arith.addf %[[SUM]], %[[TURNED]]
// CHECK:         vector.shuffle %[[HALF]], %[[HALF]] [2, 3, 4, 5, 6, 7, 0, 1]
// CHECK:         vector.store
func.func @phases(%a: memref<1x?x20xf32>, %w: memref<1x5x1x8xf32>, %b: memref<1x8xf32>,
                  %out: memref<1x?x8xf32>, %lo: index, %hi: index) {
  kernel.gemm ins(%a, %w, %b : memref<1x?x20xf32>, memref<1x5x1x8xf32>, memref<1x8xf32>)
    outs(%out : memref<1x?x8xf32>)
    attributes {depth = 20 : i64, phases = 4 : i64, tile = #kernel.tile<rows = 2, cols = 1, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// A plain matrix is one block of exactly its columns, and is cut just so.

// CHECK-LABEL: func.func @plain
// CHECK:         scf.for %[[K:.*]] = %c0 to %c1000 step %c4
// CHECK:           memref.load %{{.*}}[%c0, %{{.*}}, %[[K]]] : memref<1x?x1000xf32>

// CUT-LABEL: func.func @plain
// CUT:         scf.for %{{.*}} = %c0 to %c512 step %c4
// The 488 rows of weights that the last cut leaves.
// CUT:         scf.for %{{.*}} = %c0 to %c488 step %c4
func.func @plain(%a: memref<1x?x1000xf32>, %w: memref<2x1000x1x16xf32>, %b: memref<2x16xf32>,
                 %out: memref<2x?x16xf32>, %lo: index, %hi: index) {
  kernel.gemm ins(%a, %w, %b : memref<1x?x1000xf32>, memref<2x1000x1x16xf32>, memref<2x16xf32>)
    outs(%out : memref<2x?x16xf32>)
    attributes {depth = 1000 : i64, tile = #kernel.tile<rows = 2, cols = 1, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// A panel of weights that does not fit the cache beside its rows is cut along K. Partial sums wait in the
// output, which starts as the bias; the epilogue comes last. The next cut is prefetched.

// CHECK-LABEL: func.func @deep
// CHECK-NOT:     memref.prefetch
// CHECK:         arith.maximumf
// CHECK-NEXT:    vector.store

// CUT-LABEL: func.func @deep
// CUT:         %[[BIAS:.*]] = vector.load %{{.*}} : memref<1x16xf32>, vector<16xf32>
// CUT:         vector.store %[[BIAS]], %[[OUT:.*]][
// CUT:         scf.for {{.*}} to %c64 step %c32
// CUT:           memref.collapse_shape
// CUT:           vector.load %[[OUT]][
// CUT:           memref.prefetch %{{.*}}, read, locality<3>, data : memref<16384xf32>
// CUT:           vector.fma
// CUT:           vector.store %{{.*}}, %[[OUT]][
// CUT:         %[[RELU:.*]] = arith.maximumf
// CUT-NEXT:    vector.store %[[RELU]], %[[OUT]][
func.func @deep(%a: memref<64x?x16xf32>, %w: memref<1x1024x1x16xf32>, %b: memref<1x16xf32>,
                %out: memref<1x?x16xf32>, %lo: index, %hi: index) {
  kernel.gemm ins(%a, %w, %b : memref<64x?x16xf32>, memref<1x1024x1x16xf32>, memref<1x16xf32>)
    outs(%out : memref<1x?x16xf32>)
    attributes {depth = 1024 : i64, tile = #kernel.tile<rows = 2, cols = 1, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      %zero = arith.constant 0.0 : f32
      %relu = arith.maximumf %sum, %zero : f32
      kernel.yield %relu : f32
    }
  return
}

// -----

// Weights that no near cache keeps are prefetched: a group ahead by the tiles of full height, which may
// pass over them more than once, 128 lines ahead by shorter ones, not at all by a single row of floats.

// CHECK-LABEL: func.func @streams
// CHECK-NOT:     memref.prefetch

// CUT-LABEL: func.func @streams
// CUT:         memref.prefetch
// CUT-COUNT-4: vector.fma
// CUT:         arith.addi %{{.*}}, %c128
// CUT:         memref.prefetch
// CUT-COUNT-2: vector.fma
// CUT-NOT:     memref.prefetch
func.func @streams(%a: memref<8x?x16xf32>, %w: memref<8x128x1x16xf32>, %b: memref<8x16xf32>,
                   %out: memref<8x?x16xf32>, %lo: index, %hi: index) {
  kernel.gemm ins(%a, %w, %b : memref<8x?x16xf32>, memref<8x128x1x16xf32>, memref<8x16xf32>)
    outs(%out : memref<8x?x16xf32>)
    attributes {depth = 128 : i64, tile = #kernel.tile<rows = 4, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// To make numbers of words takes a single row so many instructions that it asks for them too: three lines
// for four steps.

// CHECK-LABEL: func.func @words
// CHECK-NOT:     memref.prefetch

// CUT-LABEL: func.func @words
// CUT:         arith.addi %{{.*}}, %c128
// CUT:         scf.for {{.*}} iter_args
// CUT:           %[[LINE:.*]] = arith.minsi %{{.*}}, %c765
// CUT:           %[[AT:.*]] = arith.muli %[[LINE]], %c16
// CUT-NEXT:      memref.prefetch %{{.*}}[%[[AT]]], read, locality<3>, data : memref<12288xi32>
// CUT:           vector.fma
// CUT:           memref.prefetch
// CUT:           vector.fma
// CUT:           memref.prefetch
// CUT-COUNT-2:   vector.fma
// CUT-NOT:       memref.prefetch
func.func @words(%a: memref<1x1x128xf32>, %w: memref<8x96x1x16xi32>, %b: memref<8x16xf32>,
                 %out: memref<8x1x16xf32>, %lo: index, %hi: index) {
  kernel.gemm ins(%a, %w, %b : memref<1x1x128xf32>, memref<8x96x1x16xi32>, memref<8x16xf32>)
    outs(%out : memref<8x1x16xf32>)
    attributes {depth = 128 : i64, weight_bits = 24 : i64, tile = #kernel.tile<rows = 4, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}
