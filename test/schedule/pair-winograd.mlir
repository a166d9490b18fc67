// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --dlc-join-pooling --dlc-pair-kernels --canonicalize | FileCheck %s
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --dlc-join-pooling --dlc-pair-kernels=l2-bytes=400000 --canonicalize | FileCheck %s --check-prefix=SMALL

// The stem of a residual network: 14 blocks of 38 tiles become 23 rows of 23. The points of a row, the products of
// a group and the ring, of the 3 rows of a window and 4 more of a row of tiles, take 475 KB of scratch memory: more
// than fits the cache of SMALL. A band of 7 rows needs 15 of the convolution, 3 rows of tiles.
// CHECK-LABEL: func.func @stem(
// CHECK:         kernel.space_to_depth
// CHECK-NOT:     kernel.winograd ins
// CHECK:         kernel.pair ins(%{{.*}} : tensor<?x1x112x112x16xf32>, tensor<64x2x12x2x16xf32>, tensor<4x16xf32>) outs(%{{.*}} : tensor<?x4x56x56x16xf32>)
// CHECK-SAME:      band_rows = 7 : i64, kernel.estimate = {{.*}}, step_columns = 56 : i64, step_rows = 1 : i64
// CHECK:         ^bb0(%[[X:[^:]*]]: memref<?x1x112x112x16xf32>, %[[U:.*]]: memref<64x2x12x2x16xf32>, %[[B:.*]]: memref<4x16xf32>, %[[OUT:.*]]: memref<?x4x56x56x16xf32>, %[[MIDDLE:.*]]: memref<?x4x112x112x16xf32>):
// CHECK:           kernel.winograd ins(%[[X]], %[[U]], %[[B]] : {{.*}}) outs(%[[MIDDLE]] : {{.*}}) attributes {blocks = 23 : i64
// CHECK:             arith.maximumf
// CHECK:           kernel.pool ins(%[[MIDDLE]] : {{.*}}) outs(%[[OUT]] :
// CHECK-NOT:     kernel.pool
// SMALL-LABEL: func.func @stem(
// SMALL:         kernel.winograd ins{{.*}}blocks = 14 : i64
// SMALL:         kernel.pool
func.func @stem(%batch: index {nn.batch}, %x: tensor<?x224x224x3xf32>, %k: tensor<7x7x3x64xf32>) -> tensor<?x56x56x64xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 2, 2>, padding = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
     : (tensor<?x224x224x3xf32>, tensor<7x7x3x64xf32>) -> tensor<?x112x112x64xf32>
  %1 = nn.relu %0 : tensor<?x112x112x64xf32>
  %2 = nn.pool2d %1 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>}
     : (tensor<?x112x112x64xf32>) -> tensor<?x56x56x64xf32>
  return %2 : tensor<?x56x56x64xf32>
}

// Rows of 14 tiles are less than half a block of 33: they would read the weights too often.
// CHECK-LABEL: func.func @narrow(
// CHECK:         kernel.winograd ins{{.*}}blocks = 6 : i64
// CHECK:         kernel.pool
func.func @narrow(%batch: index {nn.batch}, %x: tensor<?x56x56x64xf32>, %k: tensor<3x3x64x64xf32>) -> tensor<?x28x28x64xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x56x56x64xf32>
  %1 = nn.pool2d %0 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>}
     : (tensor<?x56x56x64xf32>) -> tensor<?x28x28x64xf32>
  return %1 : tensor<?x28x28x64xf32>
}

// What registers hold of a pooling needs no ring; what else reads the image needs it whole; a residual lies in
// no ring.
// CHECK-LABEL: func.func @others(
// CHECK:         kernel.winograd ins{{.*}}pool = 2 : i64
// CHECK-NOT:     kernel.pair
// CHECK-COUNT-2: kernel.pool
func.func @others(%batch: index {nn.batch}, %x: tensor<?x112x112x64xf32>, %k: tensor<3x3x64x64xf32>)
    -> (tensor<?x56x56x64xf32>, tensor<?x56x56x64xf32>, tensor<?x112x112x64xf32>, tensor<?x56x56x64xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x112x112x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x112x112x64xf32>
  %1 = nn.pool2d %0 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x112x112x64xf32>) -> tensor<?x56x56x64xf32>
  %2 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x112x112x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x112x112x64xf32>
  %3 = nn.pool2d %2 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>}
     : (tensor<?x112x112x64xf32>) -> tensor<?x56x56x64xf32>
  %4 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x112x112x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x112x112x64xf32>
  %5 = nn.add %4, %x : tensor<?x112x112x64xf32>
  %6 = nn.pool2d %5 {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>}
     : (tensor<?x112x112x64xf32>) -> tensor<?x56x56x64xf32>
  return %1, %3, %2, %6 : tensor<?x56x56x64xf32>, tensor<?x56x56x64xf32>, tensor<?x112x112x64xf32>, tensor<?x56x56x64xf32>
}
