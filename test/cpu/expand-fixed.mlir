// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// The largest magnitude as an integer, less its mantissa; what is not finite becomes NaN. The last block of
// units is partial.

// CHECK-LABEL: func.func @scales
// CHECK-DAG:     %[[MAGNITUDE:.*]] = arith.constant dense<2147483647> : vector<8xi32>
// CHECK-DAG:     %[[EXPONENT:.*]] = arith.constant dense<2139095040> : vector<8xi32>
// CHECK-DAG:     %[[NAN:.*]] = arith.constant dense<2143289344> : vector<8xi32>
// CHECK:           %[[MOST:.*]] = scf.for
// CHECK:             %[[MASK:.*]] = arith.select
// CHECK:             vector.maskedload {{.*}}, %[[MASK]], {{.*}} vector<8xf32>
// CHECK:             arith.bitcast
// CHECK:             arith.andi {{.*}}, %[[MAGNITUDE]]
// CHECK:             arith.maxsi
// CHECK:           %[[POWER:.*]] = arith.andi %[[MOST]], %[[EXPONENT]]
// CHECK:           %[[ENDLESS:.*]] = arith.cmpi eq, %[[POWER]], %[[EXPONENT]]
// CHECK:           arith.select %[[ENDLESS]], %[[NAN]], %[[POWER]]
// CHECK:           vector.store
// CHECK-NOT:       vector.store
func.func @scales(%w: memref<21x20xf32>, %s: memref<3x8xf32>, %lo: index, %hi: index) {
  kernel.unit_scales ins(%w : memref<21x20xf32>) outs(%s : memref<3x8xf32>)
  return
}

// -----

// Four rows become three; of the last group of blocks one does not exist and is zero.
// CHECK-LABEL: func.func @pack
// CHECK-COUNT-4: math.roundeven
// CHECK-COUNT-3: vector.store
// CHECK-COUNT-1: math.roundeven
// CHECK-COUNT-3: vector.store
// CHECK-NOT:     math.roundeven
// CHECK-COUNT-3: vector.store %cst
// CHECK-NOT:     vector.store
func.func @pack(%w: memref<21x20xf32>, %s: memref<3x8xf32>, %q: memref<2x18x2x8xi32>, %lo: index, %hi: index) {
  kernel.pack_fixed ins(%w, %s : memref<21x20xf32>, memref<3x8xf32>) outs(%q : memref<2x18x2x8xi32>) {bits = 24 : i64}
  return
}

// -----

