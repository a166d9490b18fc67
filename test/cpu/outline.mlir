// RUN: dlc-opt %s --dlc-outline-kernels --cse | FileCheck %s
// RUN: dlc-opt %s --dlc-outline-kernels=l2-bytes=16384 | FileCheck %s --check-prefix=FEW
// RUN: dlc-opt %s --dlc-outline-kernels=l2-bytes=4096 --cse | FileCheck %s --check-prefix=AHEAD

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Equal ops share a function; items are the parallel loops, but for the vectors' one.
// CHECK-LABEL: func.func @forward
// CHECK-SAME:    (%[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: memref<?x24xf32> {nn.input = "x"}
func.func @forward(%batch: index {nn.batch}, %x: memref<?x24xf32> {nn.input = "x"},
                   %y: memref<?x24xf32> {nn.output = "y"}, %z: memref<?x24xf32> {nn.output = "z"},
                   %s: memref<?xf32> {nn.output = "s"}, %arena: memref<?xi8> {nn.arena}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %b = memref.view %arena[%c0][%batch] : memref<?xi8> to memref<?x24xf32>
  // CHECK:       %[[B:.*]] = memref.view
  // CHECK:       %[[N:.*]] = arith.muli %{{.*}}, %c24
  // CHECK:       kernel.launch @exp_0(%[[X]], %[[B]] : memref<?x24xf32>, memref<?x24xf32>) items(%[[N]]) grain(5406)
  linalg.exp ins(%x : memref<?x24xf32>) outs(%b : memref<?x24xf32>)
  // CHECK:       kernel.launch @exp_0(%[[B]], %{{.*}})
  linalg.exp ins(%b : memref<?x24xf32>) outs(%y : memref<?x24xf32>)
  // CHECK:       kernel.launch @fill_0(%{{.*}} : memref<?xf32>) items(%{{.*}}) grain(12122)
  linalg.fill ins(%zero : f32) outs(%s : memref<?xf32>)
  // CHECK:       kernel.launch @generic_0(%{{.*}}, %{{.*}} : memref<?x24xf32>, memref<?xf32>) items(%{{.*}}) grain(486)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%y : memref<?x24xf32>) outs(%s : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %o : f32
    linalg.yield %r : f32
  }
  // An update in place passes its buffer once.
  // CHECK:       kernel.launch @generic_1(%[[B]] : memref<?x24xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%b : memref<?x24xf32>) outs(%b : memref<?x24xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  // CHECK:       kernel.launch @copy_0(%[[B]], %{{.*}})
  memref.copy %b, %z : memref<?x24xf32> to memref<?x24xf32>
  return
}

