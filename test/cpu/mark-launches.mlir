// RUN: dlc-opt %s --dlc-mark-launches | FileCheck %s
// RUN: dlc-opt %s --dlc-mark-launches --dlc-lower-entries --dlc-lower-launches | FileCheck %s --check-prefix=ABI

// Marks stand before the first launch and after each, in @forward alone.
// CHECK-LABEL: func.func @forward
// CHECK:         kernel.mark 0
// CHECK:         kernel.launch @scale_0
// CHECK-NEXT:    kernel.mark 1
// CHECK-NEXT:    kernel.launch @scale_0
// CHECK-NEXT:    kernel.mark 2
// CHECK-NEXT:    return

// ABI-LABEL: func.func @forward
// ABI:         call @dlc_rt_mark(%[[RT:.*]], %{{.*}}) : (!llvm.ptr, i64) -> ()
// ABI:         call @dlc_rt_parallel_for(
// ABI:         %[[ONE:.*]] = llvm.mlir.constant(1 : i64) : i64
// ABI-NEXT:    call @dlc_rt_mark(%[[RT]], %[[ONE]])
// ABI-NOT:     kernel.mark
func.func @forward(%batch: index {nn.batch}, %x: memref<?x8xf32> {nn.input = "x"},
                   %y: memref<?x8xf32> {nn.output = "y"}) {
  kernel.launch @scale_0(%x, %y : memref<?x8xf32>, memref<?x8xf32>) items(%batch) grain(2500)
  kernel.launch @scale_0(%y, %x : memref<?x8xf32>, memref<?x8xf32>) items(%batch) grain(2500)
  return
}

// CHECK-LABEL: func.func @prepare
// CHECK-NOT:     kernel.mark
func.func @prepare(%x: memref<?x8xf32> {nn.input = "x"}, %y: memref<?x8xf32> {nn.prepared = 0 : i64},
                   %batch: index {nn.batch}) {
  kernel.launch @scale_0(%x, %y : memref<?x8xf32>, memref<?x8xf32>) items(%batch) grain(2500)
  return
}

func.func private @scale_0(%x: memref<?x8xf32> {llvm.noalias}, %y: memref<?x8xf32> {llvm.noalias},
                           %lo: index, %hi: index) {
  return
}
