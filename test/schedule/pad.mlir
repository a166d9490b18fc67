// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule | FileCheck %s

// A blocked image is unpacked right into its place between the borders, and packed from there.
// CHECK-LABEL: func.func @border(
// CHECK:         %[[CONV:.*]] = kernel.conv
// CHECK:         %[[FILL:.*]] = linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<?x6x7x16xf32>)
// CHECK:         %[[PLACE:.*]] = tensor.extract_slice %[[FILL]][0, 1, 2, 0] [%{{.*}}, 4, 4, 16] [1, 1, 1, 1]
// CHECK:         %[[IN:.*]] = kernel.unpack <image> ins(%[[CONV]] : {{.*}} outs(%[[PLACE]] :
// CHECK:         %[[WHOLE:.*]] = tensor.insert_slice %[[IN]] into %[[FILL]][0, 1, 2, 0]
// CHECK:         %[[PACKED:.*]] = kernel.pack <image> ins(%[[WHOLE]]
// CHECK:         kernel.pool ins(%[[PACKED]]
func.func @border(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>, %k: tensor<1x1x16x16xf32>) -> tensor<?x3x3x16xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x16xf32>) -> tensor<?x4x4x16xf32>
  %1 = nn.pad %0 {low = array<i64: 0, 1, 2, 0>, high = array<i64: 0, 1, 1, 0>} : (tensor<?x4x4x16xf32>) -> tensor<?x6x7x16xf32>
  %2 = nn.pool2d %1 {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x6x7x16xf32>) -> tensor<?x3x3x16xf32>
  return %2 : tensor<?x3x3x16xf32>
}

// An image that is plain anyway is left to linalg.
// CHECK-LABEL: func.func @plain(
// CHECK-NOT:     kernel.
// CHECK:         nn.pad
func.func @plain(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>) -> tensor<?x6x6x16xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>} : (tensor<?x4x4x16xf32>) -> tensor<?x6x6x16xf32>
  return %0 : tensor<?x6x6x16xf32>
}
