// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=costs=1048576,16777216,1,1,5,0.2,2000 | FileCheck %s
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=costs=1048576,16777216,1,1,1000,0.2,2000 | FileCheck %s --check-prefix=DIRECT
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=costs=1048576,16777216,1,1,5,1,2000 | FileCheck %s --check-prefix=F2
// RUN: not dlc-opt %s --dlc-schedule=costs=1,2 2>&1 | FileCheck %s --check-prefix=FEW
// RUN: not dlc-opt %s --dlc-schedule-phase=march=i386 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// The constants decide: dear transforms leave direct sums, dear bytes the fewer points.
// CHECK:  kernel.winograd_output {{.*}}tile_size = 4
// DIRECT: kernel.conv
// F2:     kernel.winograd_output {{.*}}tile_size = 2
// FEW:    expected 7 costs, got 2
// UNKNOWN: no facts are known of the CPU 'i386'
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x14x14x256xf32>, %k: tensor<3x3x256x256xf32>) -> tensor<?x14x14x256xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x14x14x256xf32>, tensor<3x3x256x256xf32>) -> tensor<?x14x14x256xf32>
  return %0 : tensor<?x14x14x256xf32>
}
