// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// Windows go several at a time, each pixel loaded once. The first row of windows reaches into padding and
// loops over its rows of taps: 8 pixels go 11 times to 4 windows. Others combine the three pixels of a column
// once, 8 times 2, for all windows that read it, 7 times more. Padding is never read, so it never wins.

// CHECK-LABEL: func.func @max
// CHECK:         arith.constant dense<0xFF800000> : vector<8xf32>
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-11:  arith.maximumf
// CHECK-NOT:       arith.maximumf
// CHECK:           scf.yield
// CHECK-COUNT-4: vector.store
// CHECK:         scf.for
// CHECK-NOT:     iter_args
// CHECK-COUNT-23:  arith.maximumf
// CHECK-NOT:     arith.maximumf
// CHECK-COUNT-4: vector.store
// CHECK-NOT:     arith.maximumf
func.func @max(%in: memref<?x2x8x8x8xf32>, %out: memref<?x2x4x4x8xf32>, %lo: index, %hi: index) {
  kernel.pool ins(%in : memref<?x2x8x8x8xf32>) outs(%out : memref<?x2x4x4x8xf32>)
    {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>,
     padding = array<i64: 1, 0, 1, 0>}
  return
}

// -----

// An average over a window inside the image divides by a constant.

// CHECK-LABEL: func.func @global
// CHECK-DAG:     arith.constant dense<2.500000e-01> : vector<8xf32>
// CHECK:         arith.addf
// CHECK:         arith.mulf
// CHECK-NOT:     arith.divf
func.func @global(%in: memref<?x2x2x2x8xf32>, %out: memref<?x2x1x1x8xf32>, %lo: index, %hi: index) {
  kernel.pool ins(%in : memref<?x2x2x2x8xf32>) outs(%out : memref<?x2x1x1x8xf32>)
    {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>,
     padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

// Padding that does not count makes the divisor depend on the place: on the row where it may reach into
// padding, else only on the columns, which are known. Of four windows the inner two divide by 9.

// CHECK-LABEL: func.func @edges
// CHECK-DAG:     arith.constant dense<0.166666672> : vector<8xf32>
// CHECK-DAG:     %[[NINTH:.*]] = arith.constant dense<0.111111112> : vector<8xf32>
// CHECK:         %[[COUNT:.*]] = arith.sitofp
// CHECK:         %[[SCALE:.*]] = arith.divf %{{.*}}, %[[COUNT]] : f32
// CHECK:         vector.broadcast %[[SCALE]]
// CHECK:         scf.for
// CHECK-COUNT-2:   arith.mulf %{{.*}}, %[[NINTH]]
// CHECK:         scf.for
// CHECK:         arith.divf
func.func @edges(%in: memref<?x2x4x4x8xf32>, %out: memref<?x2x4x4x8xf32>, %lo: index, %hi: index) {
  kernel.pool ins(%in : memref<?x2x4x4x8xf32>) outs(%out : memref<?x2x4x4x8xf32>)
    {kind = #nn.pool<avg>, window = array<i64: 3, 3>, strides = array<i64: 1, 1>,
     padding = array<i64: 1, 1, 1, 1>}
  return
}
