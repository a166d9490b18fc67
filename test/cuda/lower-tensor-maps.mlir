// RUN: dlc-opt %s --dlc-lower-entries --dlc-lower-tensor-maps --dlc-lower-gpu-launches | FileCheck %s

// The rank; extents, strides in bytes, the box; steps and corners of windows. Padded with zeros.
// CHECK-DAG: llvm.mlir.global internal constant @[[TILE:tensor_map.*]](dense<[2, 16, 40, 0, 0, 0, 64, 0, 0, 0, 16, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]>
// CHECK-DAG: llvm.mlir.global internal constant @[[WINDOWS:tensor_map.*]](dense<[4, 16, 8, 8, 1, 0, 64, 512, 4096, 0, 16, 128, 0, 0, 0, 1, 1, -1, -1, -1, -1, 0]>

// CHECK-LABEL: func.func @forward(
// CHECK-SAME:    %[[RT:.*]]: !llvm.ptr, %[[BATCH:.*]]: i64, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK-DAG:     %[[B:.*]] = llvm.alloca %{{.*}} x i8 {alignment = 64 : i64}
// CHECK-DAG:     %[[A:.*]] = llvm.alloca %{{.*}} x i8 {alignment = 64 : i64}
// CHECK:         call @dlc_rt_tensor_map(%[[RT]], %{{.*}}, %{{.*}}, %{{.*}}, %[[MAP:.*]]) :
// CHECK:         call @dlc_rt_tensor_map(%[[RT]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) :
// The addresses of the maps for the launch, those of values again after it.
// CHECK:         llvm.store %[[MAP]], %[[PLACE:.*]] : !llvm.ptr, !llvm.ptr
// CHECK:         call @dlc_rt_launch
// CHECK:         llvm.store %{{.*}}, %{{.*}} : !llvm.ptr, !llvm.ptr
// CHECK:         llvm.store %{{.*}}, %{{.*}} : !llvm.ptr, !llvm.ptr
module attributes {gpu.container_module} {
  func.func @forward(%batch: index {nn.batch}, %x: memref<?x8x8x16xf32> {nn.input = "x"},
                     %w: memref<40x1x1x16xf32> {nn.prepared = 0}) {
    %c1 = arith.constant 1 : index
    %a = kernel.tensor_map %x {extents = array<i64: 16, 8, 8, 1>, strides = array<i64: 16, 128, 1024>, box = array<i64: 16, 128>,
                               steps = array<i64: 1, 1>, lower = array<i64: -1, -1>, upper = array<i64: -1, -1>} : memref<?x8x8x16xf32> -> !llvm.ptr
    %b = kernel.tensor_map %w {extents = array<i64: 16, 40>, strides = array<i64: 16>, box = array<i64: 16, 8>} : memref<40x1x1x16xf32> -> !llvm.ptr
    gpu.launch_func @kernels::@gemm blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%x : memref<?x8x8x16xf32>, %a : !llvm.ptr, %b : !llvm.ptr)
    return
  }
  gpu.module @kernels {
    gpu.func @gemm(%x: memref<?x8x8x16xf32>, %a: !llvm.ptr, %b: !llvm.ptr) kernel {
      gpu.return
    }
  }
}
