// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --mlir-print-op-generic | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --one-shot-bufferize="bufferize-function-boundaries=1" | FileCheck %s --check-prefix=BUFFERS

// Matrix products of GPUs on tensors: with bias and residual, in parts, and of gradients.

// CHECK-LABEL: func.func @gemm
// BUFFERS-LABEL: func.func @gemm
func.func @gemm(%x: tensor<?x8x8x16xf32>, %w: tensor<3x3x16x40xf32>, %b: tensor<40xf32>, %r: tensor<?x8x8x40xf32>,
                %out: tensor<?x8x8x40xf32>) -> tensor<?x8x8x40xf32> {
  // CHECK:      kernel.implicit_gemm ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x8x8x16xf32>, tensor<3x3x16x40xf32>, tensor<40xf32>, tensor<?x8x8x40xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x8x8x40xf32>)
  // CHECK-SAME: cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>
  // CHECK-SAME: math = #kernel.math<tf32>
  // CHECK-SAME: epilogue {
  // BUFFERS-NOT: memref.alloc
  // BUFFERS:     kernel.implicit_gemm
  // BUFFERS-SAME: outs(%arg4 :
  %0 = kernel.implicit_gemm ins(%x, %w, %b, %r : tensor<?x8x8x16xf32>, tensor<3x3x16x40xf32>, tensor<40xf32>, tensor<?x8x8x40xf32>) outs(%out : tensor<?x8x8x40xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%acc: f32, %bias: f32, %residual: f32):
      %1 = arith.addf %acc, %bias : f32
      %2 = arith.addf %1, %residual : f32
      kernel.yield %2 : f32
    } -> tensor<?x8x8x40xf32>
  return %0 : tensor<?x8x8x40xf32>
}

// CHECK-LABEL: func.func @parts
func.func @parts(%x: tensor<?x1x1x500xf32>, %w: tensor<1x1x500x10xf32>, %out: tensor<4x?x1x1x10xf32>) -> tensor<4x?x1x1x10xf32> {
  // CHECK: kernel.implicit_gemm
  // CHECK-SAME: outs(%{{.*}} : tensor<4x?x1x1x10xf32>)
  %0 = kernel.implicit_gemm ins(%x, %w : tensor<?x1x1x500xf32>, tensor<1x1x500x10xf32>) outs(%out : tensor<4x?x1x1x10xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 32, n = 32, k = 8, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<simt>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<4x?x1x1x10xf32>
  return %0 : tensor<4x?x1x1x10xf32>
}

// CHECK-LABEL: func.func @weights
// BUFFERS-LABEL: func.func @weights
func.func @weights(%x: tensor<?x8x8x16xf32>, %g: tensor<?x8x8x40xf32>, %out: tensor<2x3x3x16x40xf32>) -> tensor<2x3x3x16x40xf32> {
  // CHECK:      kernel.implicit_gemm_weights ins(%{{.*}}, %{{.*}} : tensor<?x8x8x16xf32>, tensor<?x8x8x40xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<2x3x3x16x40xf32>)
  // BUFFERS-NOT: memref.alloc
  // BUFFERS:     kernel.implicit_gemm_weights
  // BUFFERS-SAME: outs(%arg2 :
  %0 = kernel.implicit_gemm_weights ins(%x, %g : tensor<?x8x8x16xf32>, tensor<?x8x8x40xf32>) outs(%out : tensor<2x3x3x16x40xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
     cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>} -> tensor<2x3x3x16x40xf32>
  return %0 : tensor<2x3x3x16x40xf32>
}

// Operands and results of bfloat16, bias of float32; an input of float32 beside a gradient of bfloat16.

// CHECK-LABEL: func.func @narrow
// BUFFERS-LABEL: func.func @narrow
func.func @narrow(%x: tensor<?x8x8x16xbf16>, %w: tensor<3x3x16x40xbf16>, %b: tensor<40xf32>, %r: tensor<?x8x8x40xbf16>,
                  %out: tensor<?x8x8x40xbf16>) -> tensor<?x8x8x40xbf16> {
  // CHECK: kernel.implicit_gemm
  // CHECK-SAME: outs(%{{.*}} : tensor<?x8x8x40xbf16>)
  // BUFFERS-NOT: memref.alloc
  // BUFFERS:     kernel.implicit_gemm
  // BUFFERS-SAME: outs(%arg4 : memref<?x8x8x40xbf16
  %0 = kernel.implicit_gemm ins(%x, %w, %b, %r : tensor<?x8x8x16xbf16>, tensor<3x3x16x40xbf16>, tensor<40xf32>, tensor<?x8x8x40xbf16>) outs(%out : tensor<?x8x8x40xbf16>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 64, n = 32, k = 64, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32, %bias: f32, %residual: f32):
      %1 = arith.addf %acc, %bias : f32
      %2 = arith.addf %1, %residual : f32
      kernel.yield %2 : f32
    } -> tensor<?x8x8x40xbf16>
  return %0 : tensor<?x8x8x40xbf16>
}

// CHECK-LABEL: func.func @narrow_weights
func.func @narrow_weights(%x: tensor<?x8x8x16xf32>, %g: tensor<?x8x8x40xbf16>, %out: tensor<2x3x3x16x40xf32>) -> tensor<2x3x3x16x40xf32> {
  // CHECK: kernel.implicit_gemm_weights ins(%{{.*}}, %{{.*}} : tensor<?x8x8x16xf32>, tensor<?x8x8x40xbf16>)
  %0 = kernel.implicit_gemm_weights ins(%x, %g : tensor<?x8x8x16xf32>, tensor<?x8x8x40xbf16>) outs(%out : tensor<2x3x3x16x40xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
     cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>} -> tensor<2x3x3x16x40xf32>
  return %0 : tensor<2x3x3x16x40xf32>
}
