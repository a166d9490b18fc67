// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message of kernel.conv, kernel.depthwise and kernel.gemm. 8 lanes, so 16 channels are 2 blocks.

func.func @epilogue_arguments(%x: memref<3x?x8xf32>, %w: memref<1x20x2x8xf32>, %b: memref<2x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{needs an epilogue that takes the accumulator and one f32 for each extra}}
  kernel.gemm ins(%x, %w, %b, %b : memref<3x?x8xf32>, memref<1x20x2x8xf32>, memref<2x8xf32>, memref<2x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 20 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @epilogue_end(%x: memref<3x?x8xf32>, %w: memref<1x20x2x8xf32>, %b: memref<2x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{needs an epilogue that ends in kernel.yield}}
  kernel.gemm ins(%x, %w, %b : memref<3x?x8xf32>, memref<1x20x2x8xf32>, memref<2x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 20 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      llvm.unreachable
    }
  return
}

// -----

func.func @bias(%x: memref<3x?x8xf32>, %w: memref<1x20x2x8xf32>, %b: memref<1x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{needs a bias of shape [2, 8], not [1, 8]}}
  kernel.gemm ins(%x, %w, %b : memref<3x?x8xf32>, memref<1x20x2x8xf32>, memref<1x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 20 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @extra(%x: memref<3x4x8xf32>, %w: memref<1x20x2x8xf32>, %b: memref<2x8xf32>, %r: memref<2x5x8xf32>, %out: memref<2x4x8xf32>) {
  // expected-error@+1 {{needs an extra of shape [2, 4, 8], not [2, 5, 8]}}
  kernel.gemm ins(%x, %w, %b, %r : memref<3x4x8xf32>, memref<1x20x2x8xf32>, memref<2x8xf32>, memref<2x5x8xf32>) outs(%out : memref<2x4x8xf32>)
    attributes {depth = 20 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32, %e: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @gemm_phases(%x: memref<1x?x18xf32>, %w: memref<1x5x1x8xf32>, %b: memref<1x8xf32>, %out: memref<1x?x8xf32>) {
  // expected-error@+1 {{needs phases that divide its lanes and depth, one output block and a plain input}}
  kernel.gemm ins(%x, %w, %b : memref<1x?x18xf32>, memref<1x5x1x8xf32>, memref<1x8xf32>) outs(%out : memref<1x?x8xf32>)
    attributes {depth = 18 : i64, phases = 4 : i64, tile = #kernel.tile<rows = 4, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @gemm_rank(%x: memref<?x8xf32>, %w: memref<1x20x2x8xf32>, %b: memref<2x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{works on blocked matrices of rank 3}}
  kernel.gemm ins(%x, %w, %b : memref<?x8xf32>, memref<1x20x2x8xf32>, memref<2x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 20 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @gemm_weights(%x: memref<3x?x8xf32>, %w: memref<1x24x2x8xf32>, %b: memref<2x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{needs weights [N/(nb L), K, nb, L] that fit its tile, depth and output}}
  kernel.gemm ins(%x, %w, %b : memref<3x?x8xf32>, memref<1x24x2x8xf32>, memref<2x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 20 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @gemm_depth(%x: memref<2x?x8xf32>, %w: memref<1x20x2x8xf32>, %b: memref<2x8xf32>, %out: memref<2x?x8xf32>) {
  // expected-error@+1 {{needs an input with blocks for its depth}}
  kernel.gemm ins(%x, %w, %b : memref<2x?x8xf32>, memref<1x20x2x8xf32>, memref<2x8xf32>) outs(%out : memref<2x?x8xf32>)
    attributes {depth = 20 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @conv_rank(%x: memref<?x5x5x8xf32>, %w: memref<1x1x3x3x8x2x8xf32>, %b: memref<2x8xf32>, %out: memref<?x2x3x3x8xf32>) {
  // expected-error@+1 {{works on blocked images of rank 5}}
  kernel.conv ins(%x, %w, %b : memref<?x5x5x8xf32>, memref<1x1x3x3x8x2x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x3x3x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @conv_weights(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x3x3x8x2x8xf32>, %b: memref<2x8xf32>, %out: memref<?x2x3x3x8xf32>) {
  // expected-error@+1 {{needs weights [O/(nb L), C/B, KH, KW, B, nb, L] that fit its tile and input}}
  kernel.conv ins(%x, %w, %b : memref<?x1x5x5x8xf32>, memref<1x1x3x3x8x2x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x3x3x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 3, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @conv_output_blocks(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x3x3x8x2x8xf32>, %b: memref<3x8xf32>, %out: memref<?x3x3x3x8xf32>) {
  // expected-error@+1 {{needs weights for each of its output blocks}}
  kernel.conv ins(%x, %w, %b : memref<?x1x5x5x8xf32>, memref<1x1x3x3x8x2x8xf32>, memref<3x8xf32>) outs(%out : memref<?x3x3x3x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @conv_groups(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x3x3x8x2x8xf32>, %b: memref<2x8xf32>, %out: memref<?x2x3x3x8xf32>) {
  // expected-error@+1 {{needs an equal share of its weights for each group}}
  kernel.conv ins(%x, %w, %b : memref<?x1x5x5x8xf32>, memref<1x1x3x3x8x2x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x3x3x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64, in_channels = 4 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @conv_counts(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x3x3x8x2x8xf32>, %b: memref<2x8xf32>, %out: memref<?x2x3x3x8xf32>) {
  // expected-error@+1 {{needs 2 window sizes, 2 strides, 2 dilations and 4 paddings}}
  kernel.conv ins(%x, %w, %b : memref<?x1x5x5x8xf32>, memref<1x1x3x3x8x2x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x3x3x8xf32>)
    attributes {strides = array<i64: 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @conv_stride(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x3x3x8x2x8xf32>, %b: memref<2x8xf32>, %out: memref<?x2x3x3x8xf32>) {
  // expected-error@+1 {{needs strides and dilations of at least 1}}
  kernel.conv ins(%x, %w, %b : memref<?x1x5x5x8xf32>, memref<1x1x3x3x8x2x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x3x3x8xf32>)
    attributes {strides = array<i64: 0, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @conv_extent(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x3x3x8x2x8xf32>, %b: memref<2x8xf32>, %out: memref<?x2x3x4x8xf32>) {
  // expected-error@+1 {{needs an output extent of 3, not 4}}
  kernel.conv ins(%x, %w, %b : memref<?x1x5x5x8xf32>, memref<1x1x3x3x8x2x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x3x4x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @depthwise_weights(%x: memref<?x2x5x5x8xf32>, %w: memref<1x3x3x8xf32>, %b: memref<2x8xf32>, %out: memref<?x2x3x3x8xf32>) {
  // expected-error@+1 {{needs weights [C/L, KH, KW, L] that fit its output}}
  kernel.depthwise ins(%x, %w, %b : memref<?x2x5x5x8xf32>, memref<1x3x3x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x3x3x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 3, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}
