// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message of the kernel dialect. 8 lanes throughout.

// expected-error@+1 {{a tile needs rows, cols and unroll of at least 1}}
func.func private @tile() attributes {t = #kernel.tile<rows = 4, cols = 0, unroll = 1>}

// -----

func.func @destination(%x: tensor<2x3x3x20xf32>, %out: tensor<2x3x3x3x8xf32>) {
  // expected-error@+1 {{returns its destination on tensors and nothing on memrefs}}
  kernel.pack <image> ins(%x : tensor<2x3x3x20xf32>) outs(%out : tensor<2x3x3x3x8xf32>)
  return
}

// -----

func.func @destination_memref(%x: memref<20xf32>, %out: memref<3x8xf32>) -> tensor<3x8xf32> {
  // expected-error@+1 {{returns its destination on tensors and nothing on memrefs}}
  %0 = kernel.pack <vector> ins(%x : memref<20xf32>) outs(%out : memref<3x8xf32>) -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// -----

func.func @no_lanes(%x: memref<20xf32>, %out: memref<3x0xf32>) {
  // expected-error@+1 {{works on extents of at least 1}}
  kernel.pack <vector> ins(%x : memref<20xf32>) outs(%out : memref<3x0xf32>)
  return
}

// -----

func.func @pack_ranks(%x: memref<20xf32>, %out: memref<3x8xf32>) {
  // expected-error@+1 {{has ranks that do not fit its layout}}
  kernel.pack <image> ins(%x : memref<20xf32>) outs(%out : memref<3x8xf32>)
  return
}

// -----

func.func @pack_blocks(%x: memref<20xf32>, %out: memref<2x8xf32>) {
  // expected-error@+1 {{needs a blocked side of shape [3, 8], not [2, 8]}}
  kernel.pack <vector> ins(%x : memref<20xf32>) outs(%out : memref<2x8xf32>)
  return
}

// -----

func.func @unpack_layout(%x: memref<3x8xf32>, %out: memref<20xf32>) {
  // expected-error@+1 {{unpacks images and matrices only}}
  kernel.unpack <vector> ins(%x : memref<3x8xf32>) outs(%out : memref<20xf32>)
  return
}

// -----

func.func @unpack_blocks(%x: memref<3x?x8xf32>, %out: memref<?x4xf32>) {
  // expected-error@+1 {{needs a blocked side of shape [1, ?, 8], not [3, ?, 8]}}
  kernel.unpack <matrix> ins(%x : memref<3x?x8xf32>) outs(%out : memref<?x4xf32>)
  return
}

// -----

func.func @pool_counts(%x: memref<?x1x4x4x8xf32>, %out: memref<?x1x2x2x8xf32>) {
  // expected-error@+1 {{needs 2 window sizes, 2 strides and 4 paddings}}
  kernel.pool ins(%x : memref<?x1x4x4x8xf32>) outs(%out : memref<?x1x2x2x8xf32>)
    {kind = #nn.pool<max>, window = array<i64: 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

func.func @pool_stride(%x: memref<?x1x4x4x8xf32>, %out: memref<?x1x2x2x8xf32>) {
  // expected-error@+1 {{needs window sizes and strides of at least 1}}
  kernel.pool ins(%x : memref<?x1x4x4x8xf32>) outs(%out : memref<?x1x2x2x8xf32>)
    {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 0, 2>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

func.func @pool_channels(%x: memref<?x2x4x4x8xf32>, %out: memref<?x1x2x2x8xf32>) {
  // expected-error@+1 {{keeps its channels}}
  kernel.pool ins(%x : memref<?x2x4x4x8xf32>) outs(%out : memref<?x1x2x2x8xf32>)
    {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

func.func @pool_rank(%x: memref<?x4x4x8xf32>, %out: memref<?x2x2x8xf32>) {
  // expected-error@+1 {{works on blocked images of rank 5}}
  kernel.pool ins(%x : memref<?x4x4x8xf32>) outs(%out : memref<?x2x2x8xf32>)
    {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

func.func @launch_nothing(%x: memref<8xf32>, %n: index) {
  // expected-error@+1 {{launches @missing, which is not a function of the module}}
  kernel.launch @missing(%x : memref<8xf32>) items(%n) grain(1)
  return
}

// -----

func.func private @kernel(memref<8xf32>, index)

func.func @launch_arguments(%x: memref<8xf32>, %n: index) {
  // expected-error@+1 {{needs a kernel that takes its arguments, its scratch memory if any and two bounds, and returns nothing}}
  kernel.launch @kernel(%x : memref<8xf32>) items(%n) grain(1)
  return
}

// -----

func.func private @kernel(memref<8xf32>, memref<64xi8>, index, index)

func.func @launch_scratch(%x: memref<8xf32>, %n: index) {
  // expected-error@+1 {{needs a kernel that takes its arguments, its scratch memory if any and two bounds, and returns nothing}}
  kernel.launch @kernel(%x : memref<8xf32>) items(%n) grain(1) scratch(128)
  return
}
