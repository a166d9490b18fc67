// RUN: dlc-opt %s --dlc-use-warpgroups | FileCheck %s

// Products of tf32 go to warpgroups where images fit tensor maps and little of a tile is padding.

#cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>

// Filters one after the other; tiles of 112 columns, of which three hold 320.
// CHECK-LABEL: func.func @fits
func.func @fits(%x: tensor<?x8x8x64xf32>, %w: tensor<3x3x64x320xf32>, %b: tensor<320xf32>, %out: tensor<?x4x4x320xf32>) -> tensor<?x4x4x320xf32> {
  // CHECK: %[[W:.*]] = linalg.transpose ins(%arg1 : tensor<3x3x64x320xf32>) outs(%{{.*}} : tensor<320x3x3x64xf32>) permutation = [3, 0, 1, 2]
  // CHECK: kernel.warpgroup_gemm ins(%arg0, %[[W]], %arg2 :
  // CHECK-SAME: outs(%arg3 :
  // CHECK-SAME: cta = #kernel.cta<m = 128, n = 112, k = 32, warps_m = 8, warps_n = 1, stages = 4>
  // CHECK-SAME: math = #kernel.math<wgmma_tf32>
  // CHECK-SAME: padding = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 2>
  // CHECK: arith.addf
  %0 = kernel.implicit_gemm ins(%x, %w, %b : tensor<?x8x8x64xf32>, tensor<3x3x64x320xf32>, tensor<320xf32>) outs(%out : tensor<?x4x4x320xf32>)
    attributes {strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32, %bias: f32):
      %1 = arith.addf %acc, %bias : f32
      kernel.yield %1 : f32
    } -> tensor<?x4x4x320xf32>
  return %0 : tensor<?x4x4x320xf32>
}

// Wide tiles over large images.
// CHECK-LABEL: func.func @wide
func.func @wide(%x: tensor<?x28x28x64xf32>, %w: tensor<1x1x64x256xf32>, %out: tensor<?x28x28x256xf32>) -> tensor<?x28x28x256xf32> {
  // CHECK: kernel.warpgroup_gemm
  // CHECK-SAME: n = 256
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x28x28x64xf32>, tensor<1x1x64x256xf32>) outs(%out : tensor<?x28x28x256xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x28x28x256xf32>
  return %0 : tensor<?x28x28x256xf32>
}

// Bf16, few channels, rows of no whole 16 bytes, few filters.

// CHECK-LABEL: func.func @bf16
func.func @bf16(%x: tensor<?x8x8x64xf32>, %w: tensor<1x1x64x64xf32>, %out: tensor<?x8x8x64xf32>) -> tensor<?x8x8x64xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x8x8x64xf32>, tensor<1x1x64x64xf32>) outs(%out : tensor<?x8x8x64xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x8x8x64xf32>
  return %0 : tensor<?x8x8x64xf32>
}

// CHECK-LABEL: func.func @few_channels
func.func @few_channels(%x: tensor<?x8x8x16xf32>, %w: tensor<1x1x16x64xf32>, %out: tensor<?x8x8x64xf32>) -> tensor<?x8x8x64xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x8x8x16xf32>, tensor<1x1x16x64xf32>) outs(%out : tensor<?x8x8x64xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x8x8x64xf32>
  return %0 : tensor<?x8x8x64xf32>
}

// CHECK-LABEL: func.func @rows
func.func @rows(%x: tensor<?x8x8x63xf32>, %w: tensor<1x1x63x64xf32>, %out: tensor<?x8x8x64xf32>) -> tensor<?x8x8x64xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x8x8x63xf32>, tensor<1x1x63x64xf32>) outs(%out : tensor<?x8x8x64xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x8x8x64xf32>
  return %0 : tensor<?x8x8x64xf32>
}

// CHECK-LABEL: func.func @few_filters
func.func @few_filters(%x: tensor<?x8x8x64xf32>, %w: tensor<1x1x64x16xf32>, %out: tensor<?x8x8x16xf32>) -> tensor<?x8x8x16xf32> {
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x8x8x64xf32>, tensor<1x1x64x16xf32>) outs(%out : tensor<?x8x8x16xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x8x8x16xf32>
  return %0 : tensor<?x8x8x16xf32>
}

// What is joined with an odd number of channels may lie anywhere in a row.
// CHECK-LABEL: func.func @joined
func.func @joined(%a: tensor<?x8x8x64xf32>, %b: tensor<?x8x8x3xf32>, %w: tensor<1x1x64x64xf32>, %out: tensor<?x8x8x64xf32>) -> (tensor<?x8x8x64xf32>, tensor<?x8x8x67xf32>) {
  %both = nn.concat %b, %a {axis = 3} : (tensor<?x8x8x3xf32>, tensor<?x8x8x64xf32>) -> tensor<?x8x8x67xf32>
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%a, %w : tensor<?x8x8x64xf32>, tensor<1x1x64x64xf32>) outs(%out : tensor<?x8x8x64xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x8x8x64xf32>
  return %0, %both : tensor<?x8x8x64xf32>, tensor<?x8x8x67xf32>
}

// CHECK-LABEL: func.func @cut
func.func @cut(%a: tensor<?x8x8x96xf32>, %w: tensor<1x1x64x64xf32>, %out: tensor<?x8x8x64xf32>) -> tensor<?x8x8x64xf32> {
  %x = nn.slice %a {offsets = array<i64: 0, 0, 0, 30>, sizes = array<i64: -1, 8, 8, 64>} : (tensor<?x8x8x96xf32>) -> tensor<?x8x8x64xf32>
  // CHECK: kernel.implicit_gemm
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x8x8x64xf32>, tensor<1x1x64x64xf32>) outs(%out : tensor<?x8x8x64xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, cta = #cta, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x8x8x64xf32>
  return %0 : tensor<?x8x8x64xf32>
}
