// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --mlir-print-op-generic | dlc-opt | FileCheck %s

// Every op parses and prints, on tensors with a result and on memrefs without. 8 lanes.

// CHECK-LABEL: func.func @tensors
func.func @tensors(%image: tensor<?x5x5x20xf32>, %blocked: tensor<?x3x5x5x8xf32>, %plain: tensor<?x5x5x20xf32>) -> tensor<?x5x5x20xf32> {
  // CHECK: kernel.pack <image> ins(%{{.*}} : tensor<?x5x5x20xf32>) outs(%{{.*}} : tensor<?x3x5x5x8xf32>) -> tensor<?x3x5x5x8xf32>
  %0 = kernel.pack <image> ins(%image : tensor<?x5x5x20xf32>) outs(%blocked : tensor<?x3x5x5x8xf32>) -> tensor<?x3x5x5x8xf32>
  // CHECK: kernel.unpack <image> ins(%{{.*}} : tensor<?x3x5x5x8xf32>) outs(%{{.*}} : tensor<?x5x5x20xf32>) -> tensor<?x5x5x20xf32>
  %1 = kernel.unpack <image> ins(%0 : tensor<?x3x5x5x8xf32>) outs(%plain : tensor<?x5x5x20xf32>) -> tensor<?x5x5x20xf32>
  return %1 : tensor<?x5x5x20xf32>
}

// Each layout from its plain tensor; the last block of channels is padded.
// CHECK-LABEL: func.func @layouts
func.func @layouts(%m: memref<?x20xf32>, %mb: memref<3x?x8xf32>, %v: memref<20xf32>, %vb: memref<3x8xf32>,
                   %c: memref<3x3x20x40xf32>, %cb: memref<3x3x3x3x8x2x8xf32>, %d: memref<20x40xf32>,
                   %db: memref<3x20x2x8xf32>, %w: memref<3x3x20xf32>, %wb: memref<3x3x3x8xf32>) {
  // CHECK: kernel.pack <matrix>
  kernel.pack <matrix> ins(%m : memref<?x20xf32>) outs(%mb : memref<3x?x8xf32>)
  // CHECK: kernel.unpack <matrix>
  kernel.unpack <matrix> ins(%mb : memref<3x?x8xf32>) outs(%m : memref<?x20xf32>)
  // CHECK: kernel.pack <vector>
  kernel.pack <vector> ins(%v : memref<20xf32>) outs(%vb : memref<3x8xf32>)
  // CHECK: kernel.pack <conv>
  kernel.pack <conv> ins(%c : memref<3x3x20x40xf32>) outs(%cb : memref<3x3x3x3x8x2x8xf32>)
  // CHECK: kernel.pack <dense>
  kernel.pack <dense> ins(%d : memref<20x40xf32>) outs(%db : memref<3x20x2x8xf32>)
  // CHECK: kernel.pack <depthwise>
  kernel.pack <depthwise> ins(%w : memref<3x3x20xf32>) outs(%wb : memref<3x3x3x8xf32>)
  return
}

// CHECK-LABEL: func.func @conv
func.func @conv(%x: memref<?x1x5x5x8xf32>, %w: memref<1x1x3x3x8x2x8xf32>, %b: memref<2x8xf32>, %r: memref<?x2x3x3x8xf32>, %out: memref<?x2x3x3x8xf32>) {
  // CHECK:      kernel.conv ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} :
  // CHECK-SAME: tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>
  // CHECK-SAME: epilogue {
  kernel.conv ins(%x, %w, %b, %r : memref<?x1x5x5x8xf32>, memref<1x1x3x3x8x2x8xf32>, memref<2x8xf32>, memref<?x2x3x3x8xf32>) outs(%out : memref<?x2x3x3x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, in_channels = 8 : i64, tile = #kernel.tile<rows = 3, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32, %e: f32):
      // CHECK: arith.addf
      %0 = arith.addf %acc, %e : f32
      // CHECK: kernel.yield %{{.*}} : f32
      kernel.yield %0 : f32
    }
  return
}

// CHECK-LABEL: func.func @others
func.func @others(%x: memref<?x1x5x5x8xf32>, %w: memref<1x3x3x8xf32>, %b: memref<1x8xf32>, %out: memref<?x1x3x3x8xf32>,
                  %m: memref<3x?x8xf32>, %mw: memref<1x20x2x8xf32>, %mb: memref<2x8xf32>, %mo: memref<2x?x8xf32>, %n: index) {
  // CHECK: kernel.depthwise
  kernel.depthwise ins(%x, %w, %b : memref<?x1x5x5x8xf32>, memref<1x3x3x8xf32>, memref<1x8xf32>) outs(%out : memref<?x1x3x3x8xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, tile = #kernel.tile<rows = 3, cols = 1, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  // CHECK: kernel.gemm {{.*}}depth = 20
  kernel.gemm ins(%m, %mw, %mb : memref<3x?x8xf32>, memref<1x20x2x8xf32>, memref<2x8xf32>) outs(%mo : memref<2x?x8xf32>)
    attributes {depth = 20 : i64, tile = #kernel.tile<rows = 4, cols = 2, unroll = 1>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  // CHECK: kernel.pool {{.*}}kind = #nn.pool<avg>
  kernel.pool ins(%x : memref<?x1x5x5x8xf32>) outs(%out : memref<?x1x3x3x8xf32>)
    {kind = #nn.pool<avg>, window = array<i64: 3, 3>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>}
  // CHECK: kernel.launch @kernel(%{{.*}} : memref<?x1x5x5x8xf32>) items(%{{.*}}) grain(4)
  kernel.launch @kernel(%x : memref<?x1x5x5x8xf32>) items(%n) grain(4)
  return
}

func.func private @kernel(memref<?x1x5x5x8xf32>, index, index)
