// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// Overlapping windows add to what is there, from zeros on. The first pixel that equals the maximum takes
// what the next ones would have got.

// CHECK-LABEL: func.func @max
// CHECK:         vector.store %{{.*}}, %arg3
// CHECK:         vector.load %arg0
// CHECK:         %[[Y:.*]] = vector.load %arg2
// CHECK:         %[[X:.*]] = vector.load %arg1
// CHECK:         %[[HIT:.*]] = arith.cmpf oeq, %[[X]], %[[Y]] : vector<8xf32>
// CHECK:         %[[PART:.*]] = arith.select %[[HIT]], %[[SHARE:.*]], %[[ZERO:.*]] : vector<8xi1>
// CHECK:         arith.select %[[HIT]], %[[ZERO]], %[[SHARE]] :
// CHECK:         %[[OLD:.*]] = vector.load %arg3
// CHECK:         %[[SUM:.*]] = arith.addf %[[OLD]], %[[PART]]
// CHECK:         vector.store %[[SUM]], %arg3
func.func @max(%g: memref<?x2x4x4x8xf32>, %x: memref<?x2x8x8x8xf32>, %y: memref<?x2x4x4x8xf32>,
               %out: memref<?x2x8x8x8xf32>, %lo: index, %hi: index) {
  kernel.pool_backward ins(%g, %x, %y : memref<?x2x4x4x8xf32>, memref<?x2x8x8x8xf32>, memref<?x2x4x4x8xf32>)
    outs(%out : memref<?x2x8x8x8xf32>)
    {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>,
     padding = array<i64: 1, 0, 1, 0>}
  return
}

// -----

// Windows that share no pixel and leave none out store alone.

// CHECK-LABEL: func.func @tiling
// CHECK-DAG:     arith.constant dense<2.500000e-01> : vector<8xf32>
// CHECK:         vector.load %arg0
// CHECK:         arith.mulf
// CHECK-NOT:     vector.load
// CHECK-COUNT-2: vector.store %{{.*}}, %arg1
// CHECK-NOT:     vector.store
func.func @tiling(%g: memref<?x2x4x4x8xf32>, %out: memref<?x2x8x8x8xf32>, %lo: index, %hi: index) {
  kernel.pool_backward ins(%g : memref<?x2x4x4x8xf32>) outs(%out : memref<?x2x8x8x8xf32>)
    {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>,
     padding = array<i64: 0, 0, 0, 0>}
  return
}
