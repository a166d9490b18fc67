// RUN: dlc-opt %s --dlc-expand-warpgroups --mlir-print-local-scope | FileCheck %s
// RUN: dlc-opt %s --dlc-expand-warpgroups --dlc-device-phase --dlc-print-ptx="chip=sm_90a features=+ptx80" -o /dev/null | FileCheck %s --check-prefix=PTX

// Launches make a map of windows, 3 x 3 at every second pixel, and one of the filters.
// CHECK-LABEL: func.func @forward
// CHECK: %[[A:.*]] = kernel.tensor_map %arg0 {box = array<i64: 32, 128>, extents = array<i64: 48, 9, 8, 1>, lower = array<i64: -1, 0>, steps = array<i64: 2, 2>, strides = array<i64: 48, 432, 3456>, upper = array<i64: 0, 0>} : memref<?x8x9x48xf32> -> !llvm.ptr
// CHECK: %[[B:.*]] = kernel.tensor_map %arg1 {box = array<i64: 32, 1, 64>, extents = array<i64: 48, 9, 64>, strides = array<i64: 48, 432>} : memref<64x3x3x48xf32> -> !llvm.ptr
// CHECK: gpu.launch_func @kernels::@conv {{.*}} args({{.*}}, %[[A]] : !llvm.ptr, %[[B]] : !llvm.ptr)
// Where windows are single pixels, a map of rows.
// CHECK: kernel.tensor_map %arg0 {box = array<i64: 32, 128>, extents = array<i64: 48, 72>, strides = array<i64: 48>} : memref<?x8x9x48xf32> -> !llvm.ptr
// Of bf16 a row of a tile has 64 channels, or 64 filters.
// CHECK: kernel.tensor_map %{{.*}} {box = array<i64: 64, 128>, extents = array<i64: 48, 72>, strides = array<i64: 48>} : memref<?x8x9x48xbf16> -> !llvm.ptr
// CHECK: kernel.tensor_map %{{.*}} {box = array<i64: 64, 64, 1>, extents = array<i64: 96, 48, 1>, strides = array<i64: 96, 4608>} : memref<1x1x48x96xbf16> -> !llvm.ptr
module attributes {gpu.container_module} {
  func.func @forward(%x: memref<?x8x9x48xf32>, %w: memref<64x3x3x48xf32>, %out: memref<?x4x5x64xf32>,
                     %v: memref<64x1x1x48xf32>, %b: memref<64xf32>, %y: memref<?x8x9x64xf32>,
                     %n: memref<?x8x9x48xbf16>, %u: memref<1x1x48x96xbf16>, %z: memref<?x8x9x96xf32>) {
    %c1 = arith.constant 1 : index
    %c384 = arith.constant 384 : index
    %bytes = arith.constant 98368 : i32
    gpu.launch_func @kernels::@conv blocks in (%c1, %c1, %c1) threads in (%c384, %c1, %c1) dynamic_shared_memory_size %bytes
      args(%x : memref<?x8x9x48xf32>, %w : memref<64x3x3x48xf32>, %out : memref<?x4x5x64xf32>)
    gpu.launch_func @kernels::@pixels blocks in (%c1, %c1, %c1) threads in (%c384, %c1, %c1) dynamic_shared_memory_size %bytes
      args(%x : memref<?x8x9x48xf32>, %v : memref<64x1x1x48xf32>, %b : memref<64xf32>, %y : memref<?x8x9x64xf32>)
    gpu.launch_func @kernels::@narrow blocks in (%c1, %c1, %c1) threads in (%c384, %c1, %c1) dynamic_shared_memory_size %bytes
      args(%n : memref<?x8x9x48xbf16>, %u : memref<1x1x48x96xbf16>, %z : memref<?x8x9x96xf32>)
    return
  }

