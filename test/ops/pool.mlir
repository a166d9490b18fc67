// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s --check-prefix=NUMBERS

// Padding of a maximum is -infinity. The window's extents come from a constant, which needs no buffer.
// CHECK:       #[[PIXEL:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d4, d2 * 2 + d5, d3)>
// CHECK:       #[[WINDOW:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>
// CHECK-LABEL: func.func @max(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}
// CHECK:         linalg.fill ins(%{{.*}}) outs(%{{.*}} : tensor<?x5x5x1xf32>)
// CHECK:         tensor.insert_slice %{{.*}}[0, 1, 1, 0] [%[[BATCH]], 4, 4, 1]
// CHECK:         %[[EXTENT:.*]] = arith.constant dense<0.000000e+00> : tensor<3x3xf32>
// CHECK:         linalg.generic {indexing_maps = [#[[PIXEL]], #[[WINDOW]], #{{.*}}]{{.*}} ins(%{{.*}}, %[[EXTENT]]
// CHECK:         arith.maximumf
func.func @max(%batch: index {nn.batch}, %x: tensor<?x4x4x1xf32>) -> tensor<?x2x2x1xf32> {
  %0 = nn.pool2d %x {kind = #nn.pool<max>, window = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>}
     : (tensor<?x4x4x1xf32>) -> tensor<?x2x2x1xf32>
  return %0 : tensor<?x2x2x1xf32>
}

// Windows that all count alike are divided by one number,
// CHECK-LABEL: func.func @average
// CHECK:         arith.addf
// CHECK:         linalg.generic
// CHECK:         arith.constant 2.500000e-01 : f32
// CHECK:         arith.mulf
func.func @average(%x: tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32> {
  %0 = nn.pool2d %x {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
     : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
  return %0 : tensor<1x2x2x1xf32>
}

// others by a constant image. The last window of ceil_mode reaches past the image; that never counts.
// CHECK-LABEL: func.func @ceil
// CHECK:         arith.constant dense<{{\[\[}}2.500000e-01, 2.500000e-01], [5.000000e-01, 5.000000e-01]]> : tensor<2x2xf32>
func.func @ceil(%x: tensor<1x3x4x1xf32>) -> tensor<1x2x2x1xf32> {
  %0 = nn.pool2d %x {kind = #nn.pool<avg>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, ceil_mode}
     : (tensor<1x3x4x1xf32>) -> tensor<1x2x2x1xf32>
  return %0 : tensor<1x2x2x1xf32>
}

func.func @main() {
  // All negative: a padding of zero would win.
  %x = arith.constant dense<[[[[-1.], [-2.], [-3.], [-4.]], [[-5.], [-6.], [-7.], [-8.]], [[-9.], [-10.], [-11.], [-12.]], [[-13.], [-14.], [-15.], [-16.]]]]> : tensor<1x4x4x1xf32>
  %one = arith.constant 1 : index
  %xs = tensor.cast %x : tensor<1x4x4x1xf32> to tensor<?x4x4x1xf32>
  %0 = func.call @max(%one, %xs) : (index, tensor<?x4x4x1xf32>) -> tensor<?x2x2x1xf32>
  %u0 = tensor.cast %0 : tensor<?x2x2x1xf32> to tensor<*xf32>
  // NUMBERS: [-1], {{$}}
  // NUMBERS-NEXT: [-2]
  // NUMBERS-NEXT: [-5], {{$}}
  // NUMBERS-NEXT: [-6]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  // (1 + 2 + 5 + 6) / 4, ...
  %1 = func.call @average(%x) : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
  %s1 = nn.reshape %1 : (tensor<1x2x2x1xf32>) -> tensor<4xf32>
  %u1 = tensor.cast %s1 : tensor<4xf32> to tensor<*xf32>
  // NUMBERS: [-3.5, -5.5, -11.5, -13.5]
  func.call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  // One zero around: counted in the average or not. The corner holds 1 + 2 + 5 + 6.
  %2 = nn.pool2d %x {kind = #nn.pool<avg>, window = array<i64: 3, 3>, strides = array<i64: 3, 3>, padding = array<i64: 1, 1, 1, 1>, count_include_pad}
     : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
  %s2 = nn.reshape %2 : (tensor<1x2x2x1xf32>) -> tensor<4xf32>
  %u2 = tensor.cast %s2 : tensor<4xf32> to tensor<*xf32>
  // NUMBERS: [-1.55556, -2.44444, -5.11111, -6]
  func.call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()
  %3 = nn.global_pool2d %x {kind = #nn.pool<avg>} : (tensor<1x4x4x1xf32>) -> tensor<1x1xf32>
  %u3 = tensor.cast %3 : tensor<1x1xf32> to tensor<*xf32>
  // NUMBERS: [-8.5]
  func.call @printMemrefF32(%u3) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
