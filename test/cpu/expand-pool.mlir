// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// Windows without padding at their sides go several at a time, each pixel loaded once: 7 loads for the 3
// windows. The first window of a row has its own bounds. Padding is never read, so it never wins.

// CHECK-LABEL: func.func @max
// CHECK:         arith.constant dense<0xFF800000> : vector<8xf32>
// CHECK:         scf.for {{.*}} iter_args
// CHECK:           vector.load
// CHECK-NEXT:      arith.maximumf
// CHECK:         vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-9:   arith.maximumf
// CHECK-NOT:       arith.maximumf
// CHECK:           scf.yield
// CHECK-COUNT-3: vector.store
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

// Padding that does not count makes the divisor depend on the place.

// CHECK-LABEL: func.func @edges
// CHECK:         %[[COUNT:.*]] = arith.sitofp
// CHECK:         %[[SCALE:.*]] = arith.divf %{{.*}}, %[[COUNT]] : f32
// CHECK:         vector.broadcast %[[SCALE]]
func.func @edges(%in: memref<?x2x4x4x8xf32>, %out: memref<?x2x4x4x8xf32>, %lo: index, %hi: index) {
  kernel.pool ins(%in : memref<?x2x4x4x8xf32>) outs(%out : memref<?x2x4x4x8xf32>)
    {kind = #nn.pool<avg>, window = array<i64: 3, 3>, strides = array<i64: 1, 1>,
     padding = array<i64: 1, 1, 1, 1>}
  return
}
