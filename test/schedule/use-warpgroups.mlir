// RUN: dlc-opt %s --dlc-use-warpgroups=chip=sm_90a --mlir-print-local-scope | FileCheck %s

// Products go to warpgroups where images fit tensor maps and warpgroups are expected to be no slower.

#cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>

// Filters one after the other; tiles of equal columns, blocks for every multiprocessor.
// CHECK-LABEL: func.func @fits
func.func @fits(%x: tensor<?x56x56x64xf32>, %w: tensor<3x3x64x320xf32>, %b: tensor<320xf32>, %out: tensor<?x28x28x320xf32>) -> tensor<?x28x28x320xf32> {
  // CHECK: %[[W:.*]] = linalg.transpose ins(%arg1 : tensor<3x3x64x320xf32>) outs(%{{.*}} : tensor<320x3x3x64xf32>) permutation = [3, 0, 1, 2]
  // CHECK: kernel.warpgroup_gemm ins(%arg0, %[[W]], %arg2 :
  // CHECK-SAME: outs(%arg3 :
  // CHECK-SAME: cta = #kernel.cta<m = 128, n = 160, k = 32, warps_m = 8, warps_n = 1, stages = 5>
  // CHECK-SAME: math = #kernel.math<wgmma_tf32>
  // CHECK-SAME: most_blocks = 132
  // CHECK-SAME: padding = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 2>
  // CHECK: arith.addf
  %0 = kernel.implicit_gemm ins(%x, %w, %b : tensor<?x56x56x64xf32>, tensor<3x3x64x320xf32>, tensor<320xf32>) outs(%out : tensor<?x28x28x320xf32>)
    attributes {strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32, %bias: f32):
      %1 = arith.addf %acc, %bias : f32
      kernel.yield %1 : f32
    } -> tensor<?x28x28x320xf32>
  return %0 : tensor<?x28x28x320xf32>
}

// Of bf16 filters stay as they are.
// CHECK-LABEL: func.func @bf16
func.func @bf16(%x: tensor<?x28x28x64xbf16>, %w: tensor<1x1x64x256xbf16>, %out: tensor<?x28x28x256xbf16>) -> tensor<?x28x28x256xbf16> {
  // CHECK-NOT: linalg.transpose
  // CHECK: kernel.warpgroup_gemm ins(%arg0, %arg1 :
  // CHECK-SAME: k = 64
  // CHECK-SAME: math = #kernel.math<wgmma_bf16>
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x64xbf16>, tensor<1x1x64x256xbf16>) outs(%out : tensor<?x28x28x256xbf16>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x256xbf16>
  return %0 : tensor<?x28x28x256xbf16>
}

// Parts of K stay parts.
// CHECK-LABEL: func.func @parts
func.func @parts(%x: tensor<?x7x7x2048xbf16>, %w: tensor<1x1x2048x512xbf16>, %out: tensor<4x?x7x7x512xf32>) -> tensor<4x?x7x7x512xf32> {
  // CHECK: kernel.warpgroup_gemm
  // CHECK-SAME: outs(%arg2 : tensor<4x?x7x7x512xf32>)
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x7x7x2048xbf16>, tensor<1x1x2048x512xbf16>) outs(%out : tensor<4x?x7x7x512xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<4x?x7x7x512xf32>
  return %0 : tensor<4x?x7x7x512xf32>
}

//===----------------------------------------------------------------------===//
// What warps multiply
//===----------------------------------------------------------------------===//

// Operands of bf16 lie in memory as float32.
// CHECK-LABEL: func.func @bf16_from_float32
func.func @bf16_from_float32(%x: tensor<?x28x28x64xf32>, %w: tensor<1x1x64x256xf32>, %out: tensor<?x28x28x256xf32>) -> tensor<?x28x28x256xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x64xf32>, tensor<1x1x64x256xf32>) outs(%out : tensor<?x28x28x256xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x256xf32>
  return %0 : tensor<?x28x28x256xf32>
}

