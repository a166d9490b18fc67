// A kernel test in one file: numbers by --check, speed by dlc-bench without it.
// RUN: dlc-bench --check %s | FileCheck %s
// RUN: dlc-bench --check %s --march x86-64-v2 --batch 2 --threads 1,2 --json | FileCheck %s --check-prefix=JSON
// RUN: dlc-bench %s --min-time 0 | FileCheck %s --check-prefix=SPEED
// RUN: %exits 1 dlc-bench --check --tolerance 0 %s | FileCheck %s --check-prefix=STRICT

// CHECK-COUNT-4: conv3x3: y (native), batch {{[13]}}, {{[12]}} thread{{s?}}: {{.*}}: ok
// JSON-COUNT-2: "ok": true
// SPEED: conv3x3: {{.*}} GFLOP/s, {{[0-9]+}} % of the {{[0-9]+}} GFLOP/s FMA peak (native, batch 1, 1 thread,
// STRICT: FAILED
// STRICT: check-conv.mlir: error: the optimised lowering does not agree with the naive one

module attributes {nn.model = "conv3x3"} {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x14x14x20xf32> {nn.input = "x"},
                     %kernel: tensor<3x3x20x40xf32> {nn.param = "c/kernel", nn.trainable},
                     %bias: tensor<40xf32> {nn.param = "c/bias", nn.trainable})
      -> (tensor<?x14x14x40xf32> {nn.output = "y"}) {
    %0 = nn.conv2d %x, %kernel, %bias {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>,
                                       dilations = array<i64: 1, 1>}
        : (tensor<?x14x14x20xf32>, tensor<3x3x20x40xf32>, tensor<40xf32>) -> tensor<?x14x14x40xf32>
    %1 = nn.relu %0 : tensor<?x14x14x40xf32>
    return %1 : tensor<?x14x14x40xf32>
  }
}