// A kernel op counts its own items: 2 images, 1 block of channels, 4 rows; 512 operations and
// 320 elements, each worth 32 operations, an item.
// CHECK-LABEL: func.func @pool
func.func @pool(%x: memref<2x1x8x8x16xf32> {nn.input = "x"}, %y: memref<2x1x4x4x16xf32> {nn.output = "y"}) {
  // CHECK: %[[N:.*]] = arith.constant 8 : index
  // CHECK: kernel.launch @pool_0(%{{.*}}, %{{.*}}) items(%[[N]]) grain(39)
  kernel.pool ins(%x : memref<2x1x8x8x16xf32>) outs(%y : memref<2x1x4x4x16xf32>)
    {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// Scratch memory comes before the bounds, and the launch says how much.
// CHECK-LABEL: func.func @winograd
func.func @winograd(%x: memref<2x1x2x4x16xf32> {nn.input = "x"}, %u: memref<16x1x16x2x16xf32>, %b: memref<2x16xf32>, %y: memref<2x2x2x4x16xf32> {nn.output = "y"}) {
  // CHECK: kernel.launch @winograd_0({{.*}}) items(%{{.*}}) grain({{.*}}) scratch(3200)
  kernel.winograd ins(%x, %u, %b : memref<2x1x2x4x16xf32>, memref<16x1x16x2x16xf32>, memref<2x16xf32>) outs(%y : memref<2x2x2x4x16xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 2 : i64, in_channels = 16 : i64, blocks = 2 : i64, tile = #kernel.tile<rows = 1, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// Threads keep the items of a matrix product whose weights their caches may hold: here 128 KB.
// CHECK-LABEL: func.func @dense
// CHECK: kernel.launch @gemm_0({{.*}}) items(%{{.*}}) grain({{[0-9]+}}) kept
// FEW-LABEL: func.func @dense
// FEW: kernel.launch @gemm_0({{.*}}) items(%{{.*}}) grain({{[0-9]+}}){{$}}
func.func @dense(%x: memref<1x?x1024xf32> {nn.input = "x"}, %w: memref<2x1024x1x16xf32>, %b: memref<2x16xf32>, %y: memref<2x?x16xf32> {nn.output = "y"}) {
  kernel.gemm ins(%x, %w, %b : memref<1x?x1024xf32>, memref<2x1024x1x16xf32>, memref<2x16xf32>) outs(%y : memref<2x?x16xf32>)
    attributes {depth = 1024 : i64, tile = #kernel.tile<rows = 2, cols = 1, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// A convolution gets the weights that are read next, in one dimension, so that the function does not
// depend on their shape; after the last ones those of the next call. Not where near caches hold all.
// CHECK-LABEL: func.func @chain
// CHECK-NOT: memref.cast
// AHEAD-LABEL: func.func @chain
func.func @chain(%batch: index {nn.batch}, %x: memref<?x1x4x4x16xf32> {nn.input = "x"}, %y: memref<?x1x4x4x16xf32> {nn.output = "y"},
                 %v: memref<1x1x1x1x16x1x16xf32> {nn.prepared = 0 : i64}, %w: memref<1x1x3x3x16x1x16xf32> {nn.prepared = 1024 : i64},
                 %b: memref<1x16xf32> {nn.prepared = 10240 : i64}, %arena: memref<?xi8> {nn.arena}) {
  %c0 = arith.constant 0 : index
  %h = memref.view %arena[%c0][%batch] : memref<?xi8> to memref<?x1x4x4x16xf32>
  // AHEAD: %[[FLAT:.*]] = memref.collapse_shape %[[W:.*]] {{\[}}[0, 1, 2, 3, 4, 5, 6]]
  // AHEAD: %[[NEXT:.*]] = memref.cast %[[FLAT]] : memref<2304xf32> to memref<?xf32>
  // AHEAD: kernel.launch @conv_0(%{{.*}}, %[[V:.*]], %{{.*}}, %{{.*}}, %[[NEXT]] :
  kernel.conv ins(%x, %v, %b : memref<?x1x4x4x16xf32>, memref<1x1x1x1x16x1x16xf32>, memref<1x16xf32>) outs(%h : memref<?x1x4x4x16xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 16 : i64,
      tile = #kernel.tile<rows = 4, cols = 1, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  // AHEAD: memref.collapse_shape %[[V]]
  // AHEAD: kernel.launch @conv_1(%{{.*}}, %[[W]], %{{.*}}, %{{.*}}, %{{.*}} : {{.*}}, memref<?xf32>)
  kernel.conv ins(%h, %w, %b : memref<?x1x4x4x16xf32>, memref<1x1x3x3x16x1x16xf32>, memref<1x16xf32>) outs(%y : memref<?x1x4x4x16xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, in_channels = 16 : i64,
      tile = #kernel.tile<rows = 4, cols = 1, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// Constants move along; buffers are noalias.
// CHECK:      func.func private @exp_0(%[[A:.*]]: memref<?x24xf32> {llvm.noalias}, %[[O:.*]]: memref<?x24xf32> {llvm.noalias}, %{{.*}}: index, %{{.*}}: index)
// CHECK-NEXT:   linalg.exp ins(%[[A]] : memref<?x24xf32>) outs(%[[O]] : memref<?x24xf32>)
// CHECK-NEXT:   return
// CHECK-NOT:  @exp_1
// CHECK:      func.func private @fill_0(%{{.*}}: memref<?xf32> {llvm.noalias}, %{{.*}}: index, %{{.*}}: index)
// CHECK-NEXT:   arith.constant 0.000000e+00
// CHECK:      func.func private @generic_1(%[[A:.*]]: memref<?x24xf32> {llvm.noalias}, %{{.*}}: index, %{{.*}}: index)
// CHECK-NEXT:   linalg.generic {{.*}} ins(%[[A]] : {{.*}}) outs(%[[A]] : {{.*}})
// CHECK:      func.func private @winograd_0({{.*}}, %{{.*}}: memref<3200xi8> {llvm.noalias}, %{{.*}}: index, %{{.*}}: index)
// AHEAD:      func.func private @conv_0({{.*}}, %{{.*}}: memref<?xf32> {kernel.ahead, llvm.noalias}, %{{.*}}: index, %{{.*}}: index)
