// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --canonicalize | FileCheck %s

#same = array<i64: 1, 1>

// Blocks of channels follow one another: each kernel writes its slice of the one destination, and the
// next convolution reads the whole.
// CHECK-LABEL: func.func @in_place(
// CHECK:         %[[WHOLE:.*]] = tensor.empty(%{{.*}}) : tensor<?x3x4x4x16xf32>
// CHECK:         %[[S0:.*]] = tensor.extract_slice %[[WHOLE]][0, 0, 0, 0, 0]
// CHECK:         %[[A:.*]] = kernel.conv {{.*}} outs(%[[S0]] :
// CHECK:         %[[W1:.*]] = tensor.insert_slice %[[A]] into %[[WHOLE]][0, 0, 0, 0, 0]
// CHECK:         %[[S1:.*]] = tensor.extract_slice %[[W1]][0, 1, 0, 0, 0]
// CHECK:         %[[B:.*]] = kernel.conv {{.*}} outs(%[[S1]] :
// CHECK:         %[[W2:.*]] = tensor.insert_slice %[[B]] into %[[W1]][0, 1, 0, 0, 0]
// CHECK:         kernel.conv ins(%[[W2]], {{.*}} in_channels = 40
func.func @in_place(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>, %k: tensor<1x1x16x16xf32>, %l: tensor<1x1x16x24xf32>, %m: tensor<1x1x40x8xf32>) -> tensor<?x4x4x8xf32> {
  %0 = nn.conv2d %x, %k {strides = #same, padding = array<i64: 0, 0, 0, 0>, dilations = #same}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x16xf32>) -> tensor<?x4x4x16xf32>
  %1 = nn.conv2d %x, %l {strides = #same, padding = array<i64: 0, 0, 0, 0>, dilations = #same}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x24xf32>) -> tensor<?x4x4x24xf32>
  %2 = nn.concat %0, %1 {axis = 3 : i64} : (tensor<?x4x4x16xf32>, tensor<?x4x4x24xf32>) -> tensor<?x4x4x40xf32>
  %3 = nn.conv2d %2, %m {strides = #same, padding = array<i64: 0, 0, 0, 0>, dilations = #same}
     : (tensor<?x4x4x40xf32>, tensor<1x1x40x8xf32>) -> tensor<?x4x4x8xf32>
  return %3 : tensor<?x4x4x8xf32>
}

// The same image twice: one place is written by its kernel, the other copied to.
// CHECK-LABEL: func.func @twice(
// CHECK:         %[[WHOLE:.*]] = tensor.empty(%{{.*}}) : tensor<?x2x4x4x16xf32>
// CHECK:         %[[A:.*]] = kernel.conv
// CHECK:         %[[W1:.*]] = tensor.insert_slice %[[A]] into %[[WHOLE]][0, 0, 0, 0, 0]
// CHECK:         %[[W2:.*]] = tensor.insert_slice %[[A]] into %[[W1]][0, 1, 0, 0, 0]
// CHECK:         kernel.unpack <image> ins(%[[W2]]
func.func @twice(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>, %k: tensor<1x1x16x16xf32>) -> tensor<?x4x4x32xf32> {
  %0 = nn.conv2d %x, %k {strides = #same, padding = array<i64: 0, 0, 0, 0>, dilations = #same}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x16xf32>) -> tensor<?x4x4x16xf32>
  %1 = nn.concat %0, %0 {axis = 3 : i64} : (tensor<?x4x4x16xf32>, tensor<?x4x4x16xf32>) -> tensor<?x4x4x32xf32>
  return %1 : tensor<?x4x4x32xf32>
}

// A part that does not fill its blocks shifts the lanes of the next; nor do rows follow one another.
// CHECK-LABEL: func.func @unaligned(
// CHECK-COUNT-2: kernel.unpack
// CHECK:         nn.concat {{.*}} {axis = 3
// CHECK:         nn.concat {{.*}} {axis = 1
func.func @unaligned(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>, %k: tensor<1x1x16x24xf32>, %l: tensor<1x1x16x16xf32>) -> (tensor<?x4x4x40xf32>, tensor<?x8x4x16xf32>) {
  %0 = nn.conv2d %x, %k {strides = #same, padding = array<i64: 0, 0, 0, 0>, dilations = #same}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x24xf32>) -> tensor<?x4x4x24xf32>
  %1 = nn.conv2d %x, %l {strides = #same, padding = array<i64: 0, 0, 0, 0>, dilations = #same}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x16xf32>) -> tensor<?x4x4x16xf32>
  %2 = nn.concat %0, %1 {axis = 3 : i64} : (tensor<?x4x4x24xf32>, tensor<?x4x4x16xf32>) -> tensor<?x4x4x40xf32>
  %3 = nn.concat %1, %1 {axis = 1 : i64} : (tensor<?x4x4x16xf32>, tensor<?x4x4x16xf32>) -> tensor<?x8x4x16xf32>
  return %2, %3 : tensor<?x4x4x40xf32>, tensor<?x8x4x16xf32>
}

// The last part may leave lanes of its last block empty, but not where it stands a second time before.
// CHECK-LABEL: func.func @unaligned_twice(
// CHECK:         kernel.unpack
// CHECK:         nn.concat
func.func @unaligned_twice(%batch: index {nn.batch}, %x: tensor<?x4x4x16xf32>, %k: tensor<1x1x16x24xf32>) -> tensor<?x4x4x48xf32> {
  %0 = nn.conv2d %x, %k {strides = #same, padding = array<i64: 0, 0, 0, 0>, dilations = #same}
     : (tensor<?x4x4x16xf32>, tensor<1x1x16x24xf32>) -> tensor<?x4x4x24xf32>
  %1 = nn.concat %0, %0 {axis = 3 : i64} : (tensor<?x4x4x24xf32>, tensor<?x4x4x24xf32>) -> tensor<?x4x4x48xf32>
  return %1 : tensor<?x4x4x48xf32>
}
