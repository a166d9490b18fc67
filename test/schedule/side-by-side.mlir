// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --canonicalize | FileCheck %s
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=march=x86-64-v3 --canonicalize | FileCheck %s --check-prefix=V3

// Three filters for each of four neighbouring pixels fill a vector: a kernel of 5 + 3 columns at four times
// the stride. Its result, seen as blocks of four lanes, is pooled and read as it is. Eight lanes hold two.
// CHECK-LABEL: func.func @few_filters(
// CHECK:         nn.pad %{{.*}} {high = array<i64: 0, 3, 0, 13>, low = array<i64: 0, 0, 0, 0>}
// CHECK:         nn.pad %{{.*}} {high = array<i64: 0, 2, 0, 9>, low = array<i64: 0, 1, 0, 4>}
// CHECK:         nn.pad %{{.*}} {high = array<i64: 0, 0, 0, 1>, low = array<i64: 0, 3, 0, 12>}
// CHECK:         nn.pad %{{.*}} {high = array<i64: 1>, low = array<i64: 12>}
// CHECK:         kernel.conv ins({{.*}} tensor<1x1x5x8x1x1x16xf32>{{.*}} outs({{.*}} tensor<?x1x32x8x16xf32>) attributes {{.*}}padding = array<i64: 2, 2, 2, 2>, strides = array<i64: 1, 4>
// CHECK:         tensor.collapse_shape {{.*}} : tensor<?x1x32x8x4x4xf32> into tensor<?x1x32x32x4xf32>
// CHECK:         kernel.pool {{.*}} outs({{.*}} tensor<?x1x16x16x4xf32>)
// CHECK-NOT:     kernel.pack <image>
// CHECK:         kernel.conv ins(%{{.*}} : tensor<?x1x16x16x4xf32>, tensor<1x1x1x1x4x1x16xf32>, {{.*}} in_channels = 3
// V3-LABEL:    func.func @few_filters(
// V3:            kernel.conv ins({{.*}} outs({{.*}} tensor<?x1x32x16x8xf32>)
func.func @few_filters(%batch: index {nn.batch}, %x: tensor<?x32x32x1xf32>, %k: tensor<5x5x1x3xf32>, %b: tensor<3xf32>, %l: tensor<1x1x3x16xf32>) -> tensor<?x16x16x16xf32> {
  %0 = nn.conv2d %x, %k, %b {strides = array<i64: 1, 1>, padding = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>}
     : (tensor<?x32x32x1xf32>, tensor<5x5x1x3xf32>, tensor<3xf32>) -> tensor<?x32x32x3xf32>
  %1 = nn.pool2d %0 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x32x32x3xf32>) -> tensor<?x16x16x3xf32>
  %2 = nn.conv2d %1, %l {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x16x16x3xf32>, tensor<1x1x3x16xf32>) -> tensor<?x16x16x16xf32>
  return %2 : tensor<?x16x16x16xf32>
}

// Windows of one column do not overlap: nothing to share. Nor can a row of 31 be cut in two, or who
// needs whole blocks read the result.
// CHECK-LABEL: func.func @each_alone(
// CHECK-COUNT-3: kernel.conv ins({{.*}} outs({{.*}} tensor<?x1x{{3[12]}}x{{3[12]}}x16xf32>)
func.func @each_alone(%batch: index {nn.batch}, %x: tensor<?x32x32x1xf32>, %y: tensor<?x31x31x1xf32>, %j: tensor<1x1x1x3xf32>, %k: tensor<3x3x1x3xf32>) -> (tensor<?x16x16x3xf32>, tensor<?x15x15x3xf32>, tensor<?x32x32x3xf32>) {
  %0 = nn.conv2d %x, %j {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x32x32x1xf32>, tensor<1x1x1x3xf32>) -> tensor<?x32x32x3xf32>
  %1 = nn.pool2d %0 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x32x32x3xf32>) -> tensor<?x16x16x3xf32>
  %2 = nn.conv2d %y, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x31x31x1xf32>, tensor<3x3x1x3xf32>) -> tensor<?x31x31x3xf32>
  %3 = nn.pool2d %2 {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<?x31x31x3xf32>) -> tensor<?x15x15x3xf32>
  %4 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x32x32x1xf32>, tensor<3x3x1x3xf32>) -> tensor<?x32x32x3xf32>
  return %1, %3, %4 : tensor<?x16x16x3xf32>, tensor<?x15x15x3xf32>, tensor<?x32x32x3xf32>
}
