// RUN: dlc-opt %s --dlc-linalg-to-loops=lanes=8 --canonicalize --cse | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#col = affine_map<(d0, d1) -> (d1)>

// Elementwise on whole buffers: one dimension, whole vectors, then single elements.
// CHECK-LABEL: func.func private @elementwise
// CHECK-SAME:    %[[X:.*]]: memref<?x4x5xf32>, %[[Y:.*]]: memref<?x4x5xf32>, %[[LO:.*]]: index, %[[HI:.*]]: index
func.func private @elementwise(%x: memref<?x4x5xf32>, %y: memref<?x4x5xf32>, %lo: index, %hi: index) {
  // CHECK-DAG:   %[[X1:.*]] = memref.collapse_shape %[[X]] {{.*}} into memref<?xf32>
  // CHECK-DAG:   %[[Y1:.*]] = memref.collapse_shape %[[Y]] {{.*}} into memref<?xf32>
  // CHECK:       %[[REST:.*]] = arith.remui
  // CHECK:       %[[MIDDLE:.*]] = arith.subi %[[HI]], %[[REST]]
  // CHECK:       scf.for %[[I:.*]] = %[[LO]] to %[[MIDDLE]] step %c8
  // CHECK:         %[[V:.*]] = vector.load %[[X1]][%[[I]]] : memref<?xf32>, vector<8xf32>
  // CHECK:         math.exp %[[V]] : vector<8xf32>
  // CHECK:         vector.store {{.*}}, %[[Y1]][%[[I]]]
  // CHECK:       scf.for %{{.*}} = %[[MIDDLE]] to %[[HI]] step %c1
  // CHECK:         math.exp %{{.*}} : f32
  linalg.exp ins(%x : memref<?x4x5xf32>) outs(%y : memref<?x4x5xf32>)
  return
}

// A channel's bias: rows are the items; 11 columns are 8, 2 and 1.
// CHECK-LABEL: func.func private @bias
func.func private @bias(%x: memref<?x11xf32>, %b: memref<11xf32>, %y: memref<?x11xf32>, %lo: index, %hi: index) {
  // CHECK:       scf.for
  // CHECK:         arith.addf {{.*}} : vector<8xf32>
  // CHECK:         arith.addf {{.*}} : vector<2xf32>
  // CHECK:         arith.addf {{.*}} : f32
  // CHECK-NOT:   scf.for
  linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : memref<?x11xf32>, memref<11xf32>) outs(%y : memref<?x11xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %r = arith.addf %a, %c fastmath<contract> : f32
    linalg.yield %r : f32
  }
  return
}

// A sum along the row: partial sums a lane, then halves, strictly ordered.
// CHECK-LABEL: func.func private @sum
func.func private @sum(%x: memref<?x20xf32>, %y: memref<?xf32>, %lo: index, %hi: index) {
  // CHECK:       scf.for %[[I:.*]] =
  // CHECK:         %[[Y:.*]] = memref.load
  // CHECK:         %[[P:.*]] = scf.for {{.*}} -> (vector<8xf32>)
  // CHECK:         vector.shuffle %[[P]], %[[P]] [0, 1, 2, 3]
  // CHECK:         %[[H:.*]] = arith.addf {{.*}} : vector<4xf32>
  // CHECK:         %[[T:.*]] = vector.load %{{.*}}[%[[I]], %c16] : memref<?x20xf32>, vector<4xf32>
  // CHECK:         arith.addf %[[T]], %[[H]] : vector<4xf32>
  // CHECK:         arith.addf {{.*}} : vector<2xf32>
  // CHECK:         %[[S:.*]] = arith.addf {{.*}} : f32
  // CHECK:         %[[R:.*]] = arith.addf %[[Y]], %[[S]] : f32
  // CHECK:         memref.store %[[R]]
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x20xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %o : f32
    linalg.yield %r : f32
  }
  return
}

// A product: columns by vectors, the sum in registers, products fused into it.
// CHECK-LABEL: func.func private @matmul
func.func private @matmul(%x: memref<?x6xf32>, %w: memref<6x16xf32>, %y: memref<?x16xf32>, %lo: index, %hi: index) {
  // CHECK:       scf.for %[[I:.*]] =
  // CHECK:         scf.for %[[J:.*]] = %c0 to %c16 step %c8
  // CHECK:           %[[Y:.*]] = vector.load %{{.*}}[%[[I]], %[[J]]]
  // CHECK:           scf.for %[[K:.*]] = {{.*}} iter_args(%{{.*}} = %[[Y]])
  // CHECK:             memref.load %{{.*}}[%[[I]], %[[K]]]
  // CHECK:             math.fma {{.*}} : vector<8xf32>
  // CHECK:           vector.store
  linalg.matmul ins(%x, %w : memref<?x6xf32>, memref<6x16xf32>) outs(%y : memref<?x16xf32>)
  return
}

// No unit strides on both sides: scalar, written in order.
// CHECK-LABEL: func.func private @transpose
func.func private @transpose(%x: memref<?x3x7xf32>, %y: memref<?x7x3xf32>, %lo: index, %hi: index) {
  // CHECK:       scf.for %[[ITEM:.*]] =
  // CHECK:         %[[I:.*]] = arith.remui %[[ITEM]], %c7
  // CHECK:         %[[N:.*]] = arith.divui %[[ITEM]], %c7
  // CHECK:         scf.for %[[J:.*]] = %c0 to %c3
  // CHECK:           memref.load %{{.*}}[%[[N]], %[[J]], %[[I]]]
  // CHECK:           memref.store %{{.*}}, %{{.*}}[%[[N]], %[[I]], %[[J]]]
  linalg.transpose ins(%x : memref<?x3x7xf32>) outs(%y : memref<?x7x3xf32>) permutation = [0, 2, 1]
  return
}

// Entries are left alone.
// CHECK-LABEL: func.func @entry
// CHECK:         linalg.fill
func.func @entry(%y: memref<4xf32>, %v: f32) {
  linalg.fill ins(%v : f32) outs(%y : memref<4xf32>)
  return
}

// Along the vectors' loop an index is one number a lane.
// CHECK-LABEL: func.func private @places
// CHECK-DAG:     %[[LANES:.*]] = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : vector<8xindex>
// CHECK:         %[[FIRST:.*]] = vector.broadcast %{{.*}} : index to vector<8xindex>
// CHECK:         %[[PLACE:.*]] = arith.addi %[[FIRST]], %[[LANES]] : vector<8xindex>
// CHECK-DAG:     arith.index_cast %{{.*}} : index to i32
// CHECK-DAG:     arith.index_cast %[[PLACE]] : vector<8xindex> to vector<8xi32>
func.func private @places(%y: memref<?x16xi32>, %lo: index, %hi: index) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%y : memref<?x16xi32>) {
  ^bb0(%o: i32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %row = arith.index_cast %i : index to i32
    %place = arith.index_cast %j : index to i32
    %r = arith.addi %row, %place : i32
    linalg.yield %r : i32
  }
  return
}
