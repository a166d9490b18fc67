// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=winograd=never --split-input-file | FileCheck %s --check-prefix=NEVER
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=winograd=f3 --split-input-file | FileCheck %s --check-prefix=F3

// NEVER-NOT: kernel.space_to_depth

// 7x7 windows with 3 pixels of padding are 4x4 windows of squares with 2, whose first taps are zero.
// CHECK-LABEL: func.func @stem(
// CHECK:         %[[X:.*]] = kernel.space_to_depth ins(%{{.*}} : tensor<?x224x224x3xf32>) outs(%{{.*}} : tensor<?x1x112x112x16xf32>) {shift = array<i64: 0, 0>, stride = 2 : i64}
// CHECK:         nn.pad %{{.*}} {high = array<i64: 0, 0, 0, 0>, low = array<i64: 1, 1, 0, 0>} : (tensor<7x7x3x64xf32>) -> tensor<8x8x3x64xf32>
// CHECK:         nn.transpose {{.*}} {perm = array<i64: 0, 2, 1, 3, 4, 5>} : (tensor<4x2x4x2x3x64xf32>) -> tensor<4x4x2x2x3x64xf32>
// CHECK:         kernel.winograd_weights ins(%{{.*}} : tensor<4x4x12x64xf32>) {{.*}} {tile_size = 5 : i64, window = 4 : i64}
// CHECK:         kernel.winograd ins(%[[X]], {{.*}} in_channels = 12 : i64, kernel.estimate = {direct = {{[0-9]+}} : i64, f3 = {{[0-9]+}} : i64, f5 = {{[0-9]+}} : i64}, padding = array<i64: 2, 1, 2, 1>
// NEVER-LABEL: func.func @stem(
// NEVER:         kernel.conv
// F3-LABEL:    func.func @stem(
// F3:            kernel.winograd {{.*}} tile_size = 3
func.func @stem(%batch: index {nn.batch}, %x: tensor<?x224x224x3xf32>, %k: tensor<7x7x3x64xf32>) -> tensor<?x112x112x64xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 2, 2>, padding = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
     : (tensor<?x224x224x3xf32>, tensor<7x7x3x64xf32>) -> tensor<?x112x112x64xf32>
  return %0 : tensor<?x112x112x64xf32>
}

// -----

// 11x11 windows with stride 4 and 2 pixels of padding hold 3x3 squares that begin 2 pixels before the image.
// CHECK-LABEL: func.func @shifted(
// CHECK:         kernel.space_to_depth {{.*}} outs(%{{.*}} : tensor<?x3x57x57x16xf32>) {shift = array<i64: 2, 2>, stride = 4 : i64}
// CHECK:         nn.pad %{{.*}} {high = array<i64: 1, 1, 0, 0>, low = array<i64: 0, 0, 0, 0>} : (tensor<11x11x3x64xf32>) -> tensor<12x12x3x64xf32>
// CHECK:         kernel.winograd_weights ins(%{{.*}} : tensor<3x3x48x64xf32>)
// CHECK:         padding = array<i64: 0, 0, 0, 0>
func.func @shifted(%batch: index {nn.batch}, %x: tensor<?x224x224x3xf32>, %k: tensor<11x11x3x64xf32>) -> tensor<?x55x55x64xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 4, 4>, padding = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>}
     : (tensor<?x224x224x3xf32>, tensor<11x11x3x64xf32>) -> tensor<?x55x55x64xf32>
  return %0 : tensor<?x55x55x64xf32>
}

// -----

// Direct sums: 2x2 windows of squares, more channels than fill few vectors, strides that differ, and what a
// kernel has left in blocks.
// CHECK-LABEL: func.func @others(
// CHECK-NOT:     kernel.space_to_depth
// F3-LABEL:    func.func @others(
// F3-NOT:        kernel.space_to_depth
func.func @others(%batch: index {nn.batch}, %x: tensor<?x224x224x3xf32>, %k: tensor<3x3x3x64xf32>, %y: tensor<?x56x56x32xf32>, %l: tensor<7x7x32x64xf32>,
                  %m: tensor<7x7x3x64xf32>, %n: tensor<1x1x64x8xf32>, %o: tensor<7x7x8x64xf32>)
    -> (tensor<?x112x112x64xf32>, tensor<?x28x28x64xf32>, tensor<?x112x75x64xf32>, tensor<?x14x14x64xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x224x224x3xf32>, tensor<3x3x3x64xf32>) -> tensor<?x112x112x64xf32>
  %1 = nn.conv2d %y, %l {strides = array<i64: 2, 2>, padding = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
     : (tensor<?x56x56x32xf32>, tensor<7x7x32x64xf32>) -> tensor<?x28x28x64xf32>
  %2 = nn.conv2d %x, %m {strides = array<i64: 2, 3>, padding = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
     : (tensor<?x224x224x3xf32>, tensor<7x7x3x64xf32>) -> tensor<?x112x75x64xf32>
  %3 = nn.conv2d %1, %n {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x28x28x64xf32>, tensor<1x1x64x8xf32>) -> tensor<?x28x28x8xf32>
  %4 = nn.conv2d %3, %o {strides = array<i64: 2, 2>, padding = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
     : (tensor<?x28x28x8xf32>, tensor<7x7x8x64xf32>) -> tensor<?x14x14x64xf32>
  return %0, %1, %2, %4 : tensor<?x112x112x64xf32>, tensor<?x28x28x64xf32>, tensor<?x112x75x64xf32>, tensor<?x14x14x64xf32>
}