// Rows of no whole 16 bytes: channels, filters.
// CHECK-LABEL: func.func @rows
func.func @rows(%x: tensor<?x28x28x63xf32>, %w: tensor<1x1x63x256xf32>, %out: tensor<?x28x28x256xf32>) -> tensor<?x28x28x256xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x63xf32>, tensor<1x1x63x256xf32>) outs(%out : tensor<?x28x28x256xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x256xf32>
  return %0 : tensor<?x28x28x256xf32>
}

// The same of bf16.
// CHECK-LABEL: func.func @bf16_rows
func.func @bf16_rows(%x: tensor<?x28x28x60xbf16>, %w: tensor<1x1x60x256xbf16>, %out: tensor<?x28x28x256xf32>) -> tensor<?x28x28x256xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x60xbf16>, tensor<1x1x60x256xbf16>) outs(%out : tensor<?x28x28x256xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x256xf32>
  return %0 : tensor<?x28x28x256xf32>
}

// And of its filters.
// CHECK-LABEL: func.func @bf16_filters
func.func @bf16_filters(%x: tensor<?x28x28x64xbf16>, %w: tensor<1x1x64x252xbf16>, %out: tensor<?x28x28x252xf32>) -> tensor<?x28x28x252xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x64xbf16>, tensor<1x1x64x252xbf16>) outs(%out : tensor<?x28x28x252xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x252xf32>
  return %0 : tensor<?x28x28x252xf32>
}

// Few pixels: tiles of 128 rows would leave most multiprocessors idle.
// CHECK-LABEL: func.func @few_pixels
func.func @few_pixels(%x: tensor<?x4x4x64xf32>, %w: tensor<1x1x64x256xf32>, %out: tensor<?x4x4x256xf32>) -> tensor<?x4x4x256xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x4x4x64xf32>, tensor<1x1x64x256xf32>) outs(%out : tensor<?x4x4x256xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x4x4x256xf32>
  return %0 : tensor<?x4x4x256xf32>
}

// Few channels: most of a step would be padding.
// CHECK-LABEL: func.func @few_channels
func.func @few_channels(%x: tensor<?x28x28x4xf32>, %w: tensor<3x3x4x64xf32>, %out: tensor<?x28x28x64xf32>) -> tensor<?x28x28x64xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x4xf32>, tensor<3x3x4x64xf32>) outs(%out : tensor<?x28x28x64xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x64xf32>
  return %0 : tensor<?x28x28x64xf32>
}

// What is joined with an odd number of channels may lie anywhere in a row.
// CHECK-LABEL: func.func @joined
func.func @joined(%x: tensor<?x28x28x64xf32>, %y: tensor<?x28x28x63xf32>, %w: tensor<1x1x64x256xf32>, %out: tensor<?x28x28x256xf32>) -> (tensor<?x28x28x256xf32>, tensor<?x28x28x127xf32>) {
  // CHECK: kernel.implicit_gemm
  %c = nn.concat %x, %y {axis = 3} : (tensor<?x28x28x64xf32>, tensor<?x28x28x63xf32>) -> tensor<?x28x28x127xf32>
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x64xf32>, tensor<1x1x64x256xf32>) outs(%out : tensor<?x28x28x256xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x256xf32>
  return %0, %c : tensor<?x28x28x256xf32>, tensor<?x28x28x127xf32>
}

// CHECK-LABEL: func.func @inserted
func.func @inserted(%n: index, %x: tensor<?x28x28x64xbf16>, %all: tensor<?x28x28x124xbf16>, %w: tensor<1x1x64x256xbf16>, %out: tensor<?x28x28x256xbf16>) -> (tensor<?x28x28x256xbf16>, tensor<?x28x28x124xbf16>) {
  // CHECK: kernel.implicit_gemm
  %c = tensor.insert_slice %x into %all[0, 0, 0, 0] [%n, 28, 28, 64] [1, 1, 1, 1] : tensor<?x28x28x64xbf16> into tensor<?x28x28x124xbf16>
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x64xbf16>, tensor<1x1x64x256xbf16>) outs(%out : tensor<?x28x28x256xbf16>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x256xbf16>
  return %0, %c : tensor<?x28x28x256xbf16>, tensor<?x28x28x124xbf16>
}

