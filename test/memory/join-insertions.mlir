// RUN: dlc-opt %s --dlc-join-insertions | FileCheck %s
// RUN: dlc-opt %s --dlc-memory-phase | FileCheck %s --check-prefix=MEMORY

#id = affine_map<(d0, d1) -> (d0, d1)>

// Each layer reads all that was put together before it and adds a part. All parts go to one tensor, in the
// order in which they are computed; who reads a stage reads a slice.
// CHECK-LABEL: func.func @chain(
// CHECK:         %[[WHOLE:.*]] = tensor.empty(%{{.*}}) : tensor<?x8xf32>
// CHECK:         %[[W1:.*]] = tensor.insert_slice %{{.*}} into %[[WHOLE]][0, 4] [%{{.*}}, 2] [1, 1]
// CHECK:         %[[S:.*]] = tensor.extract_slice %[[W1]][0, 6] [%{{.*}}, 2] [1, 1]
// CHECK:         %[[B:.*]] = linalg.exp {{.*}} outs(%[[S]]
// CHECK:         %[[W2:.*]] = tensor.insert_slice %[[B]] into %[[W1]][0, 6] [%{{.*}}, 2] [1, 1]
// CHECK:         %[[BOTH:.*]] = tensor.extract_slice %[[W2]][0, 4] [%{{.*}}, 4] [1, 1]
// CHECK:         %[[C:.*]] = linalg.generic {{.*}} ins(%[[BOTH]] :
// CHECK:         %[[W3:.*]] = tensor.insert_slice %[[C]] into %[[W2]][0, 0] [%{{.*}}, 4] [1, 1]
// CHECK-NOT:     tensor.insert_slice
// CHECK:         return %[[W3]]
func.func @chain(%batch: index {nn.batch}, %x: tensor<?x2xf32> {nn.input = "x"}) -> (tensor<?x8xf32> {nn.output = "y"}) {
  %e = tensor.empty(%batch) : tensor<?x4xf32>
  %s0 = tensor.extract_slice %e[0, 0] [%batch, 2] [1, 1] : tensor<?x4xf32> to tensor<?x2xf32>
  %a = linalg.exp ins(%x : tensor<?x2xf32>) outs(%s0 : tensor<?x2xf32>) -> tensor<?x2xf32>
  %p = tensor.insert_slice %a into %e[0, 0] [%batch, 2] [1, 1] : tensor<?x2xf32> into tensor<?x4xf32>
  %s1 = tensor.extract_slice %p[0, 2] [%batch, 2] [1, 1] : tensor<?x4xf32> to tensor<?x2xf32>
  %b = linalg.exp ins(%a : tensor<?x2xf32>) outs(%s1 : tensor<?x2xf32>) -> tensor<?x2xf32>
  %q = tensor.insert_slice %b into %p[0, 2] [%batch, 2] [1, 1] : tensor<?x2xf32> into tensor<?x4xf32>
  %d = tensor.empty(%batch) : tensor<?x4xf32>
  %c = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<?x4xf32>) outs(%d : tensor<?x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.negf %in : f32
    linalg.yield %n : f32
  } -> tensor<?x4xf32>
  %f = tensor.empty(%batch) : tensor<?x8xf32>
  %w = tensor.insert_slice %c into %f[0, 0] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
  %z = tensor.insert_slice %q into %w[0, 4] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
  return %z : tensor<?x8xf32>
}

// A part of two wholes lies in the first; the second gets a copy. So does a whole twice in another.
// CHECK-LABEL: func.func @two_wholes(
// CHECK:         %[[FIRST:.*]] = tensor.empty(%{{.*}}) : tensor<?x6xf32>
// CHECK:         %[[W1:.*]] = tensor.insert_slice %{{.*}} into %[[FIRST]][0, 2]
// CHECK:         %[[W2:.*]] = tensor.insert_slice %{{.*}} into %[[W1]][0, 4]
// CHECK:         %[[P:.*]] = tensor.extract_slice %[[W2]][0, 2] [%{{.*}}, 4] [1, 1]
// CHECK:         %[[Y:.*]] = tensor.insert_slice %[[P]] into %{{.*}}[0, 0]
// CHECK:         return %[[W2]], %[[Y]]
func.func @two_wholes(%batch: index {nn.batch}, %x: tensor<?x2xf32> {nn.input = "x"}) -> (tensor<?x6xf32> {nn.output = "y"}, tensor<?x4xf32> {nn.output = "z"}) {
  %e = tensor.empty(%batch) : tensor<?x4xf32>
  %p = tensor.insert_slice %x into %e[0, 0] [%batch, 2] [1, 1] : tensor<?x2xf32> into tensor<?x4xf32>
  %q = tensor.insert_slice %x into %p[0, 2] [%batch, 2] [1, 1] : tensor<?x2xf32> into tensor<?x4xf32>
  %f = tensor.empty(%batch) : tensor<?x6xf32>
  %y = tensor.insert_slice %q into %f[0, 2] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x6xf32>
  %g = tensor.empty(%batch) : tensor<?x4xf32>
  %z = tensor.insert_slice %q into %g[0, 0] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x4xf32>
  return %y, %z : tensor<?x6xf32>, tensor<?x4xf32>
}

