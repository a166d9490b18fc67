// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message of the kernel.winograd ops. 8 lanes; 4x4 outputs are 4 tiles of 2x2, in 5 slots.

func.func @tile_size(%x: memref<3x3x8x16xf32>, %out: memref<25x1x8x2x8xf32>) {
  // expected-error@+1 {{computes tiles of 2x2, 4x4 or 6x6 outputs of 3x3 windows, of 3x3 or 5x5 outputs of 4x4 windows, or of 2x2 or 4x4 outputs of 5x5 windows, of 2x2 windows, or of 3x3 windows with a stride of 2}}
  kernel.winograd_weights ins(%x : memref<3x3x8x16xf32>) outs(%out : memref<25x1x8x2x8xf32>) {tile_size = 3 : i64}
  return
}

// -----

func.func @weights_rank(%x: memref<9x8x16xf32>, %out: memref<36x1x8x2x8xf32>) {
  // expected-error@+1 {{needs weights of rank 4}}
  kernel.winograd_weights ins(%x : memref<9x8x16xf32>) outs(%out : memref<36x1x8x2x8xf32>) {tile_size = 4 : i64}
  return
}

// -----

func.func @weights_window(%x: memref<1x3x8x16xf32>, %out: memref<36x1x8x2x8xf32>) {
  // expected-error@+1 {{needs weights of shape [3, 3, 8, 16], not [1, 3, 8, 16]}}
  kernel.winograd_weights ins(%x : memref<1x3x8x16xf32>) outs(%out : memref<36x1x8x2x8xf32>) {tile_size = 4 : i64}
  return
}

// -----

func.func @weights_points(%x: memref<3x3x8x16xf32>, %out: memref<16x1x8x2x8xf32>) {
  // expected-error@+1 {{needs transformed weights of shape [36, 1, 8, 2, 8], not [16, 1, 8, 2, 8]}}
  kernel.winograd_weights ins(%x : memref<3x3x8x16xf32>) outs(%out : memref<16x1x8x2x8xf32>) {tile_size = 4 : i64}
  return
}

// -----

func.func @input_rank(%x: memref<?x6x6x8xf32>, %out: memref<?x1x36x5x8xf32>) {
  // expected-error@+1 {{needs a blocked image of rank 5}}
  kernel.winograd_input ins(%x : memref<?x6x6x8xf32>) outs(%out : memref<?x1x36x5x8xf32>) {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64}
  return
}

// -----

func.func @input_padding(%x: memref<?x1x6x6x8xf32>, %out: memref<?x1x36x5x8xf32>) {
  // expected-error@+1 {{needs 4 paddings of at least 0}}
  kernel.winograd_input ins(%x : memref<?x1x6x6x8xf32>) outs(%out : memref<?x1x36x5x8xf32>) {padding = array<i64: 1, 1>, tile_size = 4 : i64}
  return
}

// -----

func.func @input_extent(%x: memref<?x1x2x6x8xf32>, %out: memref<?x1x36x5x8xf32>) {
  // expected-error@+1 {{needs an image of at least 3x3 with its padding}}
  kernel.winograd_input ins(%x : memref<?x1x2x6x8xf32>) outs(%out : memref<?x1x36x5x8xf32>) {padding = array<i64: 0, 0, 0, 0>, tile_size = 4 : i64}
  return
}

// -----

func.func @input_slots(%x: memref<?x1x6x6x8xf32>, %out: memref<?x1x36x4x8xf32>) {
  // expected-error@+1 {{needs points of shape [?, 1, 36, 5, 8], not [?, 1, 36, 4, 8]}}
  kernel.winograd_input ins(%x : memref<?x1x6x6x8xf32>) outs(%out : memref<?x1x36x4x8xf32>) {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64}
  return
}

// -----

