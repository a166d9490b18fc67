// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Messages of kernel.depthwise_weights. 8 lanes.

func.func @rank(%x: memref<?x1x5x5x8xf32>, %out: memref<5x8xf32>) {
  // expected-error@+1 {{computes a kernel of rank 3, or several of them}}
  kernel.depthwise_weights ins(%x, %x : memref<?x1x5x5x8xf32>, memref<?x1x5x5x8xf32>) outs(%out : memref<5x8xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, tap_rows = 1 : i64, pixels = 4 : i64}
  return
}

// -----

func.func @tap_rows(%x: memref<?x1x5x5x8xf32>, %g: memref<?x1x3x3x8xf32>, %out: memref<3x3x8xf32>) {
  // expected-error@+1 {{takes one row of taps or all of them, and at least one pixel}}
  kernel.depthwise_weights ins(%x, %g : memref<?x1x5x5x8xf32>, memref<?x1x3x3x8xf32>) outs(%out : memref<3x3x8xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, tap_rows = 2 : i64, pixels = 4 : i64}
  return
}

// -----

func.func @pixels(%x: memref<?x1x5x5x8xf32>, %g: memref<?x1x3x3x8xf32>, %out: memref<3x3x8xf32>) {
  // expected-error@+1 {{takes one row of taps or all of them, and at least one pixel}}
  kernel.depthwise_weights ins(%x, %g : memref<?x1x5x5x8xf32>, memref<?x1x3x3x8xf32>) outs(%out : memref<3x3x8xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, tap_rows = 1 : i64, pixels = 0 : i64}
  return
}

// -----

func.func @blocks(%x: memref<?x2x5x5x8xf32>, %g: memref<?x1x3x3x8xf32>, %out: memref<3x3x16xf32>) {
  // expected-error@+1 {{needs an input and a gradient with equal blocks for its kernel's channels}}
  kernel.depthwise_weights ins(%x, %g : memref<?x2x5x5x8xf32>, memref<?x1x3x3x8xf32>) outs(%out : memref<3x3x16xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, tap_rows = 3 : i64, pixels = 4 : i64}
  return
}

// -----

func.func @window(%x: memref<?x1x5x5x8xf32>, %g: memref<?x1x5x5x8xf32>, %out: memref<3x3x8xf32>) {
  // expected-error@+1 {{needs an output extent of 3, not 5}}
  kernel.depthwise_weights ins(%x, %g : memref<?x1x5x5x8xf32>, memref<?x1x5x5x8xf32>) outs(%out : memref<3x3x8xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, tap_rows = 3 : i64, pixels = 4 : i64}
  return
}
