// RUN: dlc-opt %s --dlc-lower-entries --dlc-lower-gpu-launches --canonicalize | FileCheck %s

// The second kernel of the module; addresses of the values' places are written once.
// CHECK-NOT:   gpu.
// CHECK-LABEL: func.func @forward
// CHECK-SAME:    (%[[RT:.*]]: !llvm.ptr, %[[BATCH:.*]]: i64,
// CHECK-DAG:     %[[ONE:.*]] = llvm.mlir.constant(1 : i64)
// CHECK-DAG:     %[[SHARED:.*]] = arith.constant 4096 : i64
// CHECK-DAG:     %[[THREADS:.*]] = arith.constant 256 : i64
// CHECK:         %[[GEOMETRY:.*]] = llvm.alloca %{{.*}} x !llvm.array<5 x i64>
// CHECK:         %[[VALUES:.*]] = llvm.alloca %{{.*}} x !llvm.array<4 x i64>
// CHECK:         %[[ADDRESSES:.*]] = llvm.alloca %{{.*}} x !llvm.array<4 x ptr>
// CHECK:         llvm.store %[[VALUES]], %[[ADDRESSES]]
// CHECK:         %[[EXTENT:.*]] = llvm.trunc %[[BATCH]] : i64 to i32
// CHECK:         llvm.store %[[EXTENT]], %{{.*}} : i32
// CHECK:         llvm.store %[[BATCH]], %[[GEOMETRY]]
// CHECK:         llvm.store %[[THREADS]], %{{.*}} : i64
// CHECK-NEXT:    %[[LAST:.*]] = llvm.getelementptr %[[GEOMETRY]][4]
// CHECK-NEXT:    llvm.store %[[SHARED]], %[[LAST]]
// CHECK:         call @dlc_rt_launch(%[[RT]], %[[ONE]], %[[GEOMETRY]], %[[ADDRESSES]])
// CHECK:         call @dlc_rt_launch(%[[RT]], %{{.*}}, %[[GEOMETRY]], %[[ADDRESSES]])
// CHECK-NOT:   gpu.
module attributes {gpu.container_module} {
  func.func @forward(%batch: index {nn.batch}, %x: memref<?x8xf32> {nn.input = "x"}, %y: memref<?x8xf32> {nn.output = "y"}) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    %shared = arith.constant 4096 : i32
    gpu.launch_func @kernels::@exp_0 blocks in (%batch, %c1, %c1) threads in (%c256, %c1, %c1)
        dynamic_shared_memory_size %shared args(%x : memref<?x8xf32>, %y : memref<?x8xf32>)
    gpu.launch_func @kernels::@other_0 blocks in (%batch, %c1, %c1) threads in (%c256, %c1, %c1)
        args(%y : memref<?x8xf32>)
    return
  }
  gpu.module @kernels {
    gpu.func @other_0(%x: memref<?x8xf32>) kernel {
      gpu.return
    }
    gpu.func @exp_0(%x: memref<?x8xf32>, %y: memref<?x8xf32>) kernel {
      gpu.return
    }
  }
}
// CHECK: func.func private @dlc_rt_launch(!llvm.ptr, i64, !llvm.ptr, !llvm.ptr)