  // One warpgroup copies, two multiply.
  // CHECK-LABEL: gpu.func @conv
  // CHECK-SAME:    %[[MAP:arg[0-9]+]]: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr) kernel
  // CHECK-SAME:    kernel.tensor_maps = 2 : i64
  // CHECK-SAME:    known_block_size = array<i32: 384, 1, 1>
  // CHECK-SAME:    nvvm.minctasm = 1 : i32
  // CHECK:         gpu.barrier
  // CHECK:         scf.if
  // CHECK:           nvvm.setmaxregister decrease 56
  // Its tiles in turn, and the steps of each; stages go on from one to the next.
  // CHECK:           gpu.grid_dim x
  // CHECK:           scf.for %{{.*}} iter_args(%{{.*}}) -> (i32)
  // CHECK:           scf.for
  // CHECK:             nvvm.mbarrier.try_wait.parity
  // CHECK:             nvvm.mbarrier.arrive.expect_tx
  // CHECK:             nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[MAP]], %{{.*}} box[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] im2col[%{{.*}}, %{{.*}}]
  // CHECK:             nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}} box[%{{.*}}, %{{.*}}, %{{.*}}]
  // CHECK:         } else {
  // CHECK:           nvvm.setmaxregister increase 224
  // CHECK:           scf.for %{{.*}} iter_args(%{{.*}}) -> (i32)
  // CHECK:           scf.for
  // CHECK:             nvvm.mbarrier.try_wait.parity
  // CHECK:             nvvm.wgmma.fence.aligned
  // CHECK-COUNT-4:     nvvm.wgmma.mma_async
  // CHECK:             nvvm.wgmma.commit.group.sync.aligned
  // CHECK:             nvvm.wgmma.wait.group.sync.aligned 1
  // CHECK:             nvvm.mbarrier.arrive
  // CHECK:           nvvm.wgmma.wait.group.sync.aligned 0
  // CHECK:           nvvm.mbarrier.arrive
  // Lanes exchange their sums, so that each stores a vector of its row.
  // CHECK:           nvvm.bar.warp.sync
  // CHECK:           llvm.store %{{.*}} : vector<2xf32>, !llvm.ptr<3>
  // CHECK:           nvvm.bar.warp.sync
  // CHECK:           llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>

  // PTX-LABEL: .visible .entry conv(
  // PTX:         .param .align 64 .b8 conv_param_{{.*}}[128]
  // PTX:         .maxntid 384
  // PTX:         .minnctapersm 1
  // PTX:         mbarrier.init.shared.b64
  // PTX-DAG:     setmaxnreg.inc.sync.aligned.u32 224
  // PTX-DAG:     wgmma.fence.sync.aligned
  // PTX-DAG:     mbarrier.try_wait.parity
  // PTX-DAG:     wgmma.mma_async.sync.aligned.m64n64k8.f32.tf32.tf32
  // PTX-DAG:     wgmma.wait_group.sync.aligned 1
  // PTX-DAG:     setmaxnreg.dec.sync.aligned.u32 56
  // PTX-DAG:     mbarrier.arrive.expect_tx
  // PTX-DAG:     cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes
  // PTX-DAG:     cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes
  // PTX-LABEL: .visible .entry pixels(
  // Of bf16, filters as they lie: boxes of 64 columns.
  // PTX-LABEL: .visible .entry narrow(
  // PTX-DAG:     wgmma.mma_async.sync.aligned.m64n96k16.f32.bf16.bf16
  // PTX-DAG:     st.global.v4
  gpu.module @kernels {
    gpu.func @conv(%x: memref<?x8x9x48xf32>, %w: memref<64x3x3x48xf32>, %out: memref<?x4x5x64xf32>) kernel {
      kernel.warpgroup_gemm ins(%x, %w : memref<?x8x9x48xf32>, memref<64x3x3x48xf32>) outs(%out : memref<?x4x5x64xf32>)
        attributes {strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 1, 1>, dilations = array<i64: 1, 1>,
                    cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
        epilogue {
        ^bb0(%acc: f32):
          kernel.yield %acc : f32
        }
      gpu.return
    }
    gpu.func @pixels(%x: memref<?x8x9x48xf32>, %w: memref<64x1x1x48xf32>, %b: memref<64xf32>, %out: memref<?x8x9x64xf32>) kernel {
      kernel.warpgroup_gemm ins(%x, %w, %b : memref<?x8x9x48xf32>, memref<64x1x1x48xf32>, memref<64xf32>) outs(%out : memref<?x8x9x64xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                    cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
        epilogue {
        ^bb0(%acc: f32, %bias: f32):
          %0 = arith.addf %acc, %bias : f32
          kernel.yield %0 : f32
        }
      gpu.return
    }
    gpu.func @narrow(%x: memref<?x8x9x48xbf16>, %w: memref<1x1x48x96xbf16>, %out: memref<?x8x9x96xf32>) kernel {
      kernel.warpgroup_gemm ins(%x, %w : memref<?x8x9x48xbf16>, memref<1x1x48x96xbf16>) outs(%out : memref<?x8x9x96xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                    cta = #kernel.cta<m = 128, n = 96, k = 64, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_bf16>, most_blocks = 132}
        epilogue {
        ^bb0(%acc: f32):
          kernel.yield %acc : f32
        }
      gpu.return
    }
  }
}
