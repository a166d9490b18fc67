// RUN: dlc-opt %s --dlc-linalg-to-loops --dlc-expand-math | %jit | FileCheck %s

// Any split of the items gives the same bits, with vectors, narrower vectors and single elements.
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

func.func private @printMemrefF32(memref<*xf32>)

func.func private @exp(%x: memref<?x37xf32>, %lo: index, %hi: index) {
  linalg.exp ins(%x : memref<?x37xf32>) outs(%x : memref<?x37xf32>)
  return
}

func.func private @sum(%x: memref<?x37xf32>, %s: memref<?xf32>, %lo: index, %hi: index) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x37xf32>) outs(%s : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %o : f32
    linalg.yield %r : f32
  }
  return
}

func.func private @iota(%x: memref<?x37xf32>, %lo: index, %hi: index) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%x : memref<?x37xf32>) {
  ^bb0(%o: f32):
    %c37 = arith.constant 37 : index
    %scale = arith.constant 0.0371 : f32
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = arith.muli %i, %c37 : index
    %l = arith.addi %k, %j : index
    %n = arith.index_cast %l : index to i64
    %f = arith.sitofp %n : i64 to f32
    %r = arith.mulf %f, %scale : f32
    linalg.yield %r : f32
  }
  return
}

// Runs everything in two parts, cut at `rows` and `elements`.
func.func @run(%x: memref<?x37xf32>, %s: memref<?xf32>, %rows: index, %elements: index) {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c111 = arith.constant 111 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %c3 step %rows {
    memref.store %zero, %s[%i] : memref<?xf32>
  }
  func.call @iota(%x, %c0, %c3) : (memref<?x37xf32>, index, index) -> ()
  func.call @exp(%x, %c0, %elements) : (memref<?x37xf32>, index, index) -> ()
  func.call @exp(%x, %elements, %c111) : (memref<?x37xf32>, index, index) -> ()
  func.call @sum(%x, %s, %c0, %rows) : (memref<?x37xf32>, memref<?xf32>, index, index) -> ()
  func.call @sum(%x, %s, %rows, %c3) : (memref<?x37xf32>, memref<?xf32>, index, index) -> ()
  return
}

func.func @main() {
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c77 = arith.constant 77 : index
  %c0 = arith.constant 0 : index
  %c37 = arith.constant 37 : index
  %x = memref.alloc(%c3) : memref<?x37xf32>
  %y = memref.alloc(%c3) : memref<?x37xf32>
  %s = memref.alloc(%c3) : memref<?xf32>
  %t = memref.alloc(%c3) : memref<?xf32>
  func.call @run(%x, %s, %c1, %c5) : (memref<?x37xf32>, memref<?xf32>, index, index) -> ()
  func.call @run(%y, %t, %c1, %c77) : (memref<?x37xf32>, memref<?xf32>, index, index) -> ()
  // CHECK: [77.9429, 307.562, 1213.64]
  %u = memref.cast %s : memref<?xf32> to memref<*xf32>
  func.call @printMemrefF32(%u) : (memref<*xf32>) -> ()
  scf.for %i = %c0 to %c3 step %c1 {
    %a = memref.load %s[%i] : memref<?xf32>
    %b = memref.load %t[%i] : memref<?xf32>
    %d = arith.subf %a, %b : f32
    memref.store %d, %t[%i] : memref<?xf32>
    scf.for %j = %c0 to %c37 step %c1 {
      %p = memref.load %x[%i, %j] : memref<?x37xf32>
      %q = memref.load %y[%i, %j] : memref<?x37xf32>
      %e = arith.subf %p, %q : f32
      %f = memref.load %t[%i] : memref<?xf32>
      %g = arith.addf %e, %f : f32
      memref.store %g, %t[%i] : memref<?xf32>
    }
  }
  // CHECK: [0, 0, 0]
  %v = memref.cast %t : memref<?xf32> to memref<*xf32>
  func.call @printMemrefF32(%v) : (memref<*xf32>) -> ()
  return
}
