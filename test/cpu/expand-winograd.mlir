// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// The points of a row of tiles by parts: rows 0, 1 and 2, 3 and 4, 5 of a tile's 6 x 6. Tiles inside the
// image read four plain columns each, as the first two are the last two of the tile before; the others
// read the nearest pixels and clear the bits of those outside.
// CHECK-LABEL: func.func @input
// CHECK-COUNT-6: arith.cmpi ult
// CHECK:         %[[SHARED:.*]]:2 = scf.for {{.*}} iter_args
// CHECK-NOT:       arith.andi
// CHECK-COUNT-12:  vector.load
// CHECK-COUNT-6:   vector.store {{.*}} : memref<?x1x36x5x16xf32>, vector<16xf32>
// CHECK:           scf.yield
// CHECK:         scf.for
// CHECK:           arith.cmpi ult
// CHECK-COUNT-36:  arith.andi
// CHECK-COUNT-6:   vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-16:  vector.load
// CHECK-COUNT-12:  vector.store
// CHECK:           scf.yield
// CHECK-COUNT-48:  arith.andi
// CHECK-COUNT-12:  vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-16:  vector.load
// CHECK-COUNT-12:  vector.store
// CHECK:           scf.yield
// CHECK-COUNT-48:  arith.andi
// CHECK-COUNT-12:  vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-12:  vector.load
// CHECK-COUNT-6:   vector.store
// CHECK:           scf.yield
// CHECK-COUNT-36:  arith.andi
// CHECK-COUNT-6:   vector.store
// CHECK-NOT:     vector.store
func.func @input(%x: memref<?x1x8x8x16xf32>, %v: memref<?x1x36x5x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_input ins(%x : memref<?x1x8x8x16xf32>) outs(%v : memref<?x1x36x5x16xf32>)
    {padding = array<i64: 0, 1, 0, 1>, tile_size = 4 : i64}
  return
}

// -----

// The pixels of a row of 14 tiles are more than the first cache keeps: 7 tiles at a time, and all parts but the last
// ask for two rows of what the next 7 read.
// CHECK-LABEL: func.func @wide
// CHECK:         scf.for %{{.*}} = %c0 to %c14 step %c7
// CHECK:         arith.minsi
// CHECK-COUNT-6: vector.store
// CHECK-COUNT-8: memref.prefetch {{.*}} read, locality<3>
// CHECK-NOT:     memref.prefetch
// CHECK:         scf.yield
// CHECK-COUNT-8: memref.prefetch {{.*}} read, locality<3>
// CHECK-NOT:     memref.prefetch
// CHECK:         scf.yield
// CHECK-COUNT-8: memref.prefetch {{.*}} read, locality<3>
// CHECK-NOT:     memref.prefetch
// CHECK:         return
func.func @wide(%x: memref<?x1x16x56x16xf32>, %v: memref<?x1x36x57x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_input ins(%x : memref<?x1x16x56x16xf32>) outs(%v : memref<?x1x36x57x16xf32>)
    {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64}
  return
}

// -----

