// REQUIRES: ptxas
// RUN: dlc-opt %s --dlc-gpu-phase --dlc-device-phase --dlc-print-ptx=resources=true -o /dev/null | FileCheck %s

// CHECK: // exp_0: {{[0-9]+}} registers, 0 bytes of stack, 0 bytes spilled, 0 bytes of shared memory
// CHECK: // reduce_0: {{[0-9]+}} registers, 0 bytes of stack, 0 bytes spilled, 8192 bytes of shared memory
func.func @forward(%batch: index {nn.batch}, %x: memref<?x100xf32> {nn.input = "x"}, %y: memref<?x100xf32> {nn.output = "y"},
                   %columns: memref<100xf32> {nn.prepared = 0 : i64}) {
  linalg.exp ins(%x : memref<?x100xf32>) outs(%y : memref<?x100xf32>)
  linalg.reduce {arith.addf} ins(%x : memref<?x100xf32>) outs(%columns : memref<100xf32>) dimensions = [0]
  return
}
