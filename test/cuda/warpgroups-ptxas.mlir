// REQUIRES: ptxas
// RUN: dlc-opt %s --dlc-expand-warpgroups --dlc-device-phase --dlc-print-ptx="chip=sm_90a features=+ptx80" -o /dev/null > %t.ptx
// RUN: %ptxas -arch=sm_90a -v -o /dev/null %t.ptx > %t.log 2>&1
// RUN: FileCheck %s --input-file=%t.log --implicit-check-not=warning --implicit-check-not='{{C7508|C7510|C7514}}'
// RUN: FileCheck %s --input-file=%t.log --check-prefix=REGISTERS

// Every width of a tile in registers: warpgroups that multiply have 224 a thread, the kernel 168 at its start.
// No product waits for another one (warnings C7510, C7514), and setmaxnreg is obeyed (C7508).
// CHECK-COUNT-8:     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
// REGISTERS-COUNT-8: Used 168 registers
gpu.module @kernels {
  gpu.func @few(%x: memref<?x14x14x64xf32>, %w: memref<32x3x3x64xf32>, %b: memref<32xf32>, %out: memref<?x14x14x32xf32>) kernel {
    kernel.warpgroup_gemm ins(%x, %w, %b : memref<?x14x14x64xf32>, memref<32x3x3x64xf32>, memref<32xf32>) outs(%out : memref<?x14x14x32xf32>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 128, n = 32, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
      epilogue {
      ^bb0(%acc: f32, %bias: f32):
        %0 = arith.addf %acc, %bias : f32
        %1 = arith.negf %0 : f32
        %zero = arith.constant 0.0 : f32
        %2 = arith.maximumf %1, %zero : f32
        kernel.yield %2 : f32
      }
    gpu.return
  }
  gpu.func @narrow(%x: memref<?x14x14x64xf32>, %w: memref<64x3x3x64xf32>, %b: memref<64xf32>, %r: memref<?x14x14x64xf32>, %out: memref<?x14x14x64xf32>) kernel {
    kernel.warpgroup_gemm ins(%x, %w, %b, %r : memref<?x14x14x64xf32>, memref<64x3x3x64xf32>, memref<64xf32>, memref<?x14x14x64xf32>) outs(%out : memref<?x14x14x64xf32>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
      epilogue {
      ^bb0(%acc: f32, %bias: f32, %more: f32):
        %0 = arith.addf %acc, %bias : f32
        %1 = arith.addf %0, %more : f32
        %zero = arith.constant 0.0 : f32
        %2 = arith.maximumf %1, %zero : f32
        kernel.yield %2 : f32
      }
    gpu.return
  }
  gpu.func @middle(%x: memref<?x14x14x64xf32>, %w: memref<128x1x1x64xf32>, %b: memref<128xf32>, %r: memref<?x7x7x128xf32>, %out: memref<?x7x7x128xf32>) kernel {
    kernel.warpgroup_gemm ins(%x, %w, %b, %r : memref<?x14x14x64xf32>, memref<128x1x1x64xf32>, memref<128xf32>, memref<?x7x7x128xf32>) outs(%out : memref<?x7x7x128xf32>)
      attributes {strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 128, n = 128, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
      epilogue {
      ^bb0(%acc: f32, %bias: f32, %more: f32):
        %0 = arith.addf %acc, %bias : f32
        %1 = arith.addf %0, %more : f32
        %zero = arith.constant 0.0 : f32
        %2 = arith.maximumf %1, %zero : f32
        kernel.yield %2 : f32
      }
    gpu.return
  }
  gpu.func @wide(%x: memref<?x14x14x64xf32>, %w: memref<256x1x1x64xf32>, %b: memref<256xf32>, %r: memref<?x14x14x256xf32>, %out: memref<?x14x14x256xf32>) kernel {
    kernel.warpgroup_gemm ins(%x, %w, %b, %r : memref<?x14x14x64xf32>, memref<256x1x1x64xf32>, memref<256xf32>, memref<?x14x14x256xf32>) outs(%out : memref<?x14x14x256xf32>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 128, n = 256, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
      epilogue {
      ^bb0(%acc: f32, %bias: f32, %more: f32):
        %0 = arith.addf %acc, %bias : f32
        %1 = arith.addf %0, %more : f32
        %zero = arith.constant 0.0 : f32
        %2 = arith.maximumf %1, %zero : f32
        kernel.yield %2 : f32
      }
    gpu.return
  }
  gpu.func @tails(%x: memref<?x14x14x36xf32>, %w: memref<301x3x3x36xf32>, %b: memref<301xf32>, %r: memref<?x14x14x301xf32>, %out: memref<?x14x14x301xf32>) kernel {
    kernel.warpgroup_gemm ins(%x, %w, %b, %r : memref<?x14x14x36xf32>, memref<301x3x3x36xf32>, memref<301xf32>, memref<?x14x14x301xf32>) outs(%out : memref<?x14x14x301xf32>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 128, n = 152, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
      epilogue {
      ^bb0(%acc: f32, %bias: f32, %more: f32):
        %0 = arith.addf %acc, %bias : f32
        %1 = arith.addf %0, %more : f32
        %zero = arith.constant 0.0 : f32
        %2 = arith.maximumf %1, %zero : f32
        kernel.yield %2 : f32
      }
    gpu.return
  }
  gpu.func @bf16_narrow(%x: memref<?x14x14x64xbf16>, %w: memref<3x3x64x64xbf16>, %b: memref<64xf32>, %r: memref<?x14x14x64xf32>, %out: memref<?x14x14x64xf32>) kernel {
    kernel.warpgroup_gemm ins(%x, %w, %b, %r : memref<?x14x14x64xbf16>, memref<3x3x64x64xbf16>, memref<64xf32>, memref<?x14x14x64xf32>) outs(%out : memref<?x14x14x64xf32>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 128, n = 64, k = 64, warps_m = 8, warps_n = 1, stages = 8>, math = #kernel.math<wgmma_bf16>, most_blocks = 132}
      epilogue {
      ^bb0(%acc: f32, %bias: f32, %more: f32):
        %0 = arith.addf %acc, %bias : f32
        %1 = arith.addf %0, %more : f32
        %zero = arith.constant 0.0 : f32
        %2 = arith.maximumf %1, %zero : f32
        kernel.yield %2 : f32
      }
    gpu.return
  }
  gpu.func @bf16_middle(%x: memref<?x14x14x64xbf16>, %w: memref<1x1x64x104xbf16>, %b: memref<104xf32>, %r: memref<?x14x14x104xbf16>, %out: memref<?x14x14x104xbf16>) kernel {
    kernel.warpgroup_gemm ins(%x, %w, %b, %r : memref<?x14x14x64xbf16>, memref<1x1x64x104xbf16>, memref<104xf32>, memref<?x14x14x104xbf16>) outs(%out : memref<?x14x14x104xbf16>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 128, n = 104, k = 64, warps_m = 8, warps_n = 1, stages = 6>, math = #kernel.math<wgmma_bf16>, most_blocks = 132}
      epilogue {
      ^bb0(%acc: f32, %bias: f32, %more: f32):
        %0 = arith.addf %acc, %bias : f32
        %1 = arith.addf %0, %more : f32
        %zero = arith.constant 0.0 : f32
        %2 = arith.maximumf %1, %zero : f32
        kernel.yield %2 : f32
      }
    gpu.return
  }
  gpu.func @bf16_wide(%x: memref<?x14x14x64xbf16>, %w: memref<3x3x64x512xbf16>, %b: memref<512xf32>, %r: memref<?x14x14x512xbf16>, %out: memref<?x14x14x512xbf16>) kernel {
    kernel.warpgroup_gemm ins(%x, %w, %b, %r : memref<?x14x14x64xbf16>, memref<3x3x64x512xbf16>, memref<512xf32>, memref<?x14x14x512xbf16>) outs(%out : memref<?x14x14x512xbf16>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                  cta = #kernel.cta<m = 128, n = 256, k = 64, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_bf16>, most_blocks = 132}
      epilogue {
      ^bb0(%acc: f32, %bias: f32, %more: f32):
        %0 = arith.addf %acc, %bias : f32
        %1 = arith.addf %0, %more : f32
        %zero = arith.constant 0.0 : f32
        %2 = arith.maximumf %1, %zero : f32
        kernel.yield %2 : f32
      }
    gpu.return
  }
}
