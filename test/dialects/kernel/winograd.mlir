// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --mlir-print-op-generic | dlc-opt | FileCheck %s

// The four steps of F(2x2, 3x3) parse and print, on tensors with a result and on memrefs without. 8 lanes.

// CHECK-LABEL: func.func @tensors
func.func @tensors(%x: tensor<?x3x4x4x8xf32>, %g: tensor<3x3x20x16xf32>, %ue: tensor<16x1x20x2x8xf32>,
                   %ve: tensor<?x3x16x5x8xf32>, %me: tensor<?x2x16x5x8xf32>, %b: tensor<2x8xf32>,
                   %r: tensor<?x2x4x4x8xf32>, %ye: tensor<?x2x4x4x8xf32>) -> tensor<?x2x4x4x8xf32> {
  // CHECK: kernel.winograd_weights ins(%{{.*}} : tensor<3x3x20x16xf32>) outs(%{{.*}} : tensor<16x1x20x2x8xf32>) {tile_size = 2 : i64} -> tensor<16x1x20x2x8xf32>
  %u = kernel.winograd_weights ins(%g : tensor<3x3x20x16xf32>) outs(%ue : tensor<16x1x20x2x8xf32>) {tile_size = 2 : i64} -> tensor<16x1x20x2x8xf32>
  // CHECK: kernel.winograd_input ins(%{{.*}} : tensor<?x3x4x4x8xf32>) outs(%{{.*}} : tensor<?x3x16x5x8xf32>) {padding = array<i64: 1, 1, 1, 1>, tile_size = 2 : i64} -> tensor<?x3x16x5x8xf32>
  %v = kernel.winograd_input ins(%x : tensor<?x3x4x4x8xf32>) outs(%ve : tensor<?x3x16x5x8xf32>) {padding = array<i64: 1, 1, 1, 1>, tile_size = 2 : i64} -> tensor<?x3x16x5x8xf32>
  // CHECK: kernel.winograd_gemm ins(%{{.*}}, %{{.*}} : tensor<?x3x16x5x8xf32>, tensor<16x1x20x2x8xf32>) outs(%{{.*}} : tensor<?x2x16x5x8xf32>) {depth = 20 : i64, {{.*}}tiles = 4 : i64}
  %m = kernel.winograd_gemm ins(%v, %u : tensor<?x3x16x5x8xf32>, tensor<16x1x20x2x8xf32>) outs(%me : tensor<?x2x16x5x8xf32>) {depth = 20 : i64, tiles = 4 : i64, tile_size = 2 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>} -> tensor<?x2x16x5x8xf32>
  // CHECK: kernel.winograd_output ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x2x16x5x8xf32>, tensor<2x8xf32>, tensor<?x2x4x4x8xf32>) outs(%{{.*}} : tensor<?x2x4x4x8xf32>) attributes {tile_size = 2 : i64} epilogue {
  %y = kernel.winograd_output ins(%m, %b, %r : tensor<?x2x16x5x8xf32>, tensor<2x8xf32>, tensor<?x2x4x4x8xf32>) outs(%ye : tensor<?x2x4x4x8xf32>)
    attributes {tile_size = 2 : i64}
    epilogue {
    ^bb0(%acc: f32, %e: f32):
      %0 = arith.addf %acc, %e : f32
      kernel.yield %0 : f32
    } -> tensor<?x2x4x4x8xf32>
  return %y : tensor<?x2x4x4x8xf32>
}

// CHECK-LABEL: func.func @memrefs
func.func @memrefs(%x: memref<?x3x4x4x8xf32>, %v: memref<?x3x16x5x8xf32>) {
  // CHECK: kernel.winograd_input ins(%{{.*}} : memref<?x3x4x4x8xf32>) outs(%{{.*}} : memref<?x3x16x5x8xf32>) {{{.*}}}{{$}}
  kernel.winograd_input ins(%x : memref<?x3x4x4x8xf32>) outs(%v : memref<?x3x16x5x8xf32>) {padding = array<i64: 1, 1, 1, 1>, tile_size = 2 : i64}
  return
}

