// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-schedule-gpu{chip=sm_80 precision=tf32}))' | FileCheck %s
// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-schedule-gpu{chip=sm_80 precision=fp32}))' | FileCheck %s --check-prefix=FP32
// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-schedule-gpu{chip=sm_90a precision=bf16}))' | FileCheck %s --check-prefix=BF16
// RUN: not dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-schedule-gpu{chip=sm_1}))' 2>&1 | FileCheck %s --check-prefix=CHIP

// CHIP: no facts are known of the GPU 'sm_1'

// Bias, residual and activation are the epilogue. 16 images of 56 x 56: large tiles fill the chip.
// CHECK-LABEL: func.func @conv
// CHECK:       %[[OUT:.*]] = tensor.empty(%arg0) : tensor<?x56x56x256xf32>
// CHECK:       kernel.implicit_gemm ins(%arg1, %arg2, %arg3, %arg4 :
// CHECK-SAME:  outs(%[[OUT]] : tensor<?x56x56x256xf32>)
// CHECK-SAME:  cta = #kernel.cta<m = 128, n = 256, k = 32, warps_m = 2, warps_n = 4, stages = 3>
// CHECK-SAME:  math = #kernel.math<tf32>, padding = array<i64: 1, 1, 1, 1>
// CHECK-SAME:  epilogue {
// CHECK-NEXT:  ^bb0(%[[SUM:.*]]: f32, %[[BIAS:.*]]: f32, %[[RESIDUAL:.*]]: f32):
// CHECK-NEXT:    %[[BIASED:.*]] = arith.addf %[[SUM]], %[[BIAS]]
// CHECK-NEXT:    %[[ADDED:.*]] = arith.addf %[[BIASED]], %[[RESIDUAL]]
// CHECK:         %[[RELU:.*]] = arith.maximumf %[[ADDED]]
// CHECK:         kernel.yield %[[RELU]]
// CHECK-NOT:   nn.
// FP32-LABEL:  func.func @conv
// FP32:        cta = #kernel.cta<m = 128, n = 128, k = 8, warps_m = 4, warps_n = 2, stages = 4>{{.*}}math = #kernel.math<simt>
// BF16-LABEL:  func.func @conv
// BF16:        math = #kernel.math<bf16>
func.func @conv(%batch: index {nn.batch}, %x: tensor<?x56x56x64xf32>, %w: tensor<3x3x64x256xf32>, %b: tensor<256xf32>, %r: tensor<?x56x56x256xf32>) -> tensor<?x56x56x256xf32> {
  %0 = nn.group %x, %w, %b, %r : (tensor<?x56x56x64xf32>, tensor<3x3x64x256xf32>, tensor<256xf32>, tensor<?x56x56x256xf32>) -> tensor<?x56x56x256xf32> {
  ^bb0(%xi: tensor<?x56x56x64xf32>, %wi: tensor<3x3x64x256xf32>, %bi: tensor<256xf32>, %ri: tensor<?x56x56x256xf32>):
    %1 = nn.conv2d %xi, %wi, %bi {dilations = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x56x56x64xf32>, tensor<3x3x64x256xf32>, tensor<256xf32>) -> tensor<?x56x56x256xf32>
    %2 = nn.add %1, %ri : tensor<?x56x56x256xf32>
    %3 = nn.relu %2 : tensor<?x56x56x256xf32>
    nn.yield %3 : tensor<?x56x56x256xf32>
  }
  return %0 : tensor<?x56x56x256xf32>
}

// One image of 7 x 7: eight parts of K fill the chip. One op adds them up in order, then the bias.
// CHECK-LABEL: func.func @few_pixels
// CHECK:       %[[PARTS:.*]] = kernel.implicit_gemm ins(%arg0, %arg1 : tensor<1x7x7x512xf32>, tensor<3x3x512x512xf32>) outs(%{{.*}} : tensor<[[S:[0-9]+]]x1x7x7x512xf32>)
// CHECK-NEXT:  ^bb0(%[[SUM:.*]]: f32):
// CHECK-NEXT:    kernel.yield %[[SUM]]
// CHECK:       linalg.generic
// CHECK-SAME:  ins(%[[PARTS]], %[[PARTS]], {{.*}}, %arg2 :
// CHECK-NEXT:  ^bb0(%[[P0:[^,]*]]: f32, %[[P1:[^,]*]]: f32, %[[P2:[^,]*]]: f32,
// CHECK-NEXT:    %[[S1:.*]] = arith.addf %[[P0]], %[[P1]]
// CHECK-NEXT:    arith.addf %[[S1]], %[[P2]]
// CHECK:         arith.maximumf
// CHECK:         linalg.yield
func.func @few_pixels(%x: tensor<1x7x7x512xf32>, %w: tensor<3x3x512x512xf32>, %b: tensor<512xf32>) -> tensor<1x7x7x512xf32> {
  %0 = nn.group %x, %w, %b : (tensor<1x7x7x512xf32>, tensor<3x3x512x512xf32>, tensor<512xf32>) -> tensor<1x7x7x512xf32> {
  ^bb0(%xi: tensor<1x7x7x512xf32>, %wi: tensor<3x3x512x512xf32>, %bi: tensor<512xf32>):
    %1 = nn.conv2d %xi, %wi, %bi {dilations = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x7x7x512xf32>, tensor<3x3x512x512xf32>, tensor<512xf32>) -> tensor<1x7x7x512xf32>
    %2 = nn.relu %1 : tensor<1x7x7x512xf32>
    nn.yield %2 : tensor<1x7x7x512xf32>
  }
  return %0 : tensor<1x7x7x512xf32>
}

