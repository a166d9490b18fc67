// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// All nine taps are sums in registers while the images go by. The first and the last row meet two rows of
// taps; an output row of eight is two tiles of four pixels, whose ends leave out a column of taps.

// CHECK-LABEL: func.func @window
// CHECK-NOT:     kernel.depthwise_weights
// CHECK:         memref.dim %arg0
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-4: vector.load %arg1
// CHECK-COUNT-10: vector.load %arg0
// CHECK-NOT:     vector.load %arg0
// CHECK:         vector.load %arg1
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-4: vector.load %arg1
// CHECK-NOT:     scf.for
// CHECK-COUNT-66: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-44: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-9: vector.store %{{.*}}, %arg2{{.*}} : memref<3x3x32xf32>, vector<16xf32>
// CHECK-NOT:     vector.store
func.func @window(%x: memref<?x2x8x8x16xf32>, %g: memref<?x2x8x8x16xf32>,
                  %out: memref<3x3x32xf32>, %lo: index, %hi: index) {
  kernel.depthwise_weights ins(%x, %g : memref<?x2x8x8x16xf32>, memref<?x2x8x8x16xf32>)
    outs(%out : memref<3x3x32xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
     tap_rows = 3 : i64, pixels = 4 : i64}
  return
}

// -----

// One row of five taps an item, of the output rows that it meets. Of 20 channels the last block holds four,
// and each of two parts of the batch has its sums.

// CHECK-LABEL: func.func @rows
// CHECK-DAG:     arith.constant dense<[true, true, true, true, false{{.*}}]> : vector<8xi1>
// CHECK:         scf.for {{.*}} iter_args
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-4: vector.load %arg1
// CHECK:         vector.fma
// CHECK-COUNT-5: vector.maskedstore %arg2{{.*}} : memref<2x5x5x20xf32>
// CHECK-NOT:     vector.maskedstore
func.func @rows(%x: memref<?x3x9x9x8xf32>, %g: memref<?x3x9x9x8xf32>,
                %out: memref<2x5x5x20xf32>, %lo: index, %hi: index) {
  kernel.depthwise_weights ins(%x, %g : memref<?x3x9x9x8xf32>, memref<?x3x9x9x8xf32>)
    outs(%out : memref<2x5x5x20xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>,
     tap_rows = 1 : i64, pixels = 4 : i64}
  return
}
