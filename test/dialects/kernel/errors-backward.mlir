// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Messages of kernel.conv_weights and kernel.pool_backward. 8 lanes.

func.func @rank(%x: memref<?x1x5x5x8xf32>, %g: memref<?x1x5x5x8xf32>, %out: memref<8x8xf32>) {
  // expected-error@+1 {{computes a kernel of rank 4, or several of them}}
  kernel.conv_weights ins(%x, %g : memref<?x1x5x5x8xf32>, memref<?x1x5x5x8xf32>) outs(%out : memref<8x8xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, channels = 8 : i64, tile = #kernel.tile<rows = 8, cols = 1, unroll = 1>}
  return
}

// -----

func.func @channels(%x: memref<?x2x5x5x8xf32>, %g: memref<?x1x5x5x8xf32>, %out: memref<1x1x16x8xf32>) {
  // expected-error@+1 {{needs channels that divide the input's blocks}}
  kernel.conv_weights ins(%x, %g : memref<?x2x5x5x8xf32>, memref<?x1x5x5x8xf32>) outs(%out : memref<1x1x16x8xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, channels = 3 : i64, tile = #kernel.tile<rows = 3, cols = 1, unroll = 1>}
  return
}

// -----

func.func @groups(%x: memref<?x3x5x5x8xf32>, %g: memref<?x2x5x5x8xf32>, %out: memref<1x1x12x16xf32>) {
  // expected-error@+1 {{needs an equal share of its blocks for each group}}
  kernel.conv_weights ins(%x, %g : memref<?x3x5x5x8xf32>, memref<?x2x5x5x8xf32>) outs(%out : memref<1x1x12x16xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64, channels = 8 : i64, tile = #kernel.tile<rows = 8, cols = 1, unroll = 1>}
  return
}

// -----

func.func @blocks(%x: memref<?x2x5x5x8xf32>, %g: memref<?x1x5x5x8xf32>, %out: memref<1x1x8x8xf32>) {
  // expected-error@+1 {{needs an input and a gradient with blocks for its kernel's channels}}
  kernel.conv_weights ins(%x, %g : memref<?x2x5x5x8xf32>, memref<?x1x5x5x8xf32>) outs(%out : memref<1x1x8x8xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, channels = 8 : i64, tile = #kernel.tile<rows = 8, cols = 1, unroll = 1>}
  return
}

// -----

func.func @window(%x: memref<?x1x5x5x8xf32>, %g: memref<?x1x5x5x8xf32>, %out: memref<3x3x8x8xf32>) {
  // expected-error@+1 {{needs an output extent of 3, not 5}}
  kernel.conv_weights ins(%x, %g : memref<?x1x5x5x8xf32>, memref<?x1x5x5x8xf32>) outs(%out : memref<3x3x8x8xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, channels = 8 : i64, tile = #kernel.tile<rows = 8, cols = 1, unroll = 1>}
  return
}

// -----

func.func @pool_window(%g: memref<?x1x2x2x8xf32>, %out: memref<?x1x4x4x8xf32>) {
  // expected-error@+1 {{needs 2 window sizes, 2 strides and 4 paddings}}
  kernel.pool_backward ins(%g : memref<?x1x2x2x8xf32>) outs(%out : memref<?x1x4x4x8xf32>)
    {kind = #nn.pool<avg>, window = array<i64: 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

func.func @pool_strides(%g: memref<?x1x2x2x8xf32>, %out: memref<?x1x4x4x8xf32>) {
  // expected-error@+1 {{needs window sizes and strides of at least 1}}
  kernel.pool_backward ins(%g : memref<?x1x2x2x8xf32>) outs(%out : memref<?x1x4x4x8xf32>)
    {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = array<i64: 2, 0>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

func.func @pool_channels(%g: memref<?x2x2x2x8xf32>, %out: memref<?x1x4x4x8xf32>) {
  // expected-error@+1 {{keeps its channels}}
  kernel.pool_backward ins(%g : memref<?x2x2x2x8xf32>) outs(%out : memref<?x1x4x4x8xf32>)
    {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

func.func @pool_forward(%g: memref<?x1x2x2x8xf32>, %out: memref<?x1x4x4x8xf32>) {
  // expected-error@+1 {{needs the image and the result of a maximum, nothing of an average}}
  kernel.pool_backward ins(%g : memref<?x1x2x2x8xf32>) outs(%out : memref<?x1x4x4x8xf32>)
    {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

func.func @pool_image(%g: memref<?x1x2x2x8xf32>, %x: memref<?x1x5x4x8xf32>, %out: memref<?x1x4x4x8xf32>) {
  // expected-error@+1 {{needs an image of shape [?, 1, 4, 4, 8], not [?, 1, 5, 4, 8]}}
  kernel.pool_backward ins(%g, %x, %g : memref<?x1x2x2x8xf32>, memref<?x1x5x4x8xf32>, memref<?x1x2x2x8xf32>) outs(%out : memref<?x1x4x4x8xf32>)
    {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
  return
}