// Kernels read the blocks of a tensor that are there and write the next: no copy, no buffer but that of %n.
// MEMORY-LABEL: func.func @kernels(
// MEMORY-SAME:{{.*}}nn.arena_batch = 512 : i64
// MEMORY-NOT:     memref.copy
// MEMORY:         kernel.pool {{.*}} outs(%{{.*}} : memref<?x1x2x2x16xf32, strided<[192, 64, 32, 16, 1]>>)
// MEMORY:         kernel.pool {{.*}} outs(%{{.*}} : memref<?x1x2x2x16xf32, strided<[192, 64, 32, 16, 1], offset: 64>>)
// MEMORY:         kernel.pool ins(%{{.*}} : memref<?x2x2x2x16xf32, strided<[192, 64, 32, 16, 1]>>)
// MEMORY-NOT:     memref.copy
// MEMORY:         return
func.func @kernels(%batch: index {nn.batch}, %x: tensor<?x1x2x2x16xf32> {nn.input = "x"}) -> (tensor<?x3x2x2x16xf32> {nn.output = "y"}) {
  %e = tensor.empty(%batch) : tensor<?x2x2x2x16xf32>
  %s0 = tensor.extract_slice %e[0, 0, 0, 0, 0] [%batch, 1, 2, 2, 16] [1, 1, 1, 1, 1] : tensor<?x2x2x2x16xf32> to tensor<?x1x2x2x16xf32>
  %a = kernel.pool ins(%x : tensor<?x1x2x2x16xf32>) outs(%s0 : tensor<?x1x2x2x16xf32>) {kind = #nn.pool<max>, window = array<i64: 1, 1>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>} -> tensor<?x1x2x2x16xf32>
  %p = tensor.insert_slice %a into %e[0, 0, 0, 0, 0] [%batch, 1, 2, 2, 16] [1, 1, 1, 1, 1] : tensor<?x1x2x2x16xf32> into tensor<?x2x2x2x16xf32>
  %s1 = tensor.extract_slice %p[0, 1, 0, 0, 0] [%batch, 1, 2, 2, 16] [1, 1, 1, 1, 1] : tensor<?x2x2x2x16xf32> to tensor<?x1x2x2x16xf32>
  %b = kernel.pool ins(%a : tensor<?x1x2x2x16xf32>) outs(%s1 : tensor<?x1x2x2x16xf32>) {kind = #nn.pool<max>, window = array<i64: 1, 1>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>} -> tensor<?x1x2x2x16xf32>
  %q = tensor.insert_slice %b into %p[0, 1, 0, 0, 0] [%batch, 1, 2, 2, 16] [1, 1, 1, 1, 1] : tensor<?x1x2x2x16xf32> into tensor<?x2x2x2x16xf32>
  %f = tensor.empty(%batch) : tensor<?x3x2x2x16xf32>
  %w = tensor.insert_slice %q into %f[0, 0, 0, 0, 0] [%batch, 2, 2, 2, 16] [1, 1, 1, 1, 1] : tensor<?x2x2x2x16xf32> into tensor<?x3x2x2x16xf32>
  %s2 = tensor.extract_slice %w[0, 2, 0, 0, 0] [%batch, 1, 2, 2, 16] [1, 1, 1, 1, 1] : tensor<?x3x2x2x16xf32> to tensor<?x1x2x2x16xf32>
  %g = tensor.empty(%batch) : tensor<?x2x2x2x16xf32>
  %n = kernel.pool ins(%q : tensor<?x2x2x2x16xf32>) outs(%g : tensor<?x2x2x2x16xf32>) {kind = #nn.pool<max>, window = array<i64: 1, 1>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>} -> tensor<?x2x2x2x16xf32>
  %m = tensor.extract_slice %n[0, 1, 0, 0, 0] [%batch, 1, 2, 2, 16] [1, 1, 1, 1, 1] : tensor<?x2x2x2x16xf32> to tensor<?x1x2x2x16xf32>
  %c = kernel.pool ins(%m : tensor<?x1x2x2x16xf32>) outs(%s2 : tensor<?x1x2x2x16xf32>) {kind = #nn.pool<max>, window = array<i64: 1, 1>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>} -> tensor<?x1x2x2x16xf32>
  %z = tensor.insert_slice %c into %w[0, 2, 0, 0, 0] [%batch, 1, 2, 2, 16] [1, 1, 1, 1, 1] : tensor<?x1x2x2x16xf32> into tensor<?x3x2x2x16xf32>
  return %z : tensor<?x3x2x2x16xf32>
}
