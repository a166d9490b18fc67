// RUN: dlc-opt %s --dlc-lower-entries --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

// Inputs and outputs come through arrays, prepared buffers lie in one block; every open extent is the batch.
// CHECK-LABEL: func.func @forward
// CHECK-SAME:    (%[[RT:.*]]: !llvm.ptr, %[[BATCH:.*]]: i64, %[[IN:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr, %[[PREPARED:.*]]: !llvm.ptr, %[[ARENA:.*]]: !llvm.ptr) {
func.func @forward(%batch: index {nn.batch}, %x: memref<?x8xf32> {nn.input = "x"},
                   %z: memref<?xi32> {nn.input = "z"}, %w: memref<8xf32> {nn.prepared = 64 : i64},
                   %y: memref<?x8xf32> {nn.output = "y"}, %arena: memref<?xi8> {nn.arena}) {
  // CHECK-DAG: llvm.load %[[IN]] : !llvm.ptr -> !llvm.ptr
  // CHECK-DAG: %[[Z:.*]] = llvm.getelementptr %[[IN]][1] : (!llvm.ptr) -> !llvm.ptr, i64
  // CHECK-DAG: llvm.load %[[Z]]
  // CHECK-DAG: llvm.getelementptr %[[PREPARED]][64] : (!llvm.ptr) -> !llvm.ptr, i8
  // CHECK-DAG: llvm.load %[[OUT]]
  // CHECK:     call @dlc_rt_mark(%[[RT]], %{{.*}}) : (!llvm.ptr, i64) -> ()
  // CHECK:     call @use(
  kernel.mark 0
  call @use(%x, %z, %w, %y, %arena) : (memref<?x8xf32>, memref<?xi32>, memref<8xf32>, memref<?x8xf32>, memref<?xi8>) -> ()
  return
}
func.func private @use(memref<?x8xf32>, memref<?xi32>, memref<8xf32>, memref<?x8xf32>, memref<?xi8>)

// -----

// Parameters are read by the runtime: number 3, from byte 64 on, 32 bytes.
// CHECK-LABEL: func.func @prepare
// CHECK-SAME:    (%[[RT:.*]]: !llvm.ptr, %[[PREPARED:.*]]: !llvm.ptr, %[[SCRATCH:.*]]: !llvm.ptr) {
// CHECK-DAG:     %[[C3:.*]] = llvm.mlir.constant(3 : i64)
// CHECK-DAG:     %[[C64:.*]] = llvm.mlir.constant(64 : i64)
// CHECK-DAG:     %[[C32:.*]] = llvm.mlir.constant(32 : i64)
// CHECK:         call @dlc_rt_read_param(%[[RT]], %[[C3]], %[[C64]], %[[C32]], %{{.*}})
func.func @prepare(%w: memref<8xf32> {nn.prepared = 64 : i64}) {
  kernel.read_param 3 from 16 into %w : memref<8xf32>
  return
}

// -----

// Numbers of a buffer, or of a part of one.
// CHECK-LABEL: func.func @gradients
// CHECK:         %[[FIVE:.*]] = llvm.mlir.constant(5 : i64)
// CHECK:         call @dlc_rt_joint_mean(%arg0, %{{.*}}, %[[FIVE]]) : (!llvm.ptr, !llvm.ptr, i64) -> ()
func.func @gradients(%batch: index {nn.batch}, %g: memref<8xf32> {nn.gradient = "g", nn.place = 64 : i64}) {
  %part = memref.subview %g[0] [5] [1] : memref<8xf32> to memref<5xf32, strided<[1]>>
  kernel.joint_mean outs(%part : memref<5xf32, strided<[1]>>)
  return
}

// -----

// expected-error@+1 {{has argument 1 that is no input, output, prepared buffer, state or arena}}
func.func @forward(%batch: index {nn.batch}, %x: memref<?x8xf32>) {
  return
}

// -----

// expected-error@+1 {{has argument 1 that is no input, output, prepared buffer, state or arena}}
func.func @forward(%batch: index {nn.batch}, %k: memref<8xf32> {nn.param = "k"}) {
  return
}

// -----

// expected-error@+1 {{has no batch for the extents of argument 0}}
func.func @prepare(%k: memref<?xf32> {nn.prepared = 0 : i64}) {
  return
}