func.func @gemm_rank(%x: memref<?x3x16x9xf32>, %w: memref<16x1x20x2x8xf32>, %out: memref<?x2x16x9x8xf32>) {
  // expected-error@+1 {{needs points of rank 5}}
  kernel.winograd_gemm ins(%x, %w : memref<?x3x16x9xf32>, memref<16x1x20x2x8xf32>) outs(%out : memref<?x2x16x9x8xf32>) {depth = 20 : i64, tiles = 9 : i64, tile_size = 2 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
  return
}

// -----

func.func @gemm_depth(%x: memref<?x2x16x9x8xf32>, %w: memref<16x1x20x2x8xf32>, %out: memref<?x2x16x9x8xf32>) {
  // expected-error@+1 {{needs an input with blocks for its depth}}
  kernel.winograd_gemm ins(%x, %w : memref<?x2x16x9x8xf32>, memref<16x1x20x2x8xf32>) outs(%out : memref<?x2x16x9x8xf32>) {depth = 20 : i64, tiles = 9 : i64, tile_size = 2 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
  return
}

// -----

func.func @gemm_tiles(%x: memref<?x3x16x9x8xf32>, %w: memref<16x1x20x2x8xf32>, %out: memref<?x2x16x9x8xf32>) {
  // expected-error@+1 {{needs an input with an odd number of slots for its tiles}}
  kernel.winograd_gemm ins(%x, %w : memref<?x3x16x9x8xf32>, memref<16x1x20x2x8xf32>) outs(%out : memref<?x2x16x9x8xf32>) {depth = 20 : i64, tiles = 10 : i64, tile_size = 2 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
  return
}

// -----

func.func @gemm_weights(%x: memref<?x3x16x9x8xf32>, %w: memref<16x1x24x2x8xf32>, %out: memref<?x2x16x9x8xf32>) {
  // expected-error@+1 {{needs weights of shape [16, 1, 20, 2, 8], not [16, 1, 24, 2, 8]}}
  kernel.winograd_gemm ins(%x, %w : memref<?x3x16x9x8xf32>, memref<16x1x24x2x8xf32>) outs(%out : memref<?x2x16x9x8xf32>) {depth = 20 : i64, tiles = 9 : i64, tile_size = 2 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
  return
}

// -----

func.func @gemm_output(%x: memref<?x3x16x9x8xf32>, %w: memref<16x1x20x2x8xf32>, %out: memref<?x2x36x9x8xf32>) {
  // expected-error@+1 {{needs an output of shape [?, 2, 16, 9, 8], not [?, 2, 36, 9, 8]}}
  kernel.winograd_gemm ins(%x, %w : memref<?x3x16x9x8xf32>, memref<16x1x20x2x8xf32>) outs(%out : memref<?x2x36x9x8xf32>) {depth = 20 : i64, tiles = 9 : i64, tile_size = 2 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
  return
}

// -----

func.func @output_points(%x: memref<?x2x16x4x8xf32>, %b: memref<2x8xf32>, %out: memref<?x2x4x4x8xf32>) {
  // expected-error@+1 {{needs points of shape [?, 2, 16, 5, 8], not [?, 2, 16, 4, 8]}}
  kernel.winograd_output ins(%x, %b : memref<?x2x16x4x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x4x4x8xf32>)
    attributes {tile_size = 2 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @output_bias(%x: memref<?x2x16x5x8xf32>, %b: memref<1x8xf32>, %out: memref<?x2x4x4x8xf32>) {
  // expected-error@+1 {{needs a bias of shape [2, 8], not [1, 8]}}
  kernel.winograd_output ins(%x, %b : memref<?x2x16x5x8xf32>, memref<1x8xf32>) outs(%out : memref<?x2x4x4x8xf32>)
    attributes {tile_size = 2 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @output_epilogue(%x: memref<?x2x16x5x8xf32>, %b: memref<2x8xf32>, %out: memref<?x2x4x4x8xf32>) {
  // expected-error@+1 {{needs an epilogue that takes the accumulator and one f32 for each extra}}
  kernel.winograd_output ins(%x, %b : memref<?x2x16x5x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x4x4x8xf32>)
    attributes {tile_size = 2 : i64}
    epilogue {
    ^bb0(%acc: f32, %e: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @blocks_depth(%x: memref<?x2x8x8x16xf32>, %u: memref<36x1x40x2x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x8x8x16xf32>) {
  // expected-error@+1 {{needs an input with blocks for its channels}}
  kernel.winograd ins(%x, %u, %b : memref<?x2x8x8x16xf32>, memref<36x1x40x2x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x8x8x16xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, in_channels = 40 : i64, blocks = 3 : i64, tile = #kernel.tile<rows = 2, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

func.func @blocks_weights(%x: memref<?x2x8x8x16xf32>, %u: memref<16x1x20x2x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x8x8x16xf32>) {
  // expected-error@+1 {{needs weights of shape [36, 1, 20, 2, 16], not [16, 1, 20, 2, 16]}}
  kernel.winograd ins(%x, %u, %b : memref<?x2x8x8x16xf32>, memref<16x1x20x2x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x8x8x16xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, in_channels = 20 : i64, blocks = 3 : i64, tile = #kernel.tile<rows = 2, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

func.func @blocks_output(%x: memref<?x2x8x8x16xf32>, %u: memref<36x1x20x2x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x6x6x16xf32>) {
  // expected-error@+1 {{needs an output of shape [?, 2, 8, 8, 16], not [?, 2, 6, 6, 16]}}
  kernel.winograd ins(%x, %u, %b : memref<?x2x8x8x16xf32>, memref<36x1x20x2x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x6x6x16xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, in_channels = 20 : i64, blocks = 3 : i64, tile = #kernel.tile<rows = 2, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

func.func @blocks_count(%x: memref<?x2x8x8x16xf32>, %u: memref<36x1x20x2x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x8x8x16xf32>) {
  // expected-error@+1 {{needs from one block to as many as there are tiles}}
  kernel.winograd ins(%x, %u, %b : memref<?x2x8x8x16xf32>, memref<36x1x20x2x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x8x8x16xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, in_channels = 20 : i64, blocks = 5 : i64, tile = #kernel.tile<rows = 2, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

func.func @pool_window(%m: memref<?x1x36x5x16xf32>, %b: memref<1x16xf32>, %y: memref<?x1x3x3x16xf32>) {
  // expected-error@+1 {{pools windows whose size divides that of a tile}}
  kernel.winograd_output ins(%m, %b : memref<?x1x36x5x16xf32>, memref<1x16xf32>) outs(%y : memref<?x1x3x3x16xf32>)
    attributes {tile_size = 4 : i64, pool = 3 : i64}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

func.func @pool_rest(%x: memref<?x2x8x7x16xf32>, %u: memref<36x1x20x2x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x4x3x16xf32>) {
  // expected-error@+1 {{needs sums that its windows fill}}
  kernel.winograd ins(%x, %u, %b : memref<?x2x8x7x16xf32>, memref<36x1x20x2x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x4x3x16xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, pool = 2 : i64, in_channels = 20 : i64, blocks = 3 : i64, tile = #kernel.tile<rows = 2, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

func.func @window(%x: memref<5x5x8x16xf32>, %out: memref<100x1x8x2x8xf32>) {
  // expected-error@+1 {{computes tiles of 2x2, 4x4 or 6x6 outputs of 3x3 windows, of 3x3 or 5x5 outputs of 4x4 windows, or of 2x2 or 4x4 outputs of 5x5 windows, of 2x2 windows, or of 3x3 windows with a stride of 2}}
  kernel.winograd_weights ins(%x : memref<5x5x8x16xf32>) outs(%out : memref<100x1x8x2x8xf32>) {tile_size = 6 : i64, window = 5 : i64}
  return
}

// -----

func.func @window_extent(%x: memref<?x1x4x6x8xf32>, %out: memref<?x1x36x5x8xf32>) {
  // expected-error@+1 {{needs an image of at least 5x5 with its padding}}
  kernel.winograd_input ins(%x : memref<?x1x4x6x8xf32>) outs(%out : memref<?x1x36x5x8xf32>) {padding = array<i64: 0, 0, 0, 0>, tile_size = 2 : i64, window = 5 : i64}
  return
}

// -----

func.func @plane_channels(%x: memref<?x1x28x28x2xf32>, %u: memref<64x2x1x1x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x24x24x16xf32>) {
  // expected-error@+1 {{needs plain images of one channel, as wide as a block has lanes}}
  kernel.winograd_plane ins(%x, %u, %b : memref<?x1x28x28x2xf32>, memref<64x2x1x1x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x24x24x16xf32>)
    attributes {padding = array<i64: 0, 0, 0, 0>, tile_size = 4 : i64, window = 5 : i64}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

func.func @plane_form(%x: memref<?x1x28x28x1xf32>, %u: memref<64x2x1x1x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x26x26x16xf32>) {
  // expected-error@+1 {{computes tiles of 2x2 or 4x4 outputs}}
  kernel.winograd_plane ins(%x, %u, %b : memref<?x1x28x28x1xf32>, memref<64x2x1x1x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x26x26x16xf32>)
    attributes {padding = array<i64: 0, 0, 0, 0>, tile_size = 6 : i64}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

func.func @scales_shape(%x: memref<3x3x20x24xf32>, %out: memref<36x4x8xf32>) {
  // expected-error@+1 {{needs scales of shape [36, 3, 8], not [36, 4, 8]}}
  kernel.winograd_scales ins(%x : memref<3x3x20x24xf32>) outs(%out : memref<36x4x8xf32>) {tile_size = 4 : i64}
  return
}

// -----

func.func @scales_rank(%x: memref<3x3x20x24xf32>, %out: memref<36x24xf32>) {
  // expected-error@+1 {{needs scales of rank 3}}
  kernel.winograd_scales ins(%x : memref<3x3x20x24xf32>) outs(%out : memref<36x24xf32>) {tile_size = 4 : i64}
  return
}

// -----

func.func @weights_words(%x: memref<3x3x21x24xf32>, %s: memref<36x3x8xf32>, %out: memref<36x2x21x2x8xi32>) {
  // expected-error@+1 {{needs transformed weights of shape [36, 2, 18, 2, 8], not [36, 2, 21, 2, 8]}}
  kernel.winograd_weights ins(%x, %s : memref<3x3x21x24xf32>, memref<36x3x8xf32>) outs(%out : memref<36x2x21x2x8xi32>) {tile_size = 4 : i64}
  return
}

// -----

func.func @weights_without_scales(%x: memref<3x3x21x24xf32>, %out: memref<36x2x21x2x8xi32>) {
  // expected-error@+1 {{needs scales for weights of i32, and for no others}}
  kernel.winograd_weights ins(%x : memref<3x3x21x24xf32>) outs(%out : memref<36x2x21x2x8xi32>) {tile_size = 4 : i64}
  return
}

// -----

func.func @gemm_scales(%x: memref<?x3x16x9x8xf32>, %w: memref<16x1x15x2x8xi32>, %s: memref<16x1x8xf32>, %out: memref<?x2x16x9x8xf32>) {
  // expected-error@+1 {{needs scales of shape [16, 2, 8], not [16, 1, 8]}}
  kernel.winograd_gemm ins(%x, %w, %s : memref<?x3x16x9x8xf32>, memref<16x1x15x2x8xi32>, memref<16x1x8xf32>) outs(%out : memref<?x2x16x9x8xf32>) {depth = 20 : i64, tiles = 9 : i64, tile_size = 2 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
  return
}

// -----

func.func @planes_of_phases(%v: memref<?x3x9x5x8xf32>, %u: memref<9x1x20x2x8xf32>, %m: memref<?x2x9x5x8xf32>) {
  // expected-error@+1 {{an input}}
  kernel.winograd_gemm ins(%v, %u : memref<?x3x9x5x8xf32>, memref<9x1x20x2x8xf32>) outs(%m : memref<?x2x9x5x8xf32>) {depth = 20 : i64, tiles = 4 : i64, tile_size = 2 : i64, stride = 2 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
  return
}

// -----

func.func @no_stride(%x: memref<3x3x8x16xf32>, %out: memref<25x1x8x2x8xf32>) {
  // expected-error@+1 {{computes tiles of 2x2, 4x4 or 6x6 outputs}}
  kernel.winograd_weights ins(%x : memref<3x3x8x16xf32>) outs(%out : memref<25x1x8x2x8xf32>) {tile_size = 2 : i64, stride = 0 : i64}
  return
}

// -----

func.func @gemm_form(%v: memref<?x3x9x5x8xf32>, %u: memref<9x1x20x2x8xf32>, %m: memref<?x2x9x5x8xf32>) {
  // expected-error@+1 {{computes tiles of 2x2, 4x4 or 6x6 outputs}}
  kernel.winograd_gemm ins(%v, %u : memref<?x3x9x5x8xf32>, memref<9x1x20x2x8xf32>) outs(%m : memref<?x2x9x5x8xf32>) {depth = 20 : i64, tiles = 4 : i64, tile_size = 2 : i64, stride = 0 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
  return
}

// -----

func.func @words_with_stride(%x: memref<3x3x8x16xf32>, %s: memref<25x2x8xf32>, %out: memref<25x1x6x2x8xi32>) {
  // expected-error@+1 {{has no weights of i32 with a stride}}
  kernel.winograd_weights ins(%x, %s : memref<3x3x8x16xf32>, memref<25x2x8xf32>) outs(%out : memref<25x1x6x2x8xi32>) {tile_size = 2 : i64, stride = 2 : i64}
  return
}