// Rows of a dense layer are images of one pixel.
// CHECK-LABEL: func.func @dense
// CHECK:       nn.reshape %arg1 : (tensor<?x84xf32>) -> tensor<?x1x1x84xf32>
// CHECK:       nn.reshape %arg2 : (tensor<84x10xf32>) -> tensor<1x1x84x10xf32>
// CHECK:       kernel.implicit_gemm
// CHECK-SAME:  outs(%{{.*}} : tensor<?x1x1x10xf32>)
// CHECK:       nn.reshape %{{.*}} : (tensor<?x1x1x10xf32>) -> tensor<?x10xf32>
func.func @dense(%batch: index {nn.batch}, %x: tensor<?x84xf32>, %w: tensor<84x10xf32>) -> tensor<?x10xf32> {
  %0 = nn.group %x, %w : (tensor<?x84xf32>, tensor<84x10xf32>) -> tensor<?x10xf32> {
  ^bb0(%xi: tensor<?x84xf32>, %wi: tensor<84x10xf32>):
    %1 = nn.dense %xi, %wi : (tensor<?x84xf32>, tensor<84x10xf32>) -> tensor<?x10xf32>
    nn.yield %1 : tensor<?x10xf32>
  }
  return %0 : tensor<?x10xf32>
}

// Gradients of kernels: few elements, many pixels, so parts of the pixels.
// CHECK-LABEL: func.func @weights
// CHECK:       %[[PARTS:.*]] = kernel.implicit_gemm_weights ins(%arg1, %arg2 :
// CHECK-SAME:  outs(%{{.*}} : tensor<16x3x3x16x16xf32>)
// CHECK:       linalg.generic
// CHECK-SAME:  ins(%[[PARTS]], %[[PARTS]],
// CHECK:       kernel.implicit_gemm_weights ins(%{{.*}}, %{{.*}} : tensor<?x1x1x84xf32>, tensor<?x1x1x10xf32>)
// CHECK:       nn.reshape %{{.*}} : (tensor<1x1x84x10xf32>) -> tensor<84x10xf32>
func.func @weights(%batch: index {nn.batch}, %x: tensor<?x32x32x16xf32>, %g: tensor<?x32x32x16xf32>, %a: tensor<?x84xf32>, %h: tensor<?x10xf32>) -> (tensor<3x3x16x16xf32>, tensor<84x10xf32>) {
  %0 = nn.conv2d_backward_kernel %x, %g {dilations = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x32x32x16xf32>, tensor<?x32x32x16xf32>) -> tensor<3x3x16x16xf32>
  %1 = nn.dense_backward_kernel %a, %h : (tensor<?x84xf32>, tensor<?x10xf32>) -> tensor<84x10xf32>
  return %0, %1 : tensor<3x3x16x16xf32>, tensor<84x10xf32>
}

// Groups of channels have no kernel.
// CHECK-LABEL: func.func @groups
// CHECK:       nn.group
// CHECK:       nn.conv2d_backward_kernel
func.func @groups(%batch: index {nn.batch}, %x: tensor<?x8x8x16xf32>, %w: tensor<1x1x8x16xf32>) -> (tensor<?x8x8x16xf32>, tensor<1x1x8x16xf32>) {
  %0 = nn.group %x, %w : (tensor<?x8x8x16xf32>, tensor<1x1x8x16xf32>) -> tensor<?x8x8x16xf32> {
  ^bb0(%xi: tensor<?x8x8x16xf32>, %wi: tensor<1x1x8x16xf32>):
    %1 = nn.conv2d %xi, %wi {dilations = array<i64: 1, 1>, groups = 2 : i64, padding = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x8x8x16xf32>, tensor<1x1x8x16xf32>) -> tensor<?x8x8x16xf32>
    nn.yield %1 : tensor<?x8x8x16xf32>
  }
  %2 = nn.conv2d_backward_kernel %x, %0 {dilations = array<i64: 1, 1>, groups = 2 : i64, padding = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x8x8x16xf32>, tensor<?x8x8x16xf32>) -> tensor<1x1x8x16xf32>
  return %0, %2 : tensor<?x8x8x16xf32>, tensor<1x1x8x16xf32>
}
