// RUN: dlc-opt %s --dlc-lower-gpu-signatures --canonicalize | FileCheck %s

gpu.module @kernels {
  // Open extents follow the address; a dynamic offset is part of it. Memory of the block stays.
  // CHECK:      gpu.func @copy_0(%[[X:.*]]: !llvm.ptr {llvm.noalias}, %[[N:.*]]: i32, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: i32, %{{.*}}: f32)
  // CHECK-SAME:   workgroup(%{{.*}} : memref<32xf32, #gpu.address_space<workgroup>>) kernel
  // CHECK-DAG:    llvm.insertvalue %[[X]], %{{.*}}[1] : !llvm.struct<(ptr, ptr, i32, array<2 x i32>, array<2 x i32>)>
  // CHECK-DAG:    llvm.insertvalue %[[N]], %{{.*}}[3, 0]
  gpu.func @copy_0(%x: memref<?x8xf32> {llvm.noalias}, %y: memref<?x8xf32, strided<[16, 1], offset: ?>> {llvm.noalias}, %s: f32)
      workgroup(%w: memref<32xf32, #gpu.address_space<workgroup>>) kernel {
    %c0 = arith.constant 0 : index
    %v = memref.load %x[%c0, %c0] : memref<?x8xf32>
    %r = arith.addf %v, %s : f32
    memref.store %r, %y[%c0, %c0] : memref<?x8xf32, strided<[16, 1], offset: ?>>
    memref.store %r, %w[%c0] : memref<32xf32, #gpu.address_space<workgroup>>
    gpu.return
  }
}
