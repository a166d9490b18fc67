// RUN: dlc-opt %s --dlc-narrow-floats --canonicalize --cse -split-input-file | FileCheck %s

// Between products: a residual block with its pooling. The first product reads an input of the library, so it
// keeps float32, kernel too; what it writes is bfloat16, as is all up to the output.
#id = affine_map<(n, h, w, c) -> (n, h, w, c)>
#window = affine_map<(n, h, w, c, i, j) -> (n, h * 2 + i, w * 2 + j, c)>
#taps = affine_map<(n, h, w, c, i, j) -> (i, j)>
#pixel = affine_map<(n, h, w, c, i, j) -> (n, h, w, c)>
#sum = affine_map<(n, c, h, w) -> (n, h, w, c)>
#mean = affine_map<(n, c, h, w) -> (n, c)>

// CHECK-LABEL: func.func @activations
// CHECK-SAME:    %[[X:[a-z0-9]*]]: tensor<?x8x8x6xf32> {nn.input = "x"}, %[[W:[^:]*]]: tensor<1x1x6x32xf32>, %[[V:[^:]*]]: tensor<1x1x32x32xf32>, %[[B:[^:]*]]: tensor<32xf32>
func.func @activations(%batch: index {nn.batch}, %x: tensor<?x8x8x6xf32> {nn.input = "x"}, %w: tensor<1x1x6x32xf32>,
                       %v: tensor<1x1x32x32xf32>, %b: tensor<32xf32>) -> (tensor<?x32xf32>, tensor<?x4x4x32xf32>) {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %shape = arith.constant dense<0.0> : tensor<2x2xf32>
  %e = tensor.empty(%batch) : tensor<?x8x8x32xf32>
  // CHECK: %[[Y:.*]] = kernel.implicit_gemm ins(%[[X]], %[[W]] : tensor<?x8x8x6xf32>, tensor<1x1x6x32xf32>) outs(%{{.*}} : tensor<?x8x8x32xbf16>)
  %y = kernel.implicit_gemm ins(%x, %w : tensor<?x8x8x6xf32>, tensor<1x1x6x32xf32>) outs(%e : tensor<?x8x8x32xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x8x8x32xf32>
  // The largest of a window is compared as it lies.
  // CHECK: linalg.fill ins(%{{.*}} : bf16) outs(%{{.*}} : tensor<?x4x4x32xbf16>)
  // CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%[[Y]], %{{.*}} : tensor<?x8x8x32xbf16>, tensor<2x2xf32>) outs(%{{.*}} : tensor<?x4x4x32xbf16>) {
  // CHECK: arith.maximumf %{{.*}}, %{{.*}} : bf16
  %ep = tensor.empty(%batch) : tensor<?x4x4x32xf32>
  %lowest = linalg.fill ins(%low : f32) outs(%ep : tensor<?x4x4x32xf32>) -> tensor<?x4x4x32xf32>
  %p = linalg.generic {indexing_maps = [#window, #taps, #pixel], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%y, %shape : tensor<?x8x8x32xf32>, tensor<2x2xf32>) outs(%lowest : tensor<?x4x4x32xf32>) {
  ^bb0(%in: f32, %s: f32, %out: f32):
    %m = arith.maximumf %in, %out : f32
    linalg.yield %m : f32
  } -> tensor<?x4x4x32xf32>
  // CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[P]] : tensor<?x4x4x32xbf16>) outs(%{{.*}} : tensor<?x4x4x32xbf16>) {
  // CHECK-NEXT: ^bb0(%[[IN:.*]]: bf16, %{{.*}}: bf16):
  // CHECK-NEXT:   %[[WIDE:.*]] = arith.extf %[[IN]] : bf16 to f32
  // CHECK-NEXT:   %[[EXP:.*]] = math.exp %[[WIDE]] : f32
  // CHECK-NEXT:   %[[NARROW:.*]] = arith.truncf %[[EXP]] : f32 to bf16
  // CHECK-NEXT:   linalg.yield %[[NARROW]] : bf16
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%p : tensor<?x4x4x32xf32>) outs(%ep : tensor<?x4x4x32xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = math.exp %in : f32
    linalg.yield %m : f32
  } -> tensor<?x4x4x32xf32>
  // The kernel is rounded beside its first reader.
  // CHECK: %[[K:.*]] = linalg.generic {{.*}} ins(%[[V]] : tensor<1x1x32x32xf32>) outs(%{{.*}} : tensor<1x1x32x32xbf16>) {
  // CHECK: arith.truncf
  // CHECK: %[[Q:.*]] = kernel.implicit_gemm ins(%[[R]], %[[K]], %[[B]], %[[P]] : tensor<?x4x4x32xbf16>, tensor<1x1x32x32xbf16>, tensor<32xf32>, tensor<?x4x4x32xbf16>) outs(%{{.*}} : tensor<?x4x4x32xbf16>)
  %q = kernel.implicit_gemm ins(%r, %v, %b, %p : tensor<?x4x4x32xf32>, tensor<1x1x32x32xf32>, tensor<32xf32>, tensor<?x4x4x32xf32>) outs(%ep : tensor<?x4x4x32xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 64, n = 32, k = 16, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32, %bias: f32, %more: f32):
      %0 = arith.addf %acc, %bias : f32
      %1 = arith.addf %0, %more : f32
      kernel.yield %1 : f32
    } -> tensor<?x4x4x32xf32>
  // Sums are float32, and so are outputs.
  // CHECK: linalg.generic {{.*}} ins(%[[Q]] : tensor<?x4x4x32xbf16>) outs(%{{.*}} : tensor<?x32xf32>)
  %em = tensor.empty(%batch) : tensor<?x32xf32>
  %none = linalg.fill ins(%zero : f32) outs(%em : tensor<?x32xf32>) -> tensor<?x32xf32>
  %mean = linalg.generic {indexing_maps = [#sum, #mean], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%q : tensor<?x4x4x32xf32>) outs(%none : tensor<?x32xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x32xf32>
  // CHECK: %[[Z:.*]] = linalg.generic {{.*}} ins(%[[Q]] : tensor<?x4x4x32xbf16>) outs(%{{.*}} : tensor<?x4x4x32xf32>)
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%q : tensor<?x4x4x32xf32>) outs(%ep : tensor<?x4x4x32xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = math.exp %in : f32
    linalg.yield %m : f32
  } -> tensor<?x4x4x32xf32>
  return %mean, %z : tensor<?x32xf32>, tensor<?x4x4x32xf32>
}

// -----

// A softmax's makings stay float32: what is added up along rows, and the product that only such sums read.
// The gradient of what goes in is a product's factor; the transposed kernel beside it is rounded where it is
// made. Gradients of kernels are float32.
#rows = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>

// CHECK-LABEL: func.func @loss
func.func @loss(%batch: index {nn.batch}, %x: tensor<?x1x1x16xf32>, %w: tensor<16x10xf32>) -> (tensor<?xf32>, tensor<1x1x16x10xf32>, tensor<?x1x1x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%batch) : tensor<?x1x1x10xf32>
  %w4 = tensor.expand_shape %w [[0, 1, 2], [3]] output_shape [1, 1, 16, 10] : tensor<16x10xf32> into tensor<1x1x16x10xf32>
  // CHECK: kernel.implicit_gemm {{.*}} outs(%{{.*}} : tensor<?x1x1x10xf32>)
  %y = kernel.implicit_gemm ins(%x, %w4 : tensor<?x1x1x16xf32>, tensor<1x1x16x10xf32>) outs(%e : tensor<?x1x1x10xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 1, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x1x1x10xf32>
  %flat = tensor.collapse_shape %y [[0], [1, 2, 3]] : tensor<?x1x1x10xf32> into tensor<?x10xf32>
  // CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?x10xf32>)
  %er = tensor.empty(%batch) : tensor<?x10xf32>
  %exp = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]} ins(%flat : tensor<?x10xf32>) outs(%er : tensor<?x10xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.exp %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x10xf32>
  %es = tensor.empty(%batch) : tensor<?xf32>
  %none = linalg.fill ins(%zero : f32) outs(%es : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#rows, #row], iterator_types = ["parallel", "reduction"]} ins(%exp : tensor<?x10xf32>) outs(%none : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  // CHECK: %[[G:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x10xf32>, tensor<?xf32>) outs(%{{.*}} : tensor<?x10xbf16>)
  %g = linalg.generic {indexing_maps = [#rows, #row, #rows], iterator_types = ["parallel", "parallel"]} ins(%exp, %sum : tensor<?x10xf32>, tensor<?xf32>) outs(%er : tensor<?x10xf32>) {
  ^bb0(%in: f32, %s: f32, %out: f32):
    %0 = arith.divf %in, %s : f32
    linalg.yield %0 : f32
  } -> tensor<?x10xf32>
  // CHECK: %[[G4:.*]] = tensor.expand_shape %[[G]] {{.*}} into tensor<?x1x1x10xbf16>
  %g4 = tensor.expand_shape %g [[0], [1, 2, 3]] output_shape [%batch, 1, 1, 10] : tensor<?x10xf32> into tensor<?x1x1x10xf32>
  %ew = tensor.empty() : tensor<1x1x16x10xf32>
  // CHECK: kernel.implicit_gemm_weights ins(%{{.*}}, %[[G4]] : tensor<?x1x1x16xf32>, tensor<?x1x1x10xbf16>) outs(%{{.*}} : tensor<1x1x16x10xf32>)
  %dw = kernel.implicit_gemm_weights ins(%x, %g4 : tensor<?x1x1x16xf32>, tensor<?x1x1x10xf32>) outs(%ew : tensor<1x1x16x10xf32>)
    {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
     cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 1, warps_n = 1, stages = 3>, math = #kernel.math<bf16>} -> tensor<1x1x16x10xf32>
  %et = tensor.empty() : tensor<10x16xf32>
  // CHECK: %[[T:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<10x16xbf16>)
  // CHECK: arith.truncf
  %t = linalg.transpose ins(%w : tensor<16x10xf32>) outs(%et : tensor<10x16xf32>) permutation = [1, 0]
  // CHECK: %[[T4:.*]] = tensor.expand_shape %[[T]]
  %t4 = tensor.expand_shape %t [[0, 1, 2], [3]] output_shape [1, 1, 10, 16] : tensor<10x16xf32> into tensor<1x1x10x16xf32>
  %ex = tensor.empty(%batch) : tensor<?x1x1x16xf32>
  // CHECK: kernel.implicit_gemm ins(%[[G4]], %[[T4]] : tensor<?x1x1x10xbf16>, tensor<1x1x10x16xbf16>) outs(%{{.*}} : tensor<?x1x1x16xf32>)
  %dx = kernel.implicit_gemm ins(%g4, %t4 : tensor<?x1x1x10xf32>, tensor<1x1x10x16xf32>) outs(%ex : tensor<?x1x1x16xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 1, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x1x1x16xf32>
  return %sum, %dw, %dx : tensor<?xf32>, tensor<1x1x16x10xf32>, tensor<?x1x1x16xf32>
}

// -----

// Parts of a joined image agree: the copies into it, and what they are copied from.
// CHECK-LABEL: func.func @joined
func.func @joined(%batch: index {nn.batch}, %x: tensor<?x4x4x8xf32>, %w: tensor<1x1x8x8xf32>, %v: tensor<1x1x16x8xf32>) -> tensor<?x4x4x8xf32> {
  %e = tensor.empty(%batch) : tensor<?x4x4x8xf32>
  %y = kernel.implicit_gemm ins(%x, %w : tensor<?x4x4x8xf32>, tensor<1x1x8x8xf32>) outs(%e : tensor<?x4x4x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 1, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x4x4x8xf32>
  // CHECK: %[[ALL:.*]] = tensor.empty(%{{.*}}) : tensor<?x4x4x16xbf16>
  %all = tensor.empty(%batch) : tensor<?x4x4x16xf32>
  // CHECK: tensor.extract_slice %[[ALL]][0, 0, 0, 0] {{.*}} to tensor<?x4x4x8xbf16>
  // CHECK: linalg.copy ins(%{{.*}} : tensor<?x4x4x8xbf16>) outs(%{{.*}} : tensor<?x4x4x8xbf16>)
  %s0 = tensor.extract_slice %all[0, 0, 0, 0] [%batch, 4, 4, 8] [1, 1, 1, 1] : tensor<?x4x4x16xf32> to tensor<?x4x4x8xf32>
  %c0 = linalg.copy ins(%y : tensor<?x4x4x8xf32>) outs(%s0 : tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32>
  %i0 = tensor.insert_slice %c0 into %all[0, 0, 0, 0] [%batch, 4, 4, 8] [1, 1, 1, 1] : tensor<?x4x4x8xf32> into tensor<?x4x4x16xf32>
  // CHECK: linalg.copy ins(%{{.*}} : tensor<?x4x4x8xf32>) outs(%{{.*}} : tensor<?x4x4x8xbf16>)
  // CHECK: tensor.insert_slice {{.*}} tensor<?x4x4x8xbf16> into tensor<?x4x4x16xbf16>
  %s1 = tensor.extract_slice %i0[0, 0, 0, 8] [%batch, 4, 4, 8] [1, 1, 1, 1] : tensor<?x4x4x16xf32> to tensor<?x4x4x8xf32>
  %c1 = linalg.copy ins(%x : tensor<?x4x4x8xf32>) outs(%s1 : tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32>
  %i1 = tensor.insert_slice %c1 into %i0[0, 0, 0, 8] [%batch, 4, 4, 8] [1, 1, 1, 1] : tensor<?x4x4x8xf32> into tensor<?x4x4x16xf32>
  %z = kernel.implicit_gemm ins(%i1, %v : tensor<?x4x4x16xf32>, tensor<1x1x16x8xf32>) outs(%e : tensor<?x4x4x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 32, n = 32, k = 16, warps_m = 1, warps_n = 1, stages = 3>, math = #kernel.math<bf16>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    } -> tensor<?x4x4x8xf32>
  return %z : tensor<?x4x4x8xf32>
}
