// RUN: dlc-opt %s --dlc-expand-kernels --split-input-file --verify-diagnostics

func.func @unbounded(%in: memref<?x5x5x20xf32>, %out: memref<?x2x5x5x16xf32>) {
  // expected-error @below {{needs a function of its own that ends in the bounds of its items}}
  kernel.pack <image> ins(%in : memref<?x5x5x20xf32>) outs(%out : memref<?x2x5x5x16xf32>)
  return
}

// -----

func.func @tensors(%in: tensor<4x20xf32>, %out: tensor<2x4x16xf32>, %lo: index, %hi: index) {
  // expected-error @below {{needs buffers, not tensors}}
  %0 = kernel.pack <matrix> ins(%in : tensor<4x20xf32>) outs(%out : tensor<2x4x16xf32>)
    -> tensor<2x4x16xf32>
  return
}

// -----

func.func @opaque(%a: memref<1x?x8xf32>, %w: memref<1x8x1x8xf32>, %b: memref<1x8xf32>,
                  %out: memref<1x?x8xf32>, %lo: index, %hi: index) {
  // expected-error @below {{has an epilogue with 'memref.load', which is not elementwise}}
  kernel.gemm ins(%a, %w, %b : memref<1x?x8xf32>, memref<1x8x1x8xf32>, memref<1x8xf32>)
    outs(%out : memref<1x?x8xf32>)
    attributes {depth = 8 : i64, tile = #kernel.tile<rows = 1, cols = 1, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      %v = memref.load %b[%lo, %lo] : memref<1x8xf32>
      kernel.yield %v : f32
    }
  return
}

// -----

func.func @scratch(%x: memref<?x2x8x8x16xf32>, %u: memref<36x1x20x2x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x8x8x16xf32>, %lo: index, %hi: index) {
  // expected-error@below {{needs its scratch memory before the bounds of its items}}
  kernel.winograd ins(%x, %u, %b : memref<?x2x8x8x16xf32>, memref<36x1x20x2x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x8x8x16xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, in_channels = 20 : i64, blocks = 3 : i64, tile = #kernel.tile<rows = 2, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}
