// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message of kernel.warpgroup_gemm and kernel.tensor_map.

func.func @math(%x: memref<?x8x8x16xf32>, %w: memref<40x3x3x16xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{multiplies as wgmma_tf32 or wgmma_bf16}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<40x3x3x16xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @tile(%x: memref<?x8x8x16xf32>, %w: memref<40x3x3x16xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs a tile of m = 128, k = 32, warps_m = 8, warps_n = 1}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<40x3x3x16xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 4, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @columns(%x: memref<?x8x8x16xf32>, %w: memref<40x3x3x16xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs an n that is a multiple of 8 and at most 256}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<40x3x3x16xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 260, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @ranks(%x: memref<?x8x8x16xf32>, %w: memref<40x3x3x16xf32>, %out: memref<?x64x40xf32>) {
  // expected-error@+1 {{works on images and kernels of rank 4, and parts of images}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<40x3x3x16xf32>) outs(%out : memref<?x64x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @static(%x: memref<?x8x8x16xf32>, %w: memref<?x3x3x16xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs static extents but for the batch}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<?x3x3x16xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @epilogue(%x: memref<?x8x8x16xf32>, %w: memref<40x3x3x16xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs an epilogue that takes the sum and one f32 for each extra}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<40x3x3x16xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32, %e: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @kernel(%x: memref<?x8x8x16xf32>, %w: memref<16x3x3x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs a kernel of [40, KH, KW, 16]}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<16x3x3x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @batch(%x: memref<2x8x8x16xf32>, %w: memref<40x3x3x16xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{keeps its batch}}
  kernel.warpgroup_gemm ins(%x, %w : memref<2x8x8x16xf32>, memref<40x3x3x16xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @extent(%x: memref<?x8x8x16xf32>, %w: memref<40x3x3x16xf32>, %out: memref<?x8x7x40xf32>) {
  // expected-error@+1 {{needs an output extent of 8, not 7}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<40x3x3x16xf32>) outs(%out : memref<?x8x7x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @channels(%x: memref<?x8x8x6xf32>, %w: memref<40x3x3x6xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs channels of whole 16 bytes}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x6xf32>, memref<40x3x3x6xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @strides(%x: memref<?x81x8x16xf32>, %w: memref<40x3x3x16xf32>, %out: memref<?x9x8x40xf32>) {
  // expected-error@+1 {{needs strides of at most 8}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x81x8x16xf32>, memref<40x3x3x16xf32>) outs(%out : memref<?x9x8x40xf32>)
    attributes {strides = array<i64: 9, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @edges(%x: memref<?x8x8x16xf32>, %w: memref<40x1x1x16xf32>, %out: memref<?x137x8x40xf32>) {
  // expected-error@+1 {{needs windows that pass the edges by at most 127 pixels}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<40x1x1x16xf32>) outs(%out : memref<?x137x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 129, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @extents(%x: memref<?x8x8x16xf32>) -> !llvm.ptr {
  // expected-error@+1 {{needs at most 5 extents, a stride for each outer one and a box for all}}
  %0 = kernel.tensor_map %x {extents = array<i64: 16, 8>, strides = array<i64: 16, 128>, box = array<i64: 16, 1>} : memref<?x8x8x16xf32> -> !llvm.ptr
  return %0 : !llvm.ptr
}

// -----

func.func @box_rows(%x: memref<?x8x8x16xf32>) -> !llvm.ptr {
  // expected-error@+1 {{needs a box whose rows have at most 128 bytes, in whole 16}}
  %0 = kernel.tensor_map %x {extents = array<i64: 16, 64>, strides = array<i64: 16>, box = array<i64: 64, 1>} : memref<?x8x8x16xf32> -> !llvm.ptr
  return %0 : !llvm.ptr
}

// -----

func.func @box(%x: memref<?x8x8x16xf32>) -> !llvm.ptr {
  // expected-error@+1 {{needs a box of at most 256 along each dimension}}
  %0 = kernel.tensor_map %x {extents = array<i64: 16, 64>, strides = array<i64: 16>, box = array<i64: 16, 257>} : memref<?x8x8x16xf32> -> !llvm.ptr
  return %0 : !llvm.ptr
}

// -----

func.func @rows(%x: memref<?x8x8x16xf32>) -> !llvm.ptr {
  // expected-error@+1 {{needs strides of whole 16 bytes}}
  %0 = kernel.tensor_map %x {extents = array<i64: 16, 64>, strides = array<i64: 18>, box = array<i64: 16, 1>} : memref<?x8x8x16xf32> -> !llvm.ptr
  return %0 : !llvm.ptr
}

// -----

func.func @windows(%x: memref<?x8x8x16xf32>) -> !llvm.ptr {
  // expected-error@+1 {{needs 4 extents, 2 steps and 2 corners for a map of windows}}
  %0 = kernel.tensor_map %x {extents = array<i64: 16, 64>, strides = array<i64: 16>, box = array<i64: 16, 64>, steps = array<i64: 1, 1>, lower = array<i64: 0, 0>} : memref<?x8x8x16xf32> -> !llvm.ptr
  return %0 : !llvm.ptr
}

// -----

func.func @corners(%x: memref<?x8x8x16xf32>) -> !llvm.ptr {
  // expected-error@+1 {{needs corners from -128 to 127}}
  %0 = kernel.tensor_map %x {extents = array<i64: 16, 8, 8, 1>, strides = array<i64: 16, 128, 1024>, box = array<i64: 16, 64>, steps = array<i64: 1, 1>, lower = array<i64: -129, 0>, upper = array<i64: 0, 0>} : memref<?x8x8x16xf32> -> !llvm.ptr
  return %0 : !llvm.ptr
}

// -----

func.func @steps(%x: memref<?x8x8x16xf32>) -> !llvm.ptr {
  // expected-error@+1 {{needs steps from 1 to 8}}
  %0 = kernel.tensor_map %x {extents = array<i64: 16, 8, 8, 1>, strides = array<i64: 16, 128, 1024>, box = array<i64: 16, 64>, steps = array<i64: 1, 9>, lower = array<i64: 0, 0>, upper = array<i64: 0, 0>} : memref<?x8x8x16xf32> -> !llvm.ptr
  return %0 : !llvm.ptr
}

// -----

func.func @bf16_elements(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs images and kernels of bf16}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 64, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_bf16>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @tf32_elements(%x: memref<?x8x8x16xbf16>, %w: memref<40x3x3x16xbf16>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs images and kernels of f32}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xbf16>, memref<40x3x3x16xbf16>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_tf32>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @bf16_tile(%x: memref<?x8x8x16xbf16>, %w: memref<3x3x16x40xbf16>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs a tile of m = 128, k = 64, warps_m = 8, warps_n = 1}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xbf16>, memref<3x3x16x40xbf16>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_bf16>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @bf16_kernel(%x: memref<?x8x8x16xbf16>, %w: memref<40x3x3x16xbf16>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs a kernel of [KH, KW, 16, 40]}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xbf16>, memref<40x3x3x16xbf16>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 64, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_bf16>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @bf16_filters(%x: memref<?x8x8x16xbf16>, %w: memref<3x3x16x36xbf16>, %out: memref<?x8x8x36xf32>) {
  // expected-error@+1 {{needs filters of whole 16 bytes}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xbf16>, memref<3x3x16x36xbf16>) outs(%out : memref<?x8x8x36xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 64, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_bf16>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @bf16_channels(%x: memref<?x8x8x12xbf16>, %w: memref<3x3x12x40xbf16>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs channels of whole 16 bytes}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x12xbf16>, memref<3x3x12x40xbf16>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 64, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_bf16>, most_blocks = 132}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @blocks(%x: memref<?x8x8x16xbf16>, %w: memref<3x3x16x40xbf16>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs at least one block}}
  kernel.warpgroup_gemm ins(%x, %w : memref<?x8x8x16xbf16>, memref<3x3x16x40xbf16>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 64, k = 64, warps_m = 8, warps_n = 1, stages = 4>, math = #kernel.math<wgmma_bf16>, most_blocks = 0}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}
