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
  kernel.pack_fixed ins(%w, %s : memref<21x20xf32>, memref<3x8xf32>) outs(%q : memref<2x18x2x8xi32>)
  return
}

// -----

// A row of four steps loads three words of each of two blocks; each weight is a word less its lowest byte, or
// the lowest bytes of three. The last step of 21 has words of its own.
// CHECK-LABEL: func.func @gemm
// CHECK:         %[[HIGH:.*]] = arith.constant dense<-256> : vector<8xi32>
// CHECK:         scf.for {{.*}} iter_args
// CHECK:           vector.load {{.*}} vector<8xi32>
// CHECK:           arith.andi {{.*}}, %[[HIGH]]
// CHECK:           vector.load {{.*}} vector<8xi32>
// CHECK:           arith.sitofp {{.*}} : vector<8xi32> to vector<8xf32>
// CHECK-COUNT-8:   vector.fma
// CHECK-NOT:       vector.fma
// CHECK:           scf.yield
// CHECK-COUNT-2: vector.load {{.*}} vector<8xi32>
// CHECK-COUNT-2: vector.fma
// CHECK:         arith.addf
func.func @gemm(%a: memref<1x1x21xf32>, %w: memref<3x18x2x8xi32>, %b: memref<6x8xf32>,
                %out: memref<6x1x8xf32>, %lo: index, %hi: index) {
  kernel.gemm ins(%a, %w, %b : memref<1x1x21xf32>, memref<3x18x2x8xi32>, memref<6x8xf32>)
    outs(%out : memref<6x1x8xf32>)
    attributes {depth = 21 : i64, tile = #kernel.tile<rows = 6, cols = 2, unroll = 2>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}
