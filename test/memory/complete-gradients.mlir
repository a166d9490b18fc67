// RUN: dlc-opt %s --dlc-complete-gradients --split-input-file | FileCheck %s

// A gradient is told behind the last op that writes or reads it, through views too; of layers that come first
// in the model last; one that nothing touches at once.
// CHECK-LABEL: func.func @gradients(
// CHECK-SAME:    %[[A:[^:]*]]: memref<8xf32> {nn.gradient = "a"}, %[[B:[^:]*]]: memref<2x4xf32> {nn.gradient = "b"}
// CHECK-NEXT:    kernel.gradient_done 2
// CHECK-NEXT:    %[[FLAT:.*]] = memref.collapse_shape %[[B]]
// CHECK-NEXT:    linalg.exp ins(%{{.*}} outs(%[[FLAT]]
// CHECK-NEXT:    linalg.exp ins(%[[FLAT]]
// CHECK-NEXT:    kernel.gradient_done 1
// CHECK-NEXT:    linalg.exp ins(%{{.*}} outs(%[[A]]
// CHECK-NEXT:    kernel.gradient_done 0
// CHECK-NEXT:    return
func.func @gradients(%x: memref<8xf32> {nn.input = "x"}, %a: memref<8xf32> {nn.gradient = "a"},
                     %b: memref<2x4xf32> {nn.gradient = "b"}, %c: memref<8xf32> {nn.gradient = "c"},
                     %t: memref<8xf32>) {
  %flat = memref.collapse_shape %b [[0, 1]] : memref<2x4xf32> into memref<8xf32>
  linalg.exp ins(%x : memref<8xf32>) outs(%flat : memref<8xf32>)
  linalg.exp ins(%flat : memref<8xf32>) outs(%t : memref<8xf32>)
  linalg.exp ins(%t : memref<8xf32>) outs(%a : memref<8xf32>)
  return
}

// -----

// A copy moves up to where its source is complete, behind the view that it reads.
// CHECK-LABEL: func.func @gradients(
// CHECK-SAME:    %[[A:[^:]*]]: memref<6xf32> {nn.gradient = "a"}, %[[B:[^:]*]]: memref<8xf32> {nn.gradient = "b"}
// CHECK:         linalg.exp ins(%{{.*}} outs(%[[PADDED:.*]] :
// CHECK-NEXT:    %[[FRONT:.*]] = memref.subview %[[PADDED]]
// CHECK-NEXT:    memref.copy %[[FRONT]], %[[A]]
// CHECK-NEXT:    kernel.gradient_done 0
// CHECK-NEXT:    linalg.exp ins(%{{.*}} outs(%[[B]]
// CHECK-NEXT:    kernel.gradient_done 1
// CHECK-NEXT:    return
func.func @gradients(%x: memref<8xf32> {nn.input = "x"}, %a: memref<6xf32> {nn.gradient = "a"},
                     %b: memref<8xf32> {nn.gradient = "b"}) {
  %padded = memref.alloc() : memref<8xf32>
  linalg.exp ins(%x : memref<8xf32>) outs(%padded : memref<8xf32>)
  %front = memref.subview %padded[0] [6] [1] : memref<8xf32> to memref<6xf32, strided<[1]>>
  linalg.exp ins(%x : memref<8xf32>) outs(%b : memref<8xf32>)
  memref.copy %front, %a : memref<6xf32, strided<[1]>> to memref<6xf32>
  return
}

// -----

// Not past what still reads the gradient's old value, nor what changes the source.
// CHECK-LABEL: func.func @gradients(
// CHECK:         memref.alloc
// CHECK-NEXT:    linalg.exp
// CHECK-NEXT:    linalg.exp
// CHECK-NEXT:    linalg.exp
// CHECK-NEXT:    memref.copy
// CHECK-NEXT:    kernel.gradient_done 0
func.func @gradients(%x: memref<8xf32> {nn.input = "x"}, %a: memref<8xf32> {nn.gradient = "a"}, %t: memref<8xf32>) {
  %b = memref.alloc() : memref<8xf32>
  linalg.exp ins(%x : memref<8xf32>) outs(%b : memref<8xf32>)
  linalg.exp ins(%a : memref<8xf32>) outs(%t : memref<8xf32>)
  linalg.exp ins(%t : memref<8xf32>) outs(%b : memref<8xf32>)
  memref.copy %b, %a : memref<8xf32> to memref<8xf32>
  return
}

// -----

// Gradients that calls add to are complete when the caller says so.
// CHECK-LABEL: func.func @backward(
// CHECK-NOT:     gradient_done
func.func @backward(%x: memref<8xf32> {nn.input = "x"}, %a: memref<8xf32> {nn.gradient = "a"}) {
  linalg.exp ins(%x : memref<8xf32>) outs(%a : memref<8xf32>)
  return
}
