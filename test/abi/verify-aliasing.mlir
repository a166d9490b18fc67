// RUN: dlc-opt %s --dlc-verify-aliasing --split-input-file --verify-diagnostics

#id = affine_map<(d0, d1) -> (d0, d1)>
#t = affine_map<(d0, d1) -> (d1, d0)>

func.func @in_place(%x: memref<8x8xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<8x8xf32>) outs(%x : memref<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

func.func @transposed(%x: memref<8x8xf32>) {
  // expected-error@+1 {{writes operand 1, which overlaps operand 0; two operands of a kernel never alias}}
  linalg.generic {indexing_maps = [#t, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<8x8xf32>) outs(%x : memref<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

func.func @kernel(%x: memref<1x1x4x4x16xf32>) {
  // expected-error@+1 {{writes operand 1, which overlaps operand 0}}
  kernel.pool ins(%x : memref<1x1x4x4x16xf32>) outs(%x : memref<1x1x4x4x16xf32>)
    {kind = #nn.pool<max>, window = array<i64: 1, 1>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>}
  return
}

// -----

// The places of a plan: [0, 32 batch), [32 batch, 64 batch) and [16 batch, 48 batch) bytes.
func.func @arena(%batch: index {nn.batch}, %arena: memref<?xi8>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %o32 = arith.muli %batch, %c32 : index
  %o16 = arith.muli %batch, %c16 : index
  %a = memref.view %arena[%c0][%batch] : memref<?xi8> to memref<?x8xf32>
  %b = memref.view %arena[%o32][%batch] : memref<?xi8> to memref<?x8xf32>
  %c = memref.view %arena[%o16][%batch] : memref<?xi8> to memref<?x8xf32>
  linalg.exp ins(%a : memref<?x8xf32>) outs(%b : memref<?x8xf32>)
  // expected-error@+1 {{writes operand 1, which overlaps operand 0}}
  linalg.exp ins(%a : memref<?x8xf32>) outs(%c : memref<?x8xf32>)
  return
}

// -----

// A concatenation reads one slice and writes another.
func.func @slices(%x: memref<4x24xf32>) {
  %a = memref.subview %x[0, 0][4, 16][1, 1] : memref<4x24xf32> to memref<4x16xf32, strided<[24, 1]>>
  %b = memref.subview %x[0, 16][4, 8][1, 1] : memref<4x24xf32> to memref<4x8xf32, strided<[24, 1], offset: 16>>
  %c = memref.subview %x[0, 8][4, 8][1, 1] : memref<4x24xf32> to memref<4x8xf32, strided<[24, 1], offset: 8>>
  %d = memref.subview %a[0, 8][4, 8][1, 1] : memref<4x16xf32, strided<[24, 1]>> to memref<4x8xf32, strided<[24, 1], offset: 8>>
  memref.copy %d, %b : memref<4x8xf32, strided<[24, 1], offset: 8>> to memref<4x8xf32, strided<[24, 1], offset: 16>>
  // expected-error@+1 {{copies between overlapping buffers}}
  memref.copy %d, %c : memref<4x8xf32, strided<[24, 1], offset: 8>> to memref<4x8xf32, strided<[24, 1], offset: 8>>
  return
}
