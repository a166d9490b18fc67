// RUN: dlc-opt %s --pass-pipeline='builtin.module(gpu.module(dlc-expand-gpu-kernels,canonicalize,cse))' | FileCheck %s

// 64 threads, each 4 x 4 of the block's 32 x 32. A residual in a slice of channels: its rows lie 48 apart.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @residual
  // Windows become columns of A's tile, element by element; rows of B stay as they are.
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 4, cache = ca
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 16, cache = cg
  // CHECK:       %[[SUMS:.*]]:16 = scf.for
  // CHECK-NEXT:    nvvm.cp.async.wait.group 2
  // CHECK-NEXT:    gpu.barrier
  // CHECK-COUNT-128: llvm.intr.fma
  // CHECK-NOT:     llvm.intr.fma
  // CHECK:         scf.yield
  // CHECK:       %[[ROW:.*]] = arith.muli %{{.*}}, %c48
  // CHECK:       llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
  // CHECK:       arith.addf
  // CHECK:       llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
  gpu.func @residual(%x: memref<?x8x8x16xf32>, %w: memref<1x1x16x32xf32>, %r: memref<?x8x8x32xf32, strided<[3072, 384, 48, 1], offset: 16>>, %out: memref<?x8x8x32xf32>) kernel {
    kernel.implicit_gemm ins(%x, %w, %r : memref<?x8x8x16xf32>, memref<1x1x16x32xf32>, memref<?x8x8x32xf32, strided<[3072, 384, 48, 1], offset: 16>>) outs(%out : memref<?x8x8x32xf32>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 32, n = 32, k = 8, warps_m = 2, warps_n = 1, stages = 4>, math = #kernel.math<simt>}
      epilogue {
      ^bb0(%acc: f32, %residual: f32):
        %0 = arith.addf %acc, %residual : f32
        kernel.yield %0 : f32
      }
    gpu.return
  }
}
