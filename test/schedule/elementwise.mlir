// RUN: dlc-opt %s --dlc-fusion-phase --dlc-schedule --dlc-nn-to-linalg --dlc-fuse-elementwise --cse --canonicalize | FileCheck %s

#one = array<i64: 1, 1>
#none = array<i64: 0, 0, 0, 0>

// CHECK: #[[IMAGE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
// CHECK: #[[LANES:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d4)>

// A batch normalisation and a ReLU in front of a convolution (pre-activation): one loop on the blocks
// of the pooling before it, its vectors indexed by block and lane.
// CHECK-LABEL: func.func @pre_activation(
// CHECK:         %[[POOL:.*]] = kernel.pool {{.*}} -> tensor<?x2x4x4x16xf32>
// CHECK-NOT:     kernel.unpack
// CHECK:         %[[ACT:.*]] = linalg.generic {indexing_maps = [#[[IMAGE]], #[[LANES]], #[[LANES]], #[[IMAGE]]]{{.*}} ins(%[[POOL]]
// CHECK:           arith.mulf
// CHECK-NEXT:      arith.addf
// CHECK-NEXT:      arith.maximumf
// CHECK-NEXT:      linalg.yield
// CHECK-NOT:     linalg.generic
// CHECK:         kernel.conv ins(%[[ACT]]
func.func @pre_activation(%batch: index {nn.batch}, %x: tensor<?x8x8x32xf32>, %p: tensor<32xf32>, %k: tensor<1x1x32x16xf32>) -> tensor<?x4x4x16xf32> {
  %0 = nn.pool2d %x {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = #none}
     : (tensor<?x8x8x32xf32>) -> tensor<?x4x4x32xf32>
  %1 = nn.affine %0, %p, %p : (tensor<?x4x4x32xf32>, tensor<32xf32>, tensor<32xf32>) -> tensor<?x4x4x32xf32>
  %2 = nn.relu %1 : tensor<?x4x4x32xf32>
  %3 = nn.conv2d %2, %k {strides = #one, padding = #none, dilations = #one}
     : (tensor<?x4x4x32xf32>, tensor<1x1x32x16xf32>) -> tensor<?x4x4x16xf32>
  return %3 : tensor<?x4x4x16xf32>
}

// An image that is plain is not packed for an elementwise op alone.
// CHECK-LABEL: func.func @plain(
// CHECK-NOT:     kernel.
// CHECK:         linalg.generic {{.*}} : tensor<?x4x4x32xf32>)
func.func @plain(%batch: index {nn.batch}, %x: tensor<?x4x4x32xf32>) -> tensor<?x4x4x32xf32> {
  %0 = nn.relu %x : tensor<?x4x4x32xf32>
  return %0 : tensor<?x4x4x32xf32>
}
