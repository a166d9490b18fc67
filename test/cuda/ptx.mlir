// RUN: dlc-opt %s --dlc-gpu-phase --dlc-device-phase --dlc-print-ptx -o /dev/null | FileCheck %s
// RUN: dlc-opt %s --dlc-gpu-phase --dlc-device-phase --dlc-print-ptx="chip=sm_90a features=+ptx80" -o /dev/null | FileCheck %s --check-prefix=HOPPER

// CHECK:      .target sm_80
// HOPPER:     .version 8.0
// HOPPER:     .target sm_90a

// Four elements at once, read through the cache of constants' data; addresses in 32 bits, no call of a library.
// CHECK:      .entry exp_0(
// CHECK:      .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 4
// CHECK:        ld.global.nc.v4.b32
// CHECK-NOT:    call
// CHECK:        fma.rn.f32
// CHECK:        st.global.v4.b32

// Sums of rows: shuffles, no atomics, no division in 64 bits.
// CHECK:      .entry reduce_0(
// CHECK-NOT:    div.{{[us]}}64
// CHECK-NOT:    atom
// CHECK:        shfl.sync.down.b32

// Sums of columns: shared memory.
// CHECK:      .entry reduce_1(
// CHECK:        bar.sync 0
// CHECK:        ld.shared
func.func @forward(%batch: index {nn.batch}, %x: memref<?x100xf32> {nn.input = "x"}, %y: memref<?x100xf32> {nn.output = "y"},
                   %rows: memref<?xf32> {nn.output = "rows"}, %columns: memref<100xf32> {nn.prepared = 0 : i64}) {
  linalg.exp ins(%x : memref<?x100xf32>) outs(%y : memref<?x100xf32>)
  linalg.reduce {arith.addf} ins(%x : memref<?x100xf32>) outs(%rows : memref<?xf32>) dimensions = [1]
  linalg.reduce {arith.addf} ins(%x : memref<?x100xf32>) outs(%columns : memref<100xf32>) dimensions = [0]
  return
}
