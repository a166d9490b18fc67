// RUN: dlc-opt %s --dlc-expand-warpgroups -split-input-file -verify-diagnostics

module {
  gpu.module @kernels {
    // Rows of an image that was cut from a larger one.
    gpu.func @rows(%x: memref<1x8x8x32xf32, strided<[2176, 272, 34, 1]>>, %w: memref<64x1x1x32xf32>, %out: memref<1x8x8x64xf32>) kernel {
      // expected-error@+1 {{needs rows that begin at multiples of 16 bytes}}
      kernel.warpgroup_gemm ins(%x, %w : memref<1x8x8x32xf32, strided<[2176, 272, 34, 1]>>, memref<64x1x1x32xf32>) outs(%out : memref<1x8x8x64xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                    cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
        epilogue {
        ^bb0(%acc: f32):
          kernel.yield %acc : f32
        }
      gpu.return
    }
  }
}

// -----

module {
  gpu.module @kernels {
    memref.global constant @w : memref<64x1x1x32xf32> = dense<1.0>
    gpu.func @constant(%x: memref<1x8x8x32xf32>, %out: memref<1x8x8x64xf32>) kernel {
      %w = memref.get_global @w : memref<64x1x1x32xf32>
      // expected-error@+1 {{needs buffers that are arguments of its kernel}}
      kernel.warpgroup_gemm ins(%x, %w : memref<1x8x8x32xf32>, memref<64x1x1x32xf32>) outs(%out : memref<1x8x8x64xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                    cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
        epilogue {
        ^bb0(%acc: f32):
          kernel.yield %acc : f32
        }
      gpu.return
    }
  }
}

// -----

module {
  gpu.module @kernels {
    func.func @function(%x: memref<1x8x8x32xf32>, %w: memref<64x1x1x32xf32>, %out: memref<1x8x8x64xf32>) {
      // expected-error@+1 {{needs a kernel of its own}}
      kernel.warpgroup_gemm ins(%x, %w : memref<1x8x8x32xf32>, memref<64x1x1x32xf32>) outs(%out : memref<1x8x8x64xf32>)
        attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                    cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
        epilogue {
        ^bb0(%acc: f32):
          kernel.yield %acc : f32
        }
      return
    }
  }
}
