// RUN: dlc-opt %s --pass-pipeline='builtin.module(gpu.module(dlc-expand-gpu-kernels,canonicalize,cse))' | FileCheck %s

// Two warps, each 16 x 32 of the block's 32 x 32: four fragments. 64 threads copy tiles of 32 x 16, two
// pieces of 16 bytes each of A (rows of 4 pieces) and of B (rows of 8).
gpu.module @kernels {
  // CHECK: llvm.mlir.global external @dlc_shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

  // 3x3 windows over 16 channels: a step of 16 along K is one tap. Only rows past the batch and pixels
  // outside the image need a condition, and one comparison of a row tells both.
  // CHECK-LABEL: gpu.func @conv
  // CHECK-NOT:   llvm.load
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 16, cache = cg, %{{.*}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 16, cache = cg, %{{.*}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
  // CHECK-NEXT:  nvvm.cp.async.commit.group
  // CHECK:       nvvm.cp.async.commit.group
  // CHECK:       %[[SUMS:.*]]:16 = scf.for
  // CHECK-NEXT:    nvvm.cp.async.wait.group 1
  // CHECK-NEXT:    gpu.barrier
  // CHECK:         nvvm.cp.async.commit.group
  // CHECK-COUNT-16: nvvm.convert.float.to.tf32 %{{.*}} {rnd = #nvvm.fp_rnd_mode<rna>}
  // CHECK-NOT:     nvvm.convert
  // CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xf32>
  // CHECK-COUNT-8: nvvm.mma.sync A[{{.*}}] B[{{.*}}] C[{{.*}}] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<tf32>, multiplicandBPtxType = #nvvm.mma_type<tf32>, shape = #nvvm.shape<m = 16, n = 8, k = 8>}
  // CHECK-NOT:     nvvm.mma.sync
  // CHECK:         scf.yield
  // Once all warps have read the last stage their lanes exchange their sums there: each stores a vector.
  // CHECK:       gpu.barrier
  // CHECK:       llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
  // CHECK-NOT:   nvvm.bar.warp.sync
  // CHECK:       llvm.store %{{.*}}, %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
  // CHECK:       nvvm.bar.warp.sync
  // CHECK:       llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xf32>
  // CHECK:       arith.maximumf
  // CHECK:       scf.if
  // CHECK:         llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
  gpu.func @conv(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x32xf32>, %b: memref<32xf32>, %out: memref<?x8x8x32xf32>) kernel {
    kernel.implicit_gemm ins(%x, %w, %b : memref<?x8x8x16xf32>, memref<3x3x16x32xf32>, memref<32xf32>) outs(%out : memref<?x8x8x32xf32>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
      epilogue {
      ^bb0(%acc: f32, %bias: f32):
        %zero = arith.constant 0.0 : f32
        %0 = arith.addf %acc, %bias : f32
        %1 = arith.maximumf %0, %zero : f32
        kernel.yield %1 : f32
      }
    gpu.return
  }

  // Three channels: elements are copied one by one. As bf16 a step is one product for each fragment.
  // CHECK-LABEL: gpu.func @first_layer
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 4, cache = ca, %{{.*}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
  // CHECK:       scf.for
  // CHECK:         arith.truncf %{{.*}} : vector<2xf32> to vector<2xbf16>
  // CHECK-COUNT-4: nvvm.mma.sync {{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>
  // CHECK-NOT:     nvvm.mma.sync
  gpu.func @first_layer(%x: memref<?x9x9x3xf32>, %w: memref<3x3x3x10xf32>, %out: memref<?x5x5x10xf32>) kernel {
    kernel.implicit_gemm ins(%x, %w : memref<?x9x9x3xf32>, memref<3x3x3x10xf32>) outs(%out : memref<?x5x5x10xf32>)
      attributes {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
      epilogue {
      ^bb0(%acc: f32):
        kernel.yield %acc : f32
      }
    gpu.return
  }

  // The gradient of a dense layer's kernel, in 4 parts: which part is the block's number along y. Rows of
  // the batch past its end are zeros; a row of the input holds elements of one k.
  // CHECK-LABEL: gpu.func @weights
  // CHECK:       gpu.block_id y
  // CHECK:       scf.for
  // CHECK:         llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> f32
  // CHECK-NOT:     llvm.load %{{.*}} !llvm.ptr<3> -> vector
  // CHECK-COUNT-8: nvvm.mma.sync
  gpu.func @weights(%x: memref<?x1x1x64xf32>, %g: memref<?x1x1x32xf32>, %out: memref<4x1x1x64x32xf32>) kernel {
    kernel.implicit_gemm_weights ins(%x, %g : memref<?x1x1x64xf32>, memref<?x1x1x32xf32>) outs(%out : memref<4x1x1x64x32xf32>)
      {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
       cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    gpu.return
  }

  // Of bfloat16: pieces of 8 elements, of 2 where channels are no multiple of 4; matrices of A as they lie
  // and of B transposed, two groups of 8 rows or columns each; results rounded in pairs.
  // CHECK-LABEL: gpu.func @narrow
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 16, cache = cg, %{{.*}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 4, cache = ca, %{{.*}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
  // CHECK:       scf.for
  // CHECK-COUNT-2: nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<col>, num = 4 : i32, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>}
  // CHECK:         nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, num = 4 : i32,
  // CHECK-COUNT-4: nvvm.mma.sync {{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>
  // CHECK:       llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> vector<2xbf16>
  // CHECK-NEXT:  arith.extf %{{.*}} : vector<2xbf16> to vector<2xf32>
  // CHECK:       arith.truncf %{{.*}} : vector<2xf32> to vector<2xbf16>
  // CHECK-NEXT:  llvm.store %{{.*}}, %{{.*}} {alignment = 4 : i64} : vector<2xbf16>, !llvm.ptr<1>
  gpu.func @narrow(%x: memref<?x8x8x16xbf16>, %w: memref<3x3x16x30xbf16>, %r: memref<?x8x8x30xbf16>, %out: memref<?x8x8x30xbf16>) kernel {
    kernel.implicit_gemm ins(%x, %w, %r : memref<?x8x8x16xbf16>, memref<3x3x16x30xbf16>, memref<?x8x8x30xbf16>) outs(%out : memref<?x8x8x30xbf16>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
      epilogue {
      ^bb0(%acc: f32, %more: f32):
        %0 = arith.addf %acc, %more : f32
        kernel.yield %0 : f32
      }
    gpu.return
  }

  // A single element is no asynchronous copy. What an input of float32 meets of a gradient of bfloat16 lies in
  // registers as matrices have it.
  // CHECK-LABEL: gpu.func @odd
  // CHECK:       nvvm.cp.async.shared.global {{.*}}, 4, cache = ca, %{{.*}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
  // CHECK:       llvm.load %{{.*}} {alignment = 2 : i64} : !llvm.ptr<1> -> bf16
  // CHECK:       arith.select {{.*}} : bf16
  // CHECK:       llvm.store %{{.*}}, %{{.*}} {alignment = 2 : i64} : bf16, !llvm.ptr<3>
  // CHECK:       scf.for
  // CHECK-COUNT-2: nvvm.ldmatrix {{.*}}num = 4
  // CHECK-COUNT-8: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> f32
  // CHECK:       nvvm.mma.sync
  gpu.func @odd(%x: memref<?x9x9x3xf32>, %g: memref<?x9x9x15xbf16>, %out: memref<3x3x3x15xf32>) kernel {
    kernel.implicit_gemm_weights ins(%x, %g : memref<?x9x9x3xf32>, memref<?x9x9x15xbf16>) outs(%out : memref<3x3x3x15xf32>)
      {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
       cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    gpu.return
  }
}
