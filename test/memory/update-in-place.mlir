// A result with the place of an argument is its new value: it is computed where the old one lies.
// RUN: dlc-opt %s --dlc-schedule-phase --dlc-memory-phase | FileCheck %s

// CHECK-LABEL: func.func @update(
// CHECK-SAME: %[[W:[^:]+]]: memref<4xf32> {nn.param = "w", nn.place = 0 : i64}, %[[G:[^:]+]]: memref<4xf32> {nn.gradient = "w", nn.place = 64 : i64}
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: linalg.generic {{.*}} ins(%[[W]], %[[G]] : {{.*}}) outs(%[[W]] :
// CHECK-NOT: memref.copy
// CHECK: return
func.func @forward(%x: tensor<4xf32> {nn.input = "x"}) -> (tensor<4xf32> {nn.output = "y"}) {
  return %x : tensor<4xf32>
}
func.func @update(%w: tensor<4xf32> {nn.param = "w", nn.place = 0 : i64},
                  %g: tensor<4xf32> {nn.gradient = "w", nn.place = 64 : i64})
    -> (tensor<4xf32> {nn.param = "w", nn.place = 0 : i64}) {
  %0 = nn.sub %w, %g : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// The old value is read after the new one is computed: a copy keeps it right.
// CHECK-LABEL: func.func @late(
// CHECK-SAME: %[[W:[^:]+]]: memref<2x2xf32> {nn.param = "w", nn.place = 0 : i64}
// CHECK: linalg.generic {{.*}} ins(%[[W]] : {{.*}}) outs(%[[NEW:.+]] :
// CHECK: linalg.transpose ins(%[[W]]
// CHECK: memref.copy %[[NEW]], %[[W]]
func.func @late(%w: tensor<2x2xf32> {nn.param = "w", nn.place = 0 : i64})
    -> (tensor<2x2xf32> {nn.param = "w", nn.place = 0 : i64}, tensor<2x2xf32> {nn.output = "y"}) {
  %0 = nn.exp %w : tensor<2x2xf32>
  %1 = nn.transpose %w {perm = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2x2xf32>
}

// A slot's new value is computed and stored beside the parameter's that needs it.
// CHECK-LABEL: func.func @momentum(
// CHECK-SAME: %[[W:[^:]+]]: memref<4xf32> {nn.param = "w", nn.place = 0 : i64}, %[[V:[^:]+]]: memref<4xf32>
// CHECK: linalg.generic {{.*}} ins({{.*}}) outs(%[[V]], %[[W]] :
// CHECK-NOT: linalg.generic
// CHECK-NOT: memref.copy
// CHECK: return
func.func @momentum(%w: tensor<4xf32> {nn.param = "w", nn.place = 0 : i64}, %v: tensor<4xf32> {nn.slot = "v/w", nn.place = 64 : i64},
                    %g: tensor<4xf32> {nn.gradient = "w", nn.place = 128 : i64})
    -> (tensor<4xf32> {nn.param = "w", nn.place = 0 : i64}, tensor<4xf32> {nn.slot = "v/w", nn.place = 64 : i64}) {
  %0 = nn.add %v, %g : tensor<4xf32>
  %1 = nn.sub %w, %0 : tensor<4xf32>
  return %1, %0 : tensor<4xf32>, tensor<4xf32>
}
