// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --cse --split-input-file | FileCheck %s

// The epilogue works on registers: scale by channel, add the residual, clamp; then one store.

// CHECK-LABEL: func.func @residual
// CHECK-SAME:    %{{.*}}: memref<1x16xf32>, %[[RES:.*]]: memref<1x1x4x4x16xf32>, %[[SCALE:.*]]: memref<1x16xf32>, %[[OUT:.*]]: memref<1x1x4x4x16xf32>,
// CHECK:         %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK:         %[[R:.*]] = vector.load %[[RES]][
// CHECK:         %[[V:.*]] = vector.load %[[SCALE]][
// CHECK:         %[[SCALED:.*]] = arith.mulf %{{.*}}, %[[V]] : vector<16xf32>
// CHECK:         %[[ADDED:.*]] = arith.addf %[[SCALED]], %[[R]] : vector<16xf32>
// CHECK:         %[[RELU:.*]] = arith.maximumf %[[ADDED]], %[[ZERO]] : vector<16xf32>
// CHECK:         vector.store %[[RELU]], %[[OUT]][
func.func @residual(%in: memref<1x1x4x4x16xf32>, %w: memref<1x1x1x1x16x1x16xf32>,
                    %b: memref<1x16xf32>, %res: memref<1x1x4x4x16xf32>, %scale: memref<1x16xf32>,
                    %out: memref<1x1x4x4x16xf32>, %lo: index, %hi: index) {
  kernel.conv ins(%in, %w, %b, %res, %scale : memref<1x1x4x4x16xf32>, memref<1x1x1x1x16x1x16xf32>,
      memref<1x16xf32>, memref<1x1x4x4x16xf32>, memref<1x16xf32>) outs(%out : memref<1x1x4x4x16xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, in_channels = 16 : i64,
      tile = #kernel.tile<rows = 4, cols = 1, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32, %r: f32, %s: f32):
      %zero = arith.constant 0.0 : f32
      %scaled = arith.mulf %sum, %s : f32
      %added = arith.addf %scaled, %r : f32
      %relu = arith.maximumf %added, %zero : f32
      kernel.yield %relu : f32
    }
  return
}

// -----

// A function that becomes a long polynomial is not repeated for each register: the sums are stored and
// the tile is passed over once more.

// CHECK-LABEL: func.func @long
// CHECK-COUNT-2: vector.store
// CHECK:         scf.for
// CHECK-COUNT-2: math.tanh {{.*}} : vector<8xf32>
// CHECK-NOT:     math.tanh
func.func @long(%a: memref<2x?x8xf32>, %w: memref<1x16x2x8xf32>, %b: memref<2x8xf32>,
                %out: memref<2x?x8xf32>, %lo: index, %hi: index) {
  kernel.gemm ins(%a, %w, %b : memref<2x?x8xf32>, memref<1x16x2x8xf32>, memref<2x8xf32>)
    outs(%out : memref<2x?x8xf32>)
    attributes {depth = 16 : i64, tile = #kernel.tile<rows = 1, cols = 2, unroll = 4>}
    epilogue {
    ^bb0(%sum: f32):
      %t = math.tanh %sum : f32
      kernel.yield %t : f32
    }
  return
}
