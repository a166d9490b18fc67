// RUN: dlc-opt %s --dlc-nn-to-linalg --cse --canonicalize --dlc-memory-phase | FileCheck %s

// Destinations of slices, after CSE has merged what looks alike: no copies, and no fill twice.

// Both parts of a model's output are written in place.
// CHECK-LABEL: func.func @output
// CHECK-NOT:     copy
// CHECK:         linalg.generic {{.*}} outs(%{{.*}} : memref<?x3xf32, strided<[6, 1]>>)
// CHECK:         linalg.generic {{.*}} outs(%{{.*}} : memref<?x3xf32, strided<[6, 1], offset: 3>>)
// CHECK-NOT:     copy
// CHECK:         return
func.func @output(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"}) -> (tensor<?x6xf32> {nn.output = "y"}) {
  %0 = nn.relu %x : tensor<?x3xf32>
  %1 = nn.tanh %x : tensor<?x3xf32>
  %2 = nn.concat %0, %1 {axis = 1 : i64} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x6xf32>
  return %2 : tensor<?x6xf32>
}

// A value with other readers stays where it is; a loop brings it into the border.
// CHECK-LABEL: func.func @shared
// CHECK-NOT:     memref.copy
// CHECK:         linalg.generic {{.*}} outs(%[[Z:.*]] : memref<?x3xf32>)
// CHECK:         linalg.fill
// CHECK-NOT:     linalg.fill
// CHECK:         linalg.generic {{.*}} ins(%[[Z]]
// CHECK-NOT:     memref.copy
// CHECK:         return
func.func @shared(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"}) -> (tensor<?x5xf32> {nn.output = "y"}, tensor<?x3xf32> {nn.output = "z"}) {
  %0 = nn.relu %x : tensor<?x3xf32>
  %1 = nn.pad %0 {low = array<i64: 0, 1>, high = array<i64: 0, 1>} : (tensor<?x3xf32>) -> tensor<?x5xf32>
  return %1, %0 : tensor<?x5xf32>, tensor<?x3xf32>
}

// Two concatenations of one shape and two borders of one shape have a buffer each.
// CHECK-LABEL: func.func @alike
// CHECK-NOT:     memref.copy
// CHECK-COUNT-4: linalg.generic
// CHECK-COUNT-2: linalg.fill
// CHECK-NOT:     linalg.fill
// CHECK-NOT:     memref.copy
// CHECK:         return
func.func @alike(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"}) -> (tensor<?x8xf32> {nn.output = "y"}) {
  %0 = nn.relu %x : tensor<?x3xf32>
  %1 = nn.tanh %x : tensor<?x3xf32>
  %2 = nn.concat %0, %1 {axis = 1 : i64} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x6xf32>
  %3 = nn.sigmoid %x : tensor<?x3xf32>
  %4 = nn.exp %x : tensor<?x3xf32>
  %5 = nn.concat %3, %4 {axis = 1 : i64} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x6xf32>
  %6 = nn.pad %2 {low = array<i64: 0, 1>, high = array<i64: 0, 1>} : (tensor<?x6xf32>) -> tensor<?x8xf32>
  %7 = nn.pad %5 {low = array<i64: 0, 1>, high = array<i64: 0, 1>} : (tensor<?x6xf32>) -> tensor<?x8xf32>
  %8 = nn.add %6, %7 : tensor<?x8xf32>
  return %8 : tensor<?x8xf32>
}
