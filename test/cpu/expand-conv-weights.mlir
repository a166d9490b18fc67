// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// A tile of 8 channels times two vectors of filters: in its innermost loop, over the pixels of a row, 2
// loads of gradients, 8 broadcasts of pixels, 16 multiply-adds. The sums of a block of pixels are loaded
// before and stored after it; items start from zeros.

// CHECK-LABEL: func.func @tile
// CHECK-NOT:     kernel.conv_weights
// CHECK-COUNT-2: vector.store %{{.*}}, %arg2{{.*}} : memref<3x3x32x64xf32>, vector<16xf32>
// CHECK-COUNT-16: vector.load %arg2{{.*}} : memref<3x3x32x64xf32>, vector<16xf32>
// CHECK-COUNT-3: scf.for {{.*}} iter_args
// CHECK-COUNT-2: vector.load %arg1{{.*}} : memref<?x4x28x28x16xf32>, vector<16xf32>
// CHECK-NOT:     vector.load
// CHECK-COUNT-16: vector.fma
// CHECK-NOT:     vector.fma
// CHECK-COUNT-3: scf.yield
// CHECK-COUNT-16: vector.store
// CHECK-NOT:     vector.store
func.func @tile(%x: memref<?x2x28x28x16xf32>, %g: memref<?x4x28x28x16xf32>,
                %out: memref<3x3x32x64xf32>, %lo: index, %hi: index) {
  kernel.conv_weights ins(%x, %g : memref<?x2x28x28x16xf32>, memref<?x4x28x28x16xf32>)
    outs(%out : memref<3x3x32x64xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
     channels = 16 : i64, tile = #kernel.tile<rows = 8, cols = 2, unroll = 1>}
  return
}

// -----

// One channel: the three taps of a row are the tile. The first and the last pixel of a row, where a tap
// reads padding, are code of their own; 20 filters are a vector and a part of one, which is masked where it
// is stored. Each of two parts of the batch has its sums.

// CHECK-LABEL: func.func @whole_rows
// CHECK-DAG:     arith.constant dense<[true, true, true, true, false{{.*}}]> : vector<16xi1>
// CHECK:         memref.dim %arg0
// CHECK:         vector.maskedstore %arg2
// CHECK-COUNT-3: vector.maskedload %arg2
// CHECK-COUNT-4: vector.fma
// CHECK:         scf.for
// CHECK-COUNT-6: vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-4: vector.fma
// CHECK-NOT:     vector.fma
// CHECK-COUNT-3: vector.maskedstore %arg2
func.func @whole_rows(%x: memref<?x1x9x9x1xf32>, %g: memref<?x2x9x9x16xf32>,
                      %out: memref<2x3x3x1x20xf32>, %lo: index, %hi: index) {
  kernel.conv_weights ins(%x, %g : memref<?x1x9x9x1xf32>, memref<?x2x9x9x16xf32>)
    outs(%out : memref<2x3x3x1x20xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
     channels = 1 : i64, tile = #kernel.tile<rows = 1, cols = 2, unroll = 1>, whole_rows}
  return
}