// CHECK-LABEL: func.func @blocks
func.func @blocks(%x: memref<?x3x4x4x8xf32>, %u: memref<16x1x20x2x8xf32>, %b: memref<2x8xf32>, %y: memref<?x2x4x4x8xf32>) {
  // CHECK: kernel.winograd ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<?x3x4x4x8xf32>, memref<16x1x20x2x8xf32>, memref<2x8xf32>) outs(%{{.*}} : memref<?x2x4x4x8xf32>) attributes {blocks = 2 : i64, in_channels = 20 : i64, padding = array<i64: 1, 1, 1, 1>, {{.*}}tile_size = 2 : i64} epilogue {
  kernel.winograd ins(%x, %u, %b : memref<?x3x4x4x8xf32>, memref<16x1x20x2x8xf32>, memref<2x8xf32>) outs(%y : memref<?x2x4x4x8xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 2 : i64, in_channels = 20 : i64, blocks = 2 : i64, tile = #kernel.tile<rows = 2, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// Max pooled: what a tile becomes is half as high and wide.
// CHECK-LABEL: func.func @pooled
func.func @pooled(%m: memref<?x2x36x5x8xf32>, %b: memref<2x8xf32>, %y: memref<?x2x3x4x8xf32>) {
  // CHECK: kernel.winograd_output {{.*}} outs(%{{.*}} : memref<?x2x3x4x8xf32>) attributes {pool = 2 : i64, tile_size = 4 : i64} epilogue {
  kernel.winograd_output ins(%m, %b : memref<?x2x36x5x8xf32>, memref<2x8xf32>) outs(%y : memref<?x2x3x4x8xf32>)
    attributes {tile_size = 4 : i64, pool = 2 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// Windows of 5x5 in tiles of 2x2 outputs have as many points as those of 3x3 in tiles of 4x4; 6x6 outputs of
// 3x3 have 64.
// CHECK-LABEL: func.func @forms
func.func @forms(%x: memref<?x1x8x8x8xf32>, %v: memref<?x1x36x5x8xf32>, %w: memref<?x1x64x5x8xf32>) {
  // CHECK: kernel.winograd_input {{.*}} {padding = array<i64: 0, 0, 0, 0>, tile_size = 2 : i64, window = 5 : i64}
  kernel.winograd_input ins(%x : memref<?x1x8x8x8xf32>) outs(%v : memref<?x1x36x5x8xf32>) {padding = array<i64: 0, 0, 0, 0>, tile_size = 2 : i64, window = 5 : i64}
  // CHECK: kernel.winograd_input {{.*}} {padding = array<i64: 1, 1, 1, 1>, tile_size = 6 : i64}
  kernel.winograd_input ins(%x : memref<?x1x8x8x8xf32>) outs(%w : memref<?x1x64x5x8xf32>) {padding = array<i64: 1, 1, 1, 1>, tile_size = 6 : i64}
  return
}

// Images of one channel lie unblocked.
// CHECK-LABEL: func.func @plane
func.func @plane(%x: memref<?x1x28x28x1xf32>, %u: memref<64x2x1x1x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x12x12x16xf32>) {
  // CHECK: kernel.winograd_plane {{.*}} attributes {padding = array<i64: 0, 0, 0, 0>, pool = 2 : i64, tile_size = 4 : i64, window = 5 : i64} epilogue {
  kernel.winograd_plane ins(%x, %u, %b : memref<?x1x28x28x1xf32>, memref<64x2x1x1x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x12x12x16xf32>)
    attributes {padding = array<i64: 0, 0, 0, 0>, pool = 2 : i64, tile_size = 4 : i64, window = 5 : i64}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// Four phases of an image of 8x8: F(2x2, 2x2) of 9 points, which have 5 x 5 planes.
// CHECK-LABEL: func.func @strided
func.func @strided(%x: memref<?x3x8x8x8xf32>, %g: memref<3x3x20x16xf32>, %u: memref<25x1x20x2x8xf32>,
                   %v: memref<?x3x25x5x8xf32>, %m: memref<?x2x9x5x8xf32>) {
  // CHECK: kernel.winograd_weights {{.*}} {stride = 2 : i64, tile_size = 2 : i64}
  kernel.winograd_weights ins(%g : memref<3x3x20x16xf32>) outs(%u : memref<25x1x20x2x8xf32>) {tile_size = 2 : i64, stride = 2 : i64}
  // CHECK: kernel.winograd_input {{.*}} {padding = array<i64: 1, 1, 1, 1>, stride = 2 : i64, tile_size = 2 : i64}
  kernel.winograd_input ins(%x : memref<?x3x8x8x8xf32>) outs(%v : memref<?x3x25x5x8xf32>) {padding = array<i64: 1, 1, 1, 1>, tile_size = 2 : i64, stride = 2 : i64}
  // CHECK: kernel.winograd_gemm {{.*}}stride = 2 : i64
  kernel.winograd_gemm ins(%v, %u : memref<?x3x25x5x8xf32>, memref<25x1x20x2x8xf32>) outs(%m : memref<?x2x9x5x8xf32>) {depth = 20 : i64, tiles = 4 : i64, tile_size = 2 : i64, stride = 2 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
  return
}
