// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message of kernel.implicit_gemm, kernel.implicit_gemm_weights and #kernel.cta.

func.func @small(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+2 {{a block needs m, n, k and warps of at least 1, and 2 stages}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 1>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @large(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+2 {{a block has at most 512 rows and columns, steps of 128 and 16 stages}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 1024, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @warps(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+2 {{a block has at most 32 warps}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 8, warps_n = 8, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @powers(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs an m and an n from 32 on and warps that are powers of 2}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 48, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @steps(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs a k of 16 or 32}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 8, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @simt_steps(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs a k of 8 or 16}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 32, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<simt>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @copies(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs tiles of which all threads copy 4 elements, or one line, at a time}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 4, warps_n = 2, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @elements(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs 16, 32 or 64 elements of its tile for each thread}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 128, n = 128, k = 8, warps_m = 2, warps_n = 2, stages = 3>, math = #kernel.math<simt>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @fragments(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs tiles of 16 x 8 for each warp}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 4, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @ranks(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x64x40xf32>) {
  // expected-error@+1 {{works on images and kernels of rank 4, and parts of images}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x64x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @static(%x: memref<?x?x8x16xf32>, %w: memref<3x3x16x?xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs static extents but for the batch}}
  kernel.implicit_gemm ins(%x, %w : memref<?x?x8x16xf32>, memref<3x3x16x?xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @channels(%x: memref<?x8x8x16xf32>, %w: memref<3x3x8x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs a kernel of [KH, KW, 16, 40], for its images' channels}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x8x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @batch(%x: memref<2x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{keeps its batch}}
  kernel.implicit_gemm ins(%x, %w : memref<2x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @extent(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x7x40xf32>) {
  // expected-error@+1 {{needs an output extent of 8, not 7}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x7x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @epilogue(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs an epilogue that takes the sum and one f32 for each extra}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32, %e: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @epilogue_end(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs an epilogue that ends in kernel.yield}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      llvm.unreachable
    }
  return
}

// -----

func.func @parts(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<4x?x8x8x40xf32>) {
  // expected-error@+1 {{stores sums of parts as they are}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<4x?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      %0 = arith.negf %acc : f32
      kernel.yield %0 : f32
    }
  return
}

// -----

func.func @extra(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %b: memref<16xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs an extra of shape [40], not [16]}}
  kernel.implicit_gemm ins(%x, %w, %b : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>, memref<16xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32, %e: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @destination(%x: tensor<?x8x8x16xf32>, %w: tensor<3x3x16x40xf32>, %out: tensor<?x8x8x40xf32>) {
  // expected-error@+1 {{returns its destination on tensors and nothing on memrefs}}
  kernel.implicit_gemm ins(%x, %w : tensor<?x8x8x16xf32>, tensor<3x3x16x40xf32>) outs(%out : tensor<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @weights_ranks(%x: memref<?x8x8x16xf32>, %g: memref<?x8x8x40xf32>, %out: memref<144x40xf32>) {
  // expected-error@+1 {{works on images and kernels of rank 4, and several of these}}
  kernel.implicit_gemm_weights ins(%x, %g : memref<?x8x8x16xf32>, memref<?x8x8x40xf32>) outs(%out : memref<144x40xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
  return
}

// -----

func.func @weights_static(%x: memref<?x8x8x16xf32>, %g: memref<?x8x8x40xf32>, %out: memref<3x3x16x?xf32>) {
  // expected-error@+1 {{needs static extents but for the batch}}
  kernel.implicit_gemm_weights ins(%x, %g : memref<?x8x8x16xf32>, memref<?x8x8x40xf32>) outs(%out : memref<3x3x16x?xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
  return
}

// -----

func.func @weights_channels(%x: memref<?x8x8x16xf32>, %g: memref<?x8x8x40xf32>, %out: memref<3x3x8x40xf32>) {
  // expected-error@+1 {{needs a kernel of [KH, KW, 16, 40]}}
  kernel.implicit_gemm_weights ins(%x, %g : memref<?x8x8x16xf32>, memref<?x8x8x40xf32>) outs(%out : memref<3x3x8x40xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
  return
}

// -----

func.func @warpgroups(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{is not for warpgroups: kernel.warpgroup_gemm is}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<wgmma_tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @narrow_math(%x: memref<?x8x8x16xbf16>, %w: memref<3x3x16x40xbf16>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{multiplies operands of bfloat16 as bf16}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xbf16>, memref<3x3x16x40xbf16>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @narrow_input(%x: memref<?x8x8x16xbf16>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{needs images and kernels of one element type}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xbf16>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @narrow_parts(%x: memref<?x8x8x16xbf16>, %w: memref<3x3x16x40xbf16>, %out: memref<4x?x8x8x40xbf16>) {
  // expected-error@+1 {{stores sums of parts as float32}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xbf16>, memref<3x3x16x40xbf16>) outs(%out : memref<4x?x8x8x40xbf16>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @narrow_steps(%x: memref<?x8x8x16xbf16>, %w: memref<3x3x16x40xbf16>, %out: memref<?x8x8x40xbf16>) {
  // expected-error@+1 {{needs a k of 16, 32 or 64}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xbf16>, memref<3x3x16x40xbf16>) outs(%out : memref<?x8x8x40xbf16>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 8, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @wide_steps(%x: memref<?x8x8x16xf32>, %w: memref<3x3x16x40xf32>, %out: memref<?x8x8x40xbf16>) {
  // expected-error@+1 {{needs a k of 16 or 32}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x40xf32>) outs(%out : memref<?x8x8x40xbf16>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 64, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @half(%x: memref<?x8x8x16xf16>, %w: memref<3x3x16x40xf16>, %out: memref<?x8x8x40xf32>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of 32-bit float or bfloat16 type values or memref of 32-bit float or bfloat16 type values}}
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf16>, memref<3x3x16x40xf16>) outs(%out : memref<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}

// -----

func.func @weights_math(%x: memref<?x8x8x16xf32>, %g: memref<?x8x8x40xbf16>, %out: memref<3x3x16x40xf32>) {
  // expected-error@+1 {{multiplies operands of bfloat16 as bf16}}
  kernel.implicit_gemm_weights ins(%x, %g : memref<?x8x8x16xf32>, memref<?x8x8x40xbf16>) outs(%out : memref<3x3x16x40xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
  return
}

// -----

func.func @steps(%x: memref<8xf32>) {
  // expected-error @+1 {{holds linalg ops on buffers and memref.alloca, not 'memref.alloc'}}
  kernel.steps {
    %y = memref.alloc() : memref<8xf32>
    linalg.exp ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  }
  return
}
