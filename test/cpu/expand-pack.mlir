// RUN: dlc-opt %s --dlc-expand-kernels --canonicalize --split-input-file | FileCheck %s

// Whole blocks of channels move as vectors; the last one reads what exists and fills with zeros.

// CHECK-LABEL: func.func @image
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK-DAG:     %[[MASK:.*]] = arith.constant dense<[true, true, true, true, false,
// CHECK:         scf.if
// CHECK:           vector.load {{.*}} : memref<?x5x5x20xf32>, vector<16xf32>
// CHECK:           vector.store
// CHECK:         } else {
// CHECK:           vector.maskedload {{.*}}, %[[MASK]], %[[ZERO]]
// CHECK:           vector.store {{.*}} : memref<?x2x5x5x16xf32>, vector<16xf32>
func.func @image(%in: memref<?x5x5x20xf32>, %out: memref<?x2x5x5x16xf32>, %lo: index, %hi: index) {
  kernel.pack <image> ins(%in : memref<?x5x5x20xf32>) outs(%out : memref<?x2x5x5x16xf32>)
  return
}

// -----

// CHECK-LABEL: func.func @whole
// CHECK:         vector.load
// CHECK-NOT:     scf.if
// CHECK:         vector.store
func.func @whole(%in: memref<3x3x32x64xf32>, %out: memref<2x2x3x3x16x2x16xf32>, %lo: index, %hi: index) {
  kernel.pack <conv> ins(%in : memref<3x3x32x64xf32>) outs(%out : memref<2x2x3x3x16x2x16xf32>)
  return
}

// -----

// Rows of input channels that do not exist become zeros.

// CHECK-LABEL: func.func @partial_rows
// CHECK:         scf.if
// CHECK:           vector.load
// CHECK:         } else {
// CHECK:           vector.store %{{.*}} : memref<2x2x3x3x16x2x16xf32>, vector<16xf32>
func.func @partial_rows(%in: memref<3x3x20x64xf32>, %out: memref<2x2x3x3x16x2x16xf32>, %lo: index,
                        %hi: index) {
  kernel.pack <conv> ins(%in : memref<3x3x20x64xf32>) outs(%out : memref<2x2x3x3x16x2x16xf32>)
  return
}

// -----

// CHECK-LABEL: func.func @unpack
// CHECK:         scf.if
// CHECK:           vector.store {{.*}} : memref<?x20xf32>, vector<8xf32>
// CHECK:           vector.maskedstore {{.*}} : memref<?x20xf32>, vector<8xi1>, vector<8xf32>
func.func @unpack(%in: memref<3x?x8xf32>, %out: memref<?x20xf32>, %lo: index, %hi: index) {
  kernel.unpack <matrix> ins(%in : memref<3x?x8xf32>) outs(%out : memref<?x20xf32>)
  return
}