// 19 tiles are one register tile of 7 rows and two of 6, each of which asks for half of the weights that come
// next; the last channel of 17 is straight code.
// CHECK-LABEL: func.func @gemm
// CHECK-NOT:     vector.mask
// CHECK-NOT:     memref.prefetch
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-56: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-14: vector.fma
// CHECK-COUNT-14: vector.store
// CHECK:         memref.collapse_shape %{{.*}} {{\[\[}}0], [1], [2, 3], [4]]
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-4: memref.prefetch
// CHECK-NOT:     memref.prefetch
// CHECK:         scf.yield
// CHECK-COUNT-12: vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-48: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         scf.yield
// CHECK-COUNT-12: vector.fma
// CHECK-COUNT-12: vector.store
// CHECK-NOT:     vector.store
func.func @gemm(%v: memref<?x2x16x19x16xf32>, %u: memref<16x1x17x2x16xf32>, %m: memref<?x2x16x19x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_gemm ins(%v, %u : memref<?x2x16x19x16xf32>, memref<16x1x17x2x16xf32>) outs(%m : memref<?x2x16x19x16xf32>)
    {depth = 17 : i64, tiles = 19 : i64, tile_size = 2 : i64, tile = #kernel.tile<rows = 7, cols = 2, unroll = 4>}
  return
}

// -----

// 3x4 outputs in tiles of 2x2: the last row of tiles is clipped. The bias goes into the one point that
// counts once in every output; then the epilogue.
// CHECK-LABEL: func.func @output
// CHECK:         %[[BIAS:.*]] = vector.load %{{.*}} : memref<1x16xf32>, vector<16xf32>
// CHECK:         scf.if
// CHECK:           scf.for
// CHECK-COUNT-5:     vector.load {{.*}} : memref<?x1x16x5x16xf32>, vector<16xf32>
// CHECK:             arith.addf %{{.*}}, %[[BIAS]]
// CHECK-COUNT-11:    vector.load {{.*}} : memref<?x1x16x5x16xf32>, vector<16xf32>
// CHECK-NOT:         %[[BIAS]]
// CHECK-COUNT-4:     arith.maximumf
// CHECK:         scf.for
// CHECK-COUNT-5:   vector.load {{.*}} : memref<?x1x16x5x16xf32>, vector<16xf32>
// CHECK:           arith.addf %{{.*}}, %[[BIAS]]
// CHECK-COUNT-11:  vector.load {{.*}} : memref<?x1x16x5x16xf32>, vector<16xf32>
// CHECK:           scf.if
// CHECK:         return
func.func @output(%m: memref<?x1x16x5x16xf32>, %b: memref<1x16xf32>, %y: memref<?x1x3x4x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_output ins(%m, %b : memref<?x1x16x5x16xf32>, memref<1x16xf32>) outs(%y : memref<?x1x3x4x16xf32>)
    attributes {tile_size = 2 : i64}
    epilogue {
    ^bb0(%sum: f32):
      %zero = arith.constant 0.0 : f32
      %relu = arith.maximumf %sum, %zero : f32
      kernel.yield %relu : f32
    }
  return
}

// -----

// A polynomial is not repeated for each of the 16 outputs: it follows in a loop, of whole tiles and of
// clipped ones.
// CHECK-LABEL: func.func @long
// CHECK-COUNT-2: math.tanh
// CHECK-NOT:     math.tanh
func.func @long(%m: memref<?x1x36x5x16xf32>, %b: memref<1x16xf32>, %y: memref<?x1x7x7x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_output ins(%m, %b : memref<?x1x36x5x16xf32>, memref<1x16xf32>) outs(%y : memref<?x1x7x7x16xf32>)
    attributes {tile_size = 4 : i64}
    epilogue {
    ^bb0(%sum: f32):
      %t = math.tanh %sum : f32
      kernel.yield %t : f32
    }
  return
}

// -----

// 20 outputs in vectors of 16, of the second of which 4 lanes are read: 9 taps become 36 points.
// CHECK-LABEL: func.func @weights
// CHECK-DAG:      %[[SOME:.*]] = arith.constant dense<[true, true, true, true, false,
// CHECK-DAG:      %[[ALL:.*]] = arith.constant dense<true>
// CHECK:          %[[MASK:.*]] = arith.select %{{.*}}, %[[ALL]], %[[SOME]]
// CHECK-COUNT-9:  vector.maskedload %{{.*}}, %[[MASK]],
// CHECK-NOT:      vector.maskedload
// CHECK-COUNT-36: vector.store
func.func @weights(%g: memref<3x3x8x20xf32>, %u: memref<36x1x8x2x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_weights ins(%g : memref<3x3x8x20xf32>) outs(%u : memref<36x1x8x2x16xf32>) {tile_size = 4 : i64}
  return
}

// -----

// 4 tiles in 3 blocks: the first has 2 tiles, the others 1. V and M lie in the scratch memory one after the
// other, in 3 slots, M tile by tile; each of 36 points of a group is a product for either number of tiles. Products ask for
// 4x4 outputs of the block and, if one follows, for 4x4 pixels of its input.
// CHECK-LABEL: func.func @blocks
// CHECK-SAME:    %[[SCRATCH:[a-z0-9]*]]: memref<28032xi8>
// CHECK-DAG:     %[[V:.*]] = memref.view %[[SCRATCH]][%c0][] : memref<28032xi8> to memref<1x2x36x3x16xf32>
// CHECK-DAG:     %[[TILES:.*]] = memref.view %[[SCRATCH]][%c13824][] : memref<28032xi8> to memref<1x2x3x37x16xf32>
// CHECK-DAG:     %[[M:.*]] = memref.transpose %[[TILES]]
// CHECK:         %[[LONGER:.*]] = arith.cmpi slt, %{{.*}}, %c1
// CHECK:         arith.select %[[LONGER]], %c2, %c1
// CHECK-COUNT-36: vector.store %{{.*}}, %[[V]]
// CHECK:         scf.for {{.*}} to %c36
// CHECK:           scf.if %[[LONGER]]
// CHECK-COUNT-16:    memref.prefetch {{.*}} read, locality<2>
// CHECK:             scf.if %{{.*}} {
// CHECK-COUNT-16:      memref.prefetch {{.*}} read, locality<2>
// CHECK-COUNT-4:     vector.store %{{.*}}, %[[M]]
// CHECK:           } else {
// CHECK-COUNT-2:     vector.store %{{.*}}, %[[M]]
// CHECK-NOT:     vector.store %{{.*}}, %[[M]]
// CHECK-COUNT-36: vector.load %[[M]]
func.func @blocks(%x: memref<?x2x8x8x16xf32>, %u: memref<36x1x20x2x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x8x8x16xf32>, %scratch: memref<28032xi8>, %lo: index, %hi: index) {
  kernel.winograd ins(%x, %u, %b : memref<?x2x8x8x16xf32>, memref<36x1x20x2x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x8x8x16xf32>)
    attributes {padding = array<i64: 1, 1, 1, 1>, tile_size = 4 : i64, in_channels = 20 : i64, blocks = 3 : i64, tile = #kernel.tile<rows = 2, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// Tiles of 4x4 outputs become 2x2 pixels: three comparisons each, then the epilogue.
// CHECK-LABEL: func.func @pooled
// CHECK-COUNT-6: arith.maximumf
// CHECK-COUNT-2: arith.minimumf
// CHECK-COUNT-6: arith.maximumf
// CHECK-COUNT-2: arith.minimumf
// CHECK-COUNT-6: arith.maximumf
// CHECK-COUNT-2: arith.minimumf
// CHECK-COUNT-6: arith.maximumf
// CHECK-COUNT-2: arith.minimumf
// CHECK-NOT:      arith.m{{ax|in}}imumf
func.func @pooled(%m: memref<?x1x36x5x16xf32>, %b: memref<1x16xf32>, %y: memref<?x1x3x3x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_output ins(%m, %b : memref<?x1x36x5x16xf32>, memref<1x16xf32>) outs(%y : memref<?x1x3x3x16xf32>)
    attributes {tile_size = 4 : i64, pool = 2 : i64}
    epilogue {
    ^bb0(%sum: f32):
      %six = arith.constant 6.0 : f32
      %min = arith.minimumf %sum, %six : f32
      kernel.yield %min : f32
    }
  return
}

// -----

// F(4x4, 5x5) in the middle of an image: the last four columns of a tile are the first of the next. Of the points
// 0, +-1, +-2, +-1/2 and infinity each pair shares its sums: six products for two rows, one less for +-1.
// CHECK-LABEL: func.func @five
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-8:  vector.store {{.*}} : memref<?x1x64x9x16xf32>, vector<16xf32>
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-24: vector.load
// CHECK-COUNT-16: vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-24: vector.load
// CHECK-COUNT-16: vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-24: vector.load
// CHECK-COUNT-16: vector.store
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-8:  vector.store
// CHECK-NOT:     vector.store
func.func @five(%x: memref<?x1x16x16x16xf32>, %v: memref<?x1x64x9x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_input ins(%x : memref<?x1x16x16x16xf32>) outs(%v : memref<?x1x64x9x16xf32>)
    {padding = array<i64: 0, 0, 0, 0>, tile_size = 4 : i64, window = 5 : i64}
  return
}

// -----

// 6x6 outputs of 64 points go by even rows, of the sums of pairs, and by odd ones, of their differences: 7 of the
// 8 points of a column for each. Pooled, the rows of a window wait for each other.
// CHECK-LABEL: func.func @six
// CHECK-COUNT-56: vector.load %{{.*}} : memref<?x1x64x1x16xf32>
// CHECK-COUNT-9:  arith.maximumf
// CHECK-COUNT-56: vector.load %{{.*}} : memref<?x1x64x1x16xf32>
// CHECK-COUNT-18: arith.maximumf
// CHECK:         return
func.func @six(%m: memref<?x1x64x1x16xf32>, %b: memref<1x16xf32>, %y: memref<?x1x3x3x16xf32>, %lo: index, %hi: index) {
  kernel.winograd_output ins(%m, %b : memref<?x1x64x1x16xf32>, memref<1x16xf32>) outs(%y : memref<?x1x3x3x16xf32>)
    attributes {tile_size = 6 : i64, pool = 2 : i64}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}

// -----

// One channel: 8 rows of the image are spread over the lanes, every fourth pixel in one vector; for each tile and
// block of outputs a loop multiplies and transforms the points of a column, then its 4 x 4 outputs are pooled.
// CHECK-LABEL: func.func @plane
// CHECK:         vector.load {{.*}} vector<64xf32>
// CHECK-COUNT-3: vector.deinterleave
// CHECK-COUNT-64: vector.store {{.*}} : memref<64x16xf32>, vector<16xf32>
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK-COUNT-8:     arith.mulf
// CHECK-COUNT-4:     vector.store {{.*}} : memref<8x4x16xf32>, vector<16xf32>
// CHECK-COUNT-32:  vector.load {{.*}} : memref<8x4x16xf32>, vector<16xf32>
// CHECK-COUNT-2:   vector.store {{.*}} : memref<?x2x12x12x16xf32>, vector<16xf32>
// CHECK-NOT:     vector.store
func.func @plane(%x: memref<?x1x28x28x1xf32>, %u: memref<64x2x1x1x16xf32>, %b: memref<2x16xf32>, %y: memref<?x2x12x12x16xf32>,
                 %scratch: memref<12800xi8>, %lo: index, %hi: index) {
  kernel.winograd_plane ins(%x, %u, %b : memref<?x1x28x28x1xf32>, memref<64x2x1x1x16xf32>, memref<2x16xf32>) outs(%y : memref<?x2x12x12x16xf32>)
    attributes {padding = array<i64: 0, 0, 0, 0>, pool = 2 : i64, tile_size = 4 : i64, window = 5 : i64}
    epilogue {
    ^bb0(%sum: f32):
      kernel.yield %sum : f32
    }
  return
}
