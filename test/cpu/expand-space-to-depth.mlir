// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// Both rows of a square are runs of 6 elements, one in lanes 0 to 5, one in 6 to 11. The last column's
// squares hold one pixel a row, the last row's one row.

// CHECK-LABEL: func.func @runs
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK-DAG:     %[[LOW:.*]] = arith.constant dense<[true, true, true, true, true, true, false
// CHECK-DAG:     %[[HIGH:.*]] = arith.constant dense<[false, false, false, false, false, false, true, true, true, true, true, true, false
// CHECK:         scf.for
// CHECK:           scf.if
// CHECK:             scf.for
// CHECK:               %[[A:.*]] = vector.maskedload {{.*}}, %[[LOW]], %[[ZERO]]
// CHECK:               %[[B:.*]] = vector.maskedload {{.*}}, %[[HIGH]], %[[A]]
// CHECK:               vector.store %[[B]]
// CHECK-COUNT-2:     vector.maskedload
// CHECK-NOT:         vector.maskedload
// CHECK:             vector.store
// CHECK:           } else {
// CHECK:             scf.for
// CHECK-COUNT-1:       vector.maskedload
// CHECK-NOT:           vector.maskedload
// CHECK:               vector.store
// CHECK-COUNT-1:     vector.maskedload
// CHECK-NOT:         vector.maskedload
// CHECK:             vector.store
func.func @runs(%in: memref<?x9x9x3xf32>, %out: memref<?x1x5x5x16xf32>, %lo: index, %hi: index) {
  kernel.space_to_depth ins(%in : memref<?x9x9x3xf32>) outs(%out : memref<?x1x5x5x16xf32>)
    {stride = 2 : i64, shift = array<i64: 0, 0>}
  return
}

// -----

// Of 8 lanes the first block holds a run and the beginning of the next one. Pixels that lie apart are runs
// of their own.

// CHECK-LABEL: func.func @apart
// CHECK-COUNT-3: vector.maskedload
// CHECK:         vector.store
// CHECK-COUNT-2: vector.maskedload
// CHECK:         vector.store
// CHECK-NOT:     vector.store
func.func @apart(%in: memref<?x8x8x3xf32, strided<[512, 64, 8, 1]>>, %out: memref<?x2x4x4x8xf32>, %lo: index, %hi: index) {
  kernel.space_to_depth ins(%in : memref<?x8x8x3xf32, strided<[512, 64, 8, 1]>>) outs(%out : memref<?x2x4x4x8xf32>)
    {stride = 2 : i64, shift = array<i64: 0, 0>}
  return
}
