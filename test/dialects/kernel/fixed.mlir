// RUN: dlc-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// Weights in fixed point: three words for four of 24 bits, five for eight of 20.

// CHECK-LABEL: func.func @fixed
func.func @fixed(%w: memref<21x40xf32>, %s: memref<5x8xf32>, %q: memref<3x18x2x8xi32>, %t: memref<3x15x2x8xi32>) {
  // CHECK: kernel.unit_scales ins(%{{.*}} : memref<21x40xf32>) outs(%{{.*}} : memref<5x8xf32>)
  kernel.unit_scales ins(%w : memref<21x40xf32>) outs(%s : memref<5x8xf32>)
  // CHECK: kernel.unit_scales {{.*}} {accumulate}
  kernel.unit_scales ins(%w : memref<21x40xf32>) outs(%s : memref<5x8xf32>) {accumulate}
  // CHECK: kernel.pack_fixed ins(%{{.*}}, %{{.*}} : memref<21x40xf32>, memref<5x8xf32>) outs(%{{.*}} : memref<3x18x2x8xi32>) {bits = 24 : i64}
  kernel.pack_fixed ins(%w, %s : memref<21x40xf32>, memref<5x8xf32>) outs(%q : memref<3x18x2x8xi32>) {bits = 24 : i64}
  kernel.pack_fixed ins(%w, %s : memref<21x40xf32>, memref<5x8xf32>) outs(%t : memref<3x15x2x8xi32>) {bits = 20 : i64}
  return
}

// -----

func.func @scales_rank(%w: memref<21x40xf32>, %s: memref<40xf32>) {
  // expected-error@+1 {{works on weights [K, N] and scales [N/L, L]}}
  kernel.unit_scales ins(%w : memref<21x40xf32>) outs(%s : memref<40xf32>)
  return
}

// -----

func.func @scales_shape(%w: memref<21x40xf32>, %s: memref<4x8xf32>) {
  // expected-error@+1 {{needs scales of shape [5, 8], not [4, 8]}}
  kernel.unit_scales ins(%w : memref<21x40xf32>) outs(%s : memref<4x8xf32>)
  return
}

// -----

func.func @pack_rank(%w: memref<21x40xf32>, %s: memref<5x8xf32>, %q: memref<18x2x8xi32>) {
  // expected-error@+1 {{works on weights [K, N] and words [N/(nb L), R, nb, L]}}
  kernel.pack_fixed ins(%w, %s : memref<21x40xf32>, memref<5x8xf32>) outs(%q : memref<18x2x8xi32>) {bits = 24 : i64}
  return
}

// -----

func.func @pack_scales(%w: memref<21x40xf32>, %s: memref<6x8xf32>, %q: memref<3x18x2x8xi32>) {
  // expected-error@+1 {{needs scales of shape [5, 8], not [6, 8]}}
  kernel.pack_fixed ins(%w, %s : memref<21x40xf32>, memref<6x8xf32>) outs(%q : memref<3x18x2x8xi32>) {bits = 24 : i64}
  return
}

// -----

func.func @pack_shape(%w: memref<21x40xf32>, %s: memref<5x8xf32>, %q: memref<3x21x2x8xi32>) {
  // expected-error@+1 {{needs a packed side of shape [3, 18, 2, 8], not [3, 21, 2, 8]}}
  kernel.pack_fixed ins(%w, %s : memref<21x40xf32>, memref<5x8xf32>) outs(%q : memref<3x21x2x8xi32>) {bits = 24 : i64}
  return
}

// -----

func.func @gemm_depth(%x: memref<1x?x21xf32>, %w: memref<1x21x2x8xi32>, %b: memref<2x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{needs weights [N/(nb L), K, nb, L] that fit its tile, depth and output}}
  kernel.gemm ins(%x, %w, %b : memref<1x?x21xf32>, memref<1x21x2x8xi32>, memref<2x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 21 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>, weight_bits = 24 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @gemm_phases(%x: memref<1x?x20xf32>, %w: memref<1x15x1x8xi32>, %b: memref<1x8xf32>, %out: memref<1x?x8xf32>) {
  // expected-error@+1 {{needs weights in floating point where columns share vectors}}
  kernel.gemm ins(%x, %w, %b : memref<1x?x20xf32>, memref<1x15x1x8xi32>, memref<1x8xf32>) outs(%out : memref<1x?x8xf32>)
    attributes {depth = 20 : i64, tile = #kernel.tile<rows = 4, cols = 1, unroll = 1>, phases = 4 : i64, weight_bits = 24 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @gemm_floats(%x: memref<1x?x21xf32>, %w: memref<1x18x2x8xf32>, %b: memref<2x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{needs weights of i32 for fewer than 32 bits, and for no others}}
  kernel.gemm ins(%x, %w, %b : memref<1x?x21xf32>, memref<1x18x2x8xf32>, memref<2x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 21 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>, weight_bits = 24 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @gemm_words(%x: memref<1x?x21xf32>, %w: memref<1x21x2x8xi32>, %b: memref<2x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{needs weights of i32 for fewer than 32 bits, and for no others}}
  kernel.gemm ins(%x, %w, %b : memref<1x?x21xf32>, memref<1x21x2x8xi32>, memref<2x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 21 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @gemm_bits(%x: memref<1x?x21xf32>, %w: memref<1x21x2x8xi32>, %b: memref<2x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{needs weights of 8 to 24 bits or of 32}}
  kernel.gemm ins(%x, %w, %b : memref<1x?x21xf32>, memref<1x21x2x8xi32>, memref<2x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 21 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>, weight_bits = 0 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @gemm_groups(%x: memref<6x?x4xf32>, %w: memref<1x15x2x4xi32>, %b: memref<2x4xf32>, %out: memref<2x?x4xf32>) {
  // expected-error@+1 {{needs an input with blocks of whole groups of weights}}
  kernel.gemm ins(%x, %w, %b : memref<6x?x4xf32>, memref<1x15x2x4xi32>, memref<2x4xf32>) outs(%out : memref<2x?x4xf32>)
    attributes {depth = 21 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>, weight_bits = 20 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @pack_bits(%w: memref<21x40xf32>, %s: memref<5x8xf32>, %q: memref<3x18x2x8xi32>) {
  // expected-error@+1 {{needs 8 to 24 bits}}
  kernel.pack_fixed ins(%w, %s : memref<21x40xf32>, memref<5x8xf32>) outs(%q : memref<3x18x2x8xi32>) {bits = 32 : i64}
  return
}
