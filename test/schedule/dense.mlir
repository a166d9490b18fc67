// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule | FileCheck %s

// Dense layers hand each other blocks; only the ends are plain, and the first is read as it is.
// CHECK-LABEL: func.func @chain(
// CHECK-NOT:     <matrix>
// CHECK:         %[[IN:.*]] = tensor.expand_shape %{{.*}} {{\[}}[0, 1], [2]{{\]}} {{.*}} into tensor<1x?x30xf32>
// CHECK-NOT:     <matrix>
// CHECK:         %[[A:.*]] = kernel.gemm ins(%[[IN]], {{.*}}depth = 30
// CHECK:           arith.maximumf
// CHECK-NOT:     <matrix>
// CHECK:         %[[B:.*]] = kernel.gemm ins(%[[A]], {{.*}}depth = 20
// CHECK:         kernel.unpack <matrix> ins(%[[B]] {{.*}} -> tensor<?x10xf32>
func.func @chain(%batch: index {nn.batch}, %x: tensor<?x30xf32>, %k: tensor<30x20xf32>, %l: tensor<20x10xf32>) -> tensor<?x10xf32> {
  %0 = nn.dense %x, %k : (tensor<?x30xf32>, tensor<30x20xf32>) -> tensor<?x20xf32>
  %1 = nn.relu %0 : tensor<?x20xf32>
  %2 = nn.dense %1, %l : (tensor<?x20xf32>, tensor<20x10xf32>) -> tensor<?x10xf32>
  return %2 : tensor<?x10xf32>
}

// Per-channel scales of an epilogue are blocked like a bias.
// CHECK-LABEL: func.func @scaled(
// CHECK:         %[[S:.*]] = kernel.pack <vector> ins(%arg3 {{.*}} -> tensor<2x16xf32>
// CHECK:         kernel.gemm ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[S]] :
// CHECK-NEXT:    ^bb0(%[[SUM:.*]]: f32, %[[SCALE:.*]]: f32):
// CHECK-NEXT:      arith.mulf %[[SUM]], %[[SCALE]]
func.func @scaled(%batch: index {nn.batch}, %x: tensor<?x30xf32>, %k: tensor<30x20xf32>, %s: tensor<20xf32>) -> tensor<?x20xf32> {
  %0 = nn.dense %x, %k : (tensor<?x30xf32>, tensor<30x20xf32>) -> tensor<?x20xf32>
  %1 = nn.affine %0, %s : (tensor<?x20xf32>, tensor<20xf32>) -> tensor<?x20xf32>
  return %1 : tensor<?x20xf32>
}

// The rows of a higher-ranked tensor are pixels of an image.
// CHECK-LABEL: func.func @ranked(
// CHECK:         kernel.conv {{.*}} outs({{.*}} : tensor<?x2x1x5x16xf32>) {{.*}} in_channels = 30
// CHECK:         kernel.unpack <image>
// CHECK:         nn.reshape {{.*}} -> tensor<?x5x20xf32>
func.func @ranked(%batch: index {nn.batch}, %x: tensor<?x5x30xf32>, %k: tensor<30x20xf32>) -> tensor<?x5x20xf32> {
  %0 = nn.dense %x, %k : (tensor<?x5x30xf32>, tensor<30x20xf32>) -> tensor<?x5x20xf32>
  return %0 : tensor<?x5x20xf32>
}

// What the epilogue adds is shaped as the output is.
// CHECK-LABEL: func.func @ranked_residual(
// CHECK:         %[[R:.*]] = kernel.pack <image> ins({{.*}}) outs({{.*}} : tensor<?x2x1x5x16xf32>)
// CHECK:         kernel.conv ins({{.*}}, %[[R]] :
func.func @ranked_residual(%batch: index {nn.batch}, %x: tensor<?x5x30xf32>, %k: tensor<30x20xf32>, %r: tensor<?x5x20xf32>) -> tensor<?x5x20xf32> {
  %0 = nn.dense %x, %k : (tensor<?x5x30xf32>, tensor<30x20xf32>) -> tensor<?x5x20xf32>
  %1 = nn.add %0, %r : tensor<?x5x20xf32>
  return %1 : tensor<?x5x20xf32>
}

// On an image a dense layer is a 1x1 convolution, and reads and hands on blocks.
// CHECK-LABEL: func.func @image(
// CHECK:         %[[A:.*]] = kernel.conv {{.*}} outs({{.*}} : tensor<?x2x4x5x16xf32>)
// CHECK-NOT:     kernel.unpack
// CHECK:         kernel.conv ins(%[[A]], {{.*}}, %[[A]] : {{.*}} outs({{.*}} : tensor<?x2x4x5x16xf32>)
// CHECK:         kernel.unpack <image>
// CHECK-NOT:     nn.reshape
// CHECK:         return
func.func @image(%batch: index {nn.batch}, %x: tensor<?x4x5x30xf32>, %k: tensor<30x20xf32>, %l: tensor<20x20xf32>) -> tensor<?x4x5x20xf32> {
  %0 = nn.dense %x, %k : (tensor<?x4x5x30xf32>, tensor<30x20xf32>) -> tensor<?x4x5x20xf32>
  %1 = nn.dense %0, %l : (tensor<?x4x5x20xf32>, tensor<20x20xf32>) -> tensor<?x4x5x20xf32>
  %2 = nn.add %1, %0 : tensor<?x4x5x20xf32>
  return %2 : tensor<?x4x5x20xf32>
}

// The last 4 of 100 units share a vector with four rows of the weights; both products write into one value.
// CHECK-LABEL: func.func @few(
// CHECK:         tensor.extract_slice %arg2[0, 0] [48, 96] [1, 1]
// CHECK:         kernel.gemm ins({{.*}} : tensor<1x?x48xf32>, {{.*}} outs(%{{.*}} : tensor<6x?x16xf32>) attributes {depth = 48 : i64, tile = #kernel.tile<rows = 8, cols = 3
// CHECK:         %[[T:.*]] = linalg.generic {{.*}} ins(%arg2 : tensor<48x100xf32>) outs(%{{.*}} : tensor<1x12x1x16xf32>)
// CHECK:         kernel.gemm ins(%{{.*}}, %[[T]], {{.*}} outs(%{{.*}} : tensor<1x?x16xf32>) attributes {depth = 48 : i64, phases = 4 : i64
// CHECK:         %[[Y:.*]] = tensor.insert_slice {{.*}} into tensor<7x?x16xf32>
// CHECK:         kernel.unpack <matrix> ins(%[[Y]]
func.func @few(%batch: index {nn.batch}, %x: tensor<?x48xf32>, %k: tensor<48x100xf32>, %b: tensor<100xf32>) -> tensor<?x100xf32> {
  %0 = nn.dense %x, %k, %b : (tensor<?x48xf32>, tensor<48x100xf32>, tensor<100xf32>) -> tensor<?x100xf32>
  return %0 : tensor<?x100xf32>
}
