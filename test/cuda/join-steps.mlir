// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-join-steps))' --split-input-file | FileCheck %s

#id = affine_map<(c) -> (c)>
#rows = affine_map<(n, c) -> (n, c)>
#last = affine_map<(n, c) -> (c)>

// What fills a sum's destination, the sum and what is done with it: one kernel, which stores the
// mean and what follows it alone.
// CHECK-LABEL: func.func @mean(
// CHECK-SAME:    %[[PARTS:.*]]: memref<?x64xf32>, %[[OLD:.*]]: memref<64xf32>, %[[MEAN:.*]]: memref<64xf32>)
// CHECK-NOT:     memref.alloc()
// CHECK:         kernel.steps {
// CHECK-NEXT:      %[[SUM:.*]] = memref.alloca() : memref<64xf32>
// CHECK-NEXT:      linalg.fill {{.*}} outs(%[[SUM]] :
// CHECK-NEXT:      linalg.generic {{.*}} ins(%[[PARTS]] : {{.*}} outs(%[[SUM]] :
// CHECK:           linalg.generic {{.*}} ins(%[[SUM]] : {{.*}} outs(%[[MEAN]] :
// CHECK:           linalg.generic {{.*}} outs(%[[OLD]] :
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @mean(%parts: memref<?x64xf32>, %old: memref<64xf32>, %mean: memref<64xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 100.0 : f32
  %sum = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%sum : memref<64xf32>)
  linalg.generic {indexing_maps = [#rows, #last], iterator_types = ["reduction", "parallel"]}
      ins(%parts : memref<?x64xf32>) outs(%sum : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%sum : memref<64xf32>) outs(%mean : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.divf %a, %n : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%mean : memref<64xf32>) outs(%old : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %o : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(n, c) -> (n, c)>
#turned = affine_map<(n, c) -> (c, n)>

// A thread does not see what others write: the transposition waits for the whole of %e.
// CHECK-LABEL: func.func @turned(
// CHECK-NOT:     kernel.steps
// CHECK:         return
func.func @turned(%x: memref<8x8xf32>, %e: memref<8x8xf32>, %y: memref<8x8xf32>) {
  linalg.exp ins(%x : memref<8x8xf32>) outs(%e : memref<8x8xf32>)
  linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]}
      ins(%e : memref<8x8xf32>) outs(%y : memref<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

// Nor where it is the same memory by another name.
// CHECK-LABEL: func.func @view(
// CHECK-NOT:     kernel.steps
// CHECK:         return
func.func @view(%x: memref<8x8xf32>, %e: memref<16x8xf32>) {
  %top = memref.subview %e[0, 0] [8, 8] [1, 1] : memref<16x8xf32> to memref<8x8xf32, strided<[8, 1]>>
  %low = memref.subview %e[4, 0] [8, 8] [1, 1] : memref<16x8xf32> to memref<8x8xf32, strided<[8, 1], offset: 32>>
  linalg.exp ins(%x : memref<8x8xf32>) outs(%top : memref<8x8xf32, strided<[8, 1]>>)
  linalg.exp ins(%x : memref<8x8xf32>) outs(%low : memref<8x8xf32, strided<[8, 1], offset: 32>>)
  return
}

// -----

// An op joins what is before it past others that have nothing to do with it, and no further.
// CHECK-LABEL: func.func @past(
// CHECK-SAME:    %[[X:.*]]: memref<?x8xf32>, %[[Y:.*]]: memref<?x8xf32>, %[[Z:.*]]: memref<?x8xf32>, %[[W:.*]]: memref<?x9xf32>, %{{.*}}: memref<?x9xf32>)
// CHECK:         kernel.steps {
// CHECK-NEXT:      linalg.exp ins(%[[X]] : {{.*}} outs(%[[Y]] :
// CHECK-NEXT:      linalg.tanh ins(%[[Y]] : {{.*}} outs(%[[Z]] :
// CHECK-NEXT:    }
// CHECK-NEXT:    linalg.exp ins(%[[W]] :
// CHECK:         linalg.copy
// CHECK-NEXT:    linalg.tanh
func.func @past(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %z: memref<?x8xf32>, %w: memref<?x9xf32>, %v: memref<?x9xf32>) {
  linalg.exp ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xf32>)
  linalg.exp ins(%w : memref<?x9xf32>) outs(%v : memref<?x9xf32>)
  linalg.tanh ins(%y : memref<?x8xf32>) outs(%z : memref<?x8xf32>)
  %part = memref.subview %v[0, 0] [1, 8] [1, 1] : memref<?x9xf32> to memref<1x8xf32, strided<[9, 1]>>
  %first = memref.subview %x[0, 0] [1, 8] [1, 1] : memref<?x8xf32> to memref<1x8xf32, strided<[8, 1]>>
  linalg.copy ins(%part : memref<1x8xf32, strided<[9, 1]>>) outs(%first : memref<1x8xf32, strided<[8, 1]>>)
  linalg.tanh ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xf32>)
  return
}

// -----

#all = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>

// Along rows: the exponentials are stored, each row's sum is not. What fills the sum comes along.
// CHECK-LABEL: func.func @softmax(
// CHECK-SAME:    %{{.*}}: index, %[[X:.*]]: memref<?x100xf32>, %[[Y:.*]]: memref<?x100xf32>)
// CHECK:         %[[POWERS:.*]] = memref.alloc(%{{.*}}) : memref<?x100xf32>
// CHECK-NOT:     linalg
// CHECK:         kernel.steps {
// CHECK-NEXT:      %[[SUM:.*]] = memref.alloca(%{{.*}}) : memref<?xf32>
// CHECK-NEXT:      linalg.exp ins(%[[X]] : {{.*}} outs(%[[POWERS]] :
// CHECK-NEXT:      linalg.fill {{.*}} outs(%[[SUM]] :
// CHECK-NEXT:      linalg.reduce {{.*}} ins(%[[POWERS]] : {{.*}} outs(%[[SUM]] :
// CHECK-NEXT:      linalg.generic {{.*}} ins(%[[POWERS]], %[[SUM]] : {{.*}} outs(%[[Y]] :
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @softmax(%batch: index, %x: memref<?x100xf32>, %y: memref<?x100xf32>) {
  %zero = arith.constant 0.0 : f32
  %powers = memref.alloc(%batch) : memref<?x100xf32>
  linalg.exp ins(%x : memref<?x100xf32>) outs(%powers : memref<?x100xf32>)
  %sum = memref.alloc(%batch) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%sum : memref<?xf32>)
  linalg.reduce {arith.addf} ins(%powers : memref<?x100xf32>) outs(%sum : memref<?xf32>) dimensions = [1]
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%powers, %sum : memref<?x100xf32>, memref<?xf32>) outs(%y : memref<?x100xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  }
  return
}

// -----

#all = affine_map<(n, c) -> (n, c)>
#turned = affine_map<(n, c) -> (n, 99 - c)>

// An element that another lane wrote is not read along with it.
// CHECK-LABEL: func.func @mirrored(
// CHECK:         linalg.exp
// CHECK:         kernel.steps {
// CHECK-NEXT:      linalg.fill
// CHECK-NEXT:      linalg.generic
func.func @mirrored(%x: memref<?x100xf32>, %e: memref<?x100xf32>, %y: memref<?xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.exp ins(%x : memref<?x100xf32>) outs(%e : memref<?x100xf32>)
  linalg.fill ins(%zero : f32) outs(%y : memref<?xf32>)
  linalg.generic {indexing_maps = [#all, #turned, affine_map<(n, c) -> (n)>], iterator_types = ["parallel", "reduction"]}
      ins(%x, %e : memref<?x100xf32>, memref<?x100xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%b: f32, %a: f32, %s: f32):
    %q = arith.addf %a, %s : f32
    linalg.yield %q : f32
  }
  return
}
