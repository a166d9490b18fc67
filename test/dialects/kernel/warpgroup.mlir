// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --mlir-print-op-generic | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --one-shot-bufferize="bufferize-function-boundaries=1" | FileCheck %s --check-prefix=BUFFERS

// Products of warpgroups on tensors, and tensor maps of tiles and of windows.

// CHECK-LABEL: func.func @gemm
// BUFFERS-LABEL: func.func @gemm
func.func @gemm(%x: tensor<?x8x8x16xf32>, %w: tensor<40x3x3x16xf32>, %b: tensor<40xf32>,
                %out: tensor<?x8x8x40xf32>) -> tensor<?x8x8x40xf32> {
  // CHECK:      kernel.warpgroup_gemm ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x8x8x16xf32>, tensor<40x3x3x16xf32>, tensor<40xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x8x8x40xf32>)
  // BUFFERS-NOT: memref.alloc
  // BUFFERS:     kernel.warpgroup_gemm
  // BUFFERS-SAME: outs(%arg3 :
  %0 = kernel.warpgroup_gemm ins(%x, %w, %b : tensor<?x8x8x16xf32>, tensor<40x3x3x16xf32>, tensor<40xf32>) outs(%out : tensor<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32, %bias: f32):
      %1 = arith.addf %acc, %bias : f32
      kernel.yield %1 : f32
    } -> tensor<?x8x8x40xf32>
  return %0 : tensor<?x8x8x40xf32>
}

// CHECK-LABEL: func.func @maps
func.func @maps(%x: memref<?x8x8x16xf32>, %w: memref<40x3x3x16xf32>) -> (!llvm.ptr, !llvm.ptr) {
  // CHECK: kernel.tensor_map %{{.*}} {box = array<i64: 16, 1, 40>, extents = array<i64: 16, 9, 40>, strides = array<i64: 16, 144>} : memref<40x3x3x16xf32> -> !llvm.ptr
  %0 = kernel.tensor_map %w {extents = array<i64: 16, 9, 40>, strides = array<i64: 16, 144>, box = array<i64: 16, 1, 40>} : memref<40x3x3x16xf32> -> !llvm.ptr
  // CHECK: kernel.tensor_map %{{.*}} {{.*}} lower = array<i64: -1, -1>
  %1 = kernel.tensor_map %x {extents = array<i64: 16, 8, 8, 1>, strides = array<i64: 16, 128, 1024>, box = array<i64: 16, 128>,
                             steps = array<i64: 1, 1>, lower = array<i64: -1, -1>, upper = array<i64: -1, -1>} : memref<?x8x8x16xf32> -> !llvm.ptr
  return %0, %1 : !llvm.ptr, !llvm.ptr
}
