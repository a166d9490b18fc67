// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message of kernel.conv_depthwise that it does not share with kernel.conv and kernel.depthwise, and
// that both of its windows, weights and epilogues are looked at.

func.func @steps(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs steps of at least 1 output and bands of at least a step}}
  kernel.conv_depthwise ins(%x, %w, %b, %d, %b : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>, depthwise_strides = array<i64: 1, 1>, depthwise_padding = array<i64: 1, 1, 1, 1>, depthwise_dilations = array<i64: 1, 1>, depthwise_tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>, step_rows = 3 : i64, step_columns = 5 : i64, band_rows = 2 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } depthwise_epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @middle(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x7x7x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs an image that the windows of its convolution fit into}}
  kernel.conv_depthwise ins(%x, %w, %b, %d, %b : memref<?x1x5x5x8xf32>, memref<1x1x7x7x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>, depthwise_strides = array<i64: 1, 1>, depthwise_padding = array<i64: 1, 1, 1, 1>, depthwise_dilations = array<i64: 1, 1>, depthwise_tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>, step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } depthwise_epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @conv_weights(%x: memref<?x1x5x5x8xf32>, %w: memref<2x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs weights for each of its output blocks}}
  kernel.conv_depthwise ins(%x, %w, %b, %d, %b : memref<?x1x5x5x8xf32>, memref<2x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>, depthwise_strides = array<i64: 1, 1>, depthwise_padding = array<i64: 1, 1, 1, 1>, depthwise_dilations = array<i64: 1, 1>, depthwise_tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>, step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } depthwise_epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @depthwise_weights(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<1x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs weights [C/L, KH, KW, L] that fit its output}}
  kernel.conv_depthwise ins(%x, %w, %b, %d, %b : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<1x3x3x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>, depthwise_strides = array<i64: 1, 1>, depthwise_padding = array<i64: 1, 1, 1, 1>, depthwise_dilations = array<i64: 1, 1>, depthwise_tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>, step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } depthwise_epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @slides(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs strides and dilations of at least 1}}
  kernel.conv_depthwise ins(%x, %w, %b, %d, %b : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {strides = array<i64: 0, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>, depthwise_strides = array<i64: 1, 1>, depthwise_padding = array<i64: 1, 1, 1, 1>, depthwise_dilations = array<i64: 1, 1>, depthwise_tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>, step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } depthwise_epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @extent(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs an output extent of 3, not 5}}
  kernel.conv_depthwise ins(%x, %w, %b, %d, %b : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>, depthwise_strides = array<i64: 1, 1>, depthwise_padding = array<i64: 0, 0, 0, 0>, depthwise_dilations = array<i64: 1, 1>, depthwise_tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>, step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } depthwise_epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @epilogue(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x1x1x8x2x8xf32>, %b: memref<2x8xf32>, %d: memref<2x3x3x8xf32>, %out: memref<?x2x5x5x8xf32>) {
  // expected-error@+1 {{needs an epilogue that takes the accumulator and one f32 for each extra}}
  kernel.conv_depthwise ins(%x, %w, %b, %d, %b : memref<?x1x5x5x8xf32>, memref<1x1x1x1x8x2x8xf32>, memref<2x8xf32>, memref<2x3x3x8xf32>, memref<2x8xf32>) outs(%out : memref<?x2x5x5x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 5, cols = 2, unroll = 1>, depthwise_strides = array<i64: 1, 1>, depthwise_padding = array<i64: 1, 1, 1, 1>, depthwise_dilations = array<i64: 1, 1>, depthwise_tile = #kernel.tile<rows = 5, cols = 1, unroll = 1>, step_rows = 1 : i64, step_columns = 5 : i64, band_rows = 5 : i64}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } depthwise_epilogue {
    ^bb0(%acc: f32, %e: f32):
      kernel.yield %acc : f32
    }
  return
}
