// RUN: dlc-opt %s -split-input-file -verify-diagnostics --pass-pipeline='builtin.module(gpu.module(dlc-expand-gpu-kernels))'

gpu.module @kernels {
  func.func @function(%x: memref<?x8x8x16xf32>, %g: memref<?x8x8x32xf32>, %out: memref<1x1x16x32xf32>) {
    // expected-error@+1 {{needs a kernel of its own}}
    kernel.implicit_gemm_weights ins(%x, %g : memref<?x8x8x16xf32>, memref<?x8x8x32xf32>) outs(%out : memref<1x1x16x32xf32>)
      {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
       cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    return
  }
}

// -----

gpu.module @kernels {
  gpu.func @tensors(%x: tensor<4x8x8x16xf32>, %g: tensor<4x8x8x32xf32>, %out: tensor<1x1x16x32xf32>) kernel {
    // expected-error@+1 {{needs buffers, not tensors}}
    %0 = kernel.implicit_gemm_weights ins(%x, %g : tensor<4x8x8x16xf32>, tensor<4x8x8x32xf32>) outs(%out : tensor<1x1x16x32xf32>)
      {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
       cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>} -> tensor<1x1x16x32xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @contiguous(%x: memref<?x8x8x16xf32, strided<[2048, 256, 32, 2]>>, %g: memref<?x8x8x32xf32>, %out: memref<1x1x16x32xf32>) kernel {
    // expected-error@+1 {{needs buffers whose last dimension is contiguous}}
    kernel.implicit_gemm_weights ins(%x, %g : memref<?x8x8x16xf32, strided<[2048, 256, 32, 2]>>, memref<?x8x8x32xf32>) outs(%out : memref<1x1x16x32xf32>)
      {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
       cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @strides(%x: memref<?x8x8x16xf32, strided<[?, 128, 16, 1]>>, %g: memref<?x8x8x32xf32>, %out: memref<1x1x16x32xf32>) kernel {
    // expected-error@+1 {{needs static strides}}
    kernel.implicit_gemm_weights ins(%x, %g : memref<?x8x8x16xf32, strided<[?, 128, 16, 1]>>, memref<?x8x8x32xf32>) outs(%out : memref<1x1x16x32xf32>)
      {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
       cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @parts(%x: memref<?x8x8x16xf32>, %g: memref<?x8x8x32xf32>, %out: memref<2x1x1x16x32xf32, strided<[1024, 512, 512, 32, 1]>>) kernel {
    // expected-error@+1 {{needs parts that follow one another}}
    kernel.implicit_gemm_weights ins(%x, %g : memref<?x8x8x16xf32>, memref<?x8x8x32xf32>) outs(%out : memref<2x1x1x16x32xf32, strided<[1024, 512, 512, 32, 1]>>)
      {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
       cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    gpu.return
  }
}