// CHECK-LABEL: func.func @cut
func.func @cut(%n: index, %all: tensor<?x28x28x128xbf16>, %w: tensor<1x1x64x256xbf16>, %out: tensor<?x28x28x256xbf16>) -> tensor<?x28x28x256xbf16> {
  // CHECK: kernel.implicit_gemm
  %x = tensor.extract_slice %all[0, 0, 0, 4] [%n, 28, 28, 64] [1, 1, 1, 1] : tensor<?x28x28x128xbf16> to tensor<?x28x28x64xbf16>
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x64xbf16>, tensor<1x1x64x256xbf16>) outs(%out : tensor<?x28x28x256xbf16>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x256xbf16>
  return %0 : tensor<?x28x28x256xbf16>
}

// CHECK-LABEL: func.func @sliced
func.func @sliced(%all: tensor<?x28x28x96xf32>, %w: tensor<1x1x64x256xf32>, %out: tensor<?x28x28x256xf32>) -> tensor<?x28x28x256xf32> {
  // CHECK: kernel.implicit_gemm
  %x = nn.slice %all {offsets = array<i64: 0, 0, 0, 30>, sizes = array<i64: -1, 28, 28, 64>} : (tensor<?x28x28x96xf32>) -> tensor<?x28x28x64xf32>
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x64xf32>, tensor<1x1x64x256xf32>) outs(%out : tensor<?x28x28x256xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x256xf32>
  return %0 : tensor<?x28x28x256xf32>
}

//===----------------------------------------------------------------------===//
// Each time
//===----------------------------------------------------------------------===//

// Rows of a flipped kernel are those of the kernel: taps are read in reverse.
// CHECK-LABEL: func.func @flipped
func.func @flipped(%x: tensor<?x32x32x128xf32>, %k: tensor<3x3x64x128xf32>, %out: tensor<?x32x32x64xf32>) -> tensor<?x32x32x64xf32> {
  // CHECK: %[[T:.*]] = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (-d1 + 2, -d2 + 2, d0, d3)>, {{.*}} ins(%arg1 : tensor<3x3x64x128xf32>) outs(%{{.*}} : tensor<64x3x3x128xf32>)
  // CHECK: kernel.warpgroup_gemm ins(%arg0, %[[T]] :
  %w = nn.flip_kernel %k {first = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<3x3x64x128xf32>) -> tensor<3x3x128x64xf32>
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x32x32x128xf32>, tensor<3x3x128x64xf32>) outs(%out : tensor<?x32x32x64xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x32x32x64xf32>
  return %0 : tensor<?x32x32x64xf32>
}

// What a step would transpose for 3136 pixels is not worth it;
// CHECK-LABEL: func.func @gradients
func.func @gradients(%x: tensor<?x7x7x512xf32>, %w: tensor<1x1x512x4096xf32>, %out: tensor<?x7x7x4096xf32>) -> tensor<?x7x7x4096xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x7x7x512xf32>, tensor<1x1x512x4096xf32>) outs(%out : tensor<?x7x7x4096xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x7x7x4096xf32>
  return %0 : tensor<?x7x7x4096xf32>
}

// where it is done once, it is.
// CHECK-LABEL: func.func @forward
func.func @forward(%x: tensor<?x7x7x512xf32>, %w: tensor<1x1x512x4096xf32>, %out: tensor<?x7x7x4096xf32>) -> tensor<?x7x7x4096xf32> {
  // CHECK: kernel.warpgroup_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x7x7x512xf32>, tensor<1x1x512x4096xf32>) outs(%out : tensor<?x7x7x4096xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x7x7x4096xf32>
  return %0 : tensor<?x7x7x4096xf32>
}
