// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Messages of kernel.conv_weights. 8 lanes.

func.func @rank(%x: memref<?x1x5x5x8xf32>, %g: memref<?x1x5x5x8xf32>, %out: memref<8x8xf32>) {
  // expected-error@+1 {{computes a kernel of rank 4, or several of them}}
  kernel.conv_weights ins(%x, %g : memref<?x1x5x5x8xf32>, memref<?x1x5x5x8xf32>) outs(%out : memref<8x8xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, channels = 8 : i64, tile = #kernel.tile<rows = 8, cols = 1, unroll = 1>}
  return
}

// -----

func.func @channels(%x: memref<?x1x5x5x8xf32>, %g: memref<?x1x5x5x8xf32>, %out: memref<1x1x8x8xf32>) {
  // expected-error@+1 {{needs channels that divide the input's blocks}}
  kernel.conv_weights ins(%x, %g : memref<?x1x5x5x8xf32>, memref<?x1x5x5x8xf32>) outs(%out : memref<1x1x8x8xf32>)
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