// A row of eight steps loads five words of each of two blocks; each weight is shifted to the top of a word,
// with what is left of it in the word before. The last five steps of 21 have words of their own.
// CHECK-LABEL: func.func @gemm
// CHECK:         scf.for {{.*}} iter_args
// CHECK:           %[[A:.*]] = vector.load {{.*}} vector<8xi32>
// CHECK:           vector.load {{.*}} vector<8xi32>
// CHECK:           %[[FIRST:.*]] = arith.shli %[[A]], %{{.*}}
// CHECK:           arith.sitofp %[[FIRST]] : vector<8xi32> to vector<8xf32>
// CHECK-COUNT-2:   vector.fma
// CHECK:           %[[B:.*]] = vector.load {{.*}} vector<8xi32>
// CHECK:           %[[HIGH:.*]] = arith.shli %[[B]], %{{.*}}
// CHECK:           %[[LOW:.*]] = arith.shrui %[[A]], %{{.*}}
// CHECK:           arith.ori %[[HIGH]], %[[LOW]]
// CHECK-COUNT-14:  vector.fma
// CHECK-NOT:       vector.fma
// CHECK:           scf.yield
// CHECK-COUNT-10: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         arith.addf
func.func @gemm(%a: memref<1x1x21xf32>, %w: memref<3x15x2x8xi32>, %b: memref<6x8xf32>,
                %out: memref<6x1x8xf32>, %lo: index, %hi: index) {
  kernel.gemm ins(%a, %w, %b : memref<1x1x21xf32>, memref<3x15x2x8xi32>, memref<6x8xf32>)
    outs(%out : memref<6x1x8xf32>)
    attributes {depth = 21 : i64, tile = #kernel.tile<rows = 6, cols = 2, unroll = 2>, weight_bits = 20 : i64}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// Transformed weights, 6 channels at 16 points. The largest magnitudes of a block of outputs wait in memory.
// CHECK-LABEL: func.func @winograd_scales
// CHECK-DAG:     %[[LEAST:.*]] = arith.constant dense<1.17549435E-38> : vector<8xf32>
// CHECK:         scf.for
// CHECK:           vector.store %[[LEAST]]
// CHECK:         scf.for
// CHECK-COUNT-16:  arith.maxsi
// CHECK-NOT:       arith.maxsi
// CHECK:         scf.for
// CHECK:           arith.select
// CHECK:           vector.store
func.func @winograd_scales(%w: memref<3x3x6x16xf32>, %s: memref<16x2x8xf32>, %lo: index, %hi: index) {
  kernel.winograd_scales ins(%w : memref<3x3x6x16xf32>) outs(%s : memref<16x2x8xf32>) {tile_size = 2 : i64}
  return
}

// -----

// Of four channels three are stored as words of their own; the fourth goes into these. The last four are two,
// whose missing words are zero.
// CHECK-LABEL: func.func @winograd_weights
// CHECK:         scf.if
// CHECK-COUNT-16:  vector.store %cst
// CHECK-NOT:       vector.store
// CHECK:         scf.for
// CHECK-COUNT-16:  math.roundeven
// CHECK:           scf.if
// CHECK-COUNT-16:    vector.store
// CHECK:           } else {
// CHECK-COUNT-48:    vector.store
// CHECK-NOT:     math.roundeven
func.func @winograd_weights(%w: memref<3x3x6x8xf32>, %s: memref<16x1x8xf32>, %q: memref<16x1x6x1x8xi32>, %lo: index, %hi: index) {
  kernel.winograd_weights ins(%w, %s : memref<3x3x6x8xf32>, memref<16x1x8xf32>) outs(%q : memref<16x1x6x1x8xi32>) {tile_size = 2 : i64}
  return
}

// -----

// Four channels load three words of each of two blocks, and the only tile asks for as many lines of the next
// weights. Sums are stored times 2^-30 and their scales.
// CHECK-LABEL: func.func @winograd_gemm
// CHECK-DAG:     %[[UNIT:.*]] = arith.constant dense<9.31322574E-10> : vector<8xf32>
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-2:   memref.prefetch
// CHECK-COUNT-2:   vector.load {{.*}} vector<8xi32>
// CHECK-COUNT-8:   vector.fma
// CHECK-COUNT-2:   memref.prefetch
// CHECK-COUNT-2:   vector.load {{.*}} vector<8xi32>
// CHECK-COUNT-8:   vector.fma
// CHECK-COUNT-2:   memref.prefetch
// CHECK-COUNT-2:   vector.load {{.*}} vector<8xi32>
// CHECK-COUNT-16:  vector.fma
// CHECK-NOT:       vector.fma
// CHECK:           scf.yield
// CHECK:         %[[SCALE:.*]] = vector.load {{.*}} : memref<16x2x8xf32>, vector<8xf32>
// CHECK:         %[[SUM:.*]] = arith.mulf {{.*}}, %[[UNIT]]
// CHECK:         %[[POINT:.*]] = arith.mulf %[[SUM]], %[[SCALE]]
// CHECK:         vector.store %[[POINT]]
func.func @winograd_gemm(%v: memref<?x1x16x5x8xf32>, %u: memref<16x1x6x2x8xi32>, %s: memref<16x2x8xf32>,
                         %m: memref<?x2x16x5x8xf32>, %lo: index, %hi: index) {
  kernel.winograd_gemm ins(%v, %u, %s : memref<?x1x16x5x8xf32>, memref<16x1x6x2x8xi32>, memref<16x2x8xf32>)
    outs(%m : memref<?x2x16x5x8xf32>)
    {depth = 8 : i64, tiles = 4 : i64, tile_size = 2 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 2>}
  return
}
