// RUN: dlc-opt %s -split-input-file -verify-diagnostics | dlc-opt -split-input-file | FileCheck %s

// 3 channels in squares of 2 x 2: 12 of 16 lanes. Squares that begin a pixel before the image are one more.

// CHECK-LABEL: func.func @tensors
// CHECK: kernel.space_to_depth ins(%{{.*}} : tensor<?x5x8x3xf32>) outs(%{{.*}} : tensor<?x1x3x5x16xf32>) {shift = array<i64: 0, 1>, stride = 2 : i64} -> tensor<?x1x3x5x16xf32>
func.func @tensors(%x: tensor<?x5x8x3xf32>, %out: tensor<?x1x3x5x16xf32>) -> tensor<?x1x3x5x16xf32> {
  %0 = kernel.space_to_depth ins(%x : tensor<?x5x8x3xf32>) outs(%out : tensor<?x1x3x5x16xf32>)
    {stride = 2 : i64, shift = array<i64: 0, 1>} -> tensor<?x1x3x5x16xf32>
  return %0 : tensor<?x1x3x5x16xf32>
}

// -----

func.func @rank(%x: memref<5x8x3xf32>, %out: memref<?x1x3x4x16xf32>) {
  // expected-error@+1 {{needs a plain and a blocked image}}
  kernel.space_to_depth ins(%x : memref<5x8x3xf32>) outs(%out : memref<?x1x3x4x16xf32>) {stride = 2 : i64, shift = array<i64: 0, 0>}
  return
}

// -----

func.func @stride(%x: memref<?x5x8x3xf32>, %out: memref<?x1x3x4x16xf32>) {
  // expected-error@+1 {{needs a stride of 1 to 256}}
  kernel.space_to_depth ins(%x : memref<?x5x8x3xf32>) outs(%out : memref<?x1x3x4x16xf32>) {stride = 0 : i64, shift = array<i64: 0, 0>}
  return
}

// -----

func.func @shift(%x: memref<?x5x8x3xf32>, %out: memref<?x1x3x4x16xf32>) {
  // expected-error@+1 {{needs 2 shifts of at least 0, less than the stride}}
  kernel.space_to_depth ins(%x : memref<?x5x8x3xf32>) outs(%out : memref<?x1x3x4x16xf32>) {stride = 2 : i64, shift = array<i64: 0, 2>}
  return
}

// -----

func.func @beyond(%x: memref<?x5x8x3xf32>, %out: memref<?x1x3x5x16xf32>) {
  // expected-error@+1 {{needs squares that begin inside the image}}
  kernel.space_to_depth ins(%x : memref<?x5x8x3xf32>) outs(%out : memref<?x1x3x5x16xf32>) {stride = 2 : i64, shift = array<i64: 1, 0>}
  return
}

// -----

func.func @blocks(%x: memref<?x5x8x3xf32>, %out: memref<?x1x3x4x8xf32>) {
  // expected-error@+1 {{needs a blocked image of shape [?, 2, 3, 4, 8]}}
  kernel.space_to_depth ins(%x : memref<?x5x8x3xf32>) outs(%out : memref<?x1x3x4x8xf32>) {stride = 2 : i64, shift = array<i64: 0, 0>}
  return
}
