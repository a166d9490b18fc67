// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s --check-prefix=NUMBERS

// Bytes of images are unsigned; arith sees them as signless.
// CHECK-LABEL: func.func @bytes
// CHECK:         linalg.generic {{.*}} ins(%{{.*}} : tensor<3xui8>)
// CHECK:         %[[BYTE:.*]] = builtin.unrealized_conversion_cast %{{.*}} : ui8 to i8
// CHECK:         arith.uitofp %[[BYTE]] : i8 to f32
func.func @bytes(%x: tensor<3xui8>) -> tensor<3xf32> {
  %0 = nn.cast %x : (tensor<3xui8>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// CHECK-LABEL: func.func @integers
// CHECK:         arith.sitofp %{{.*}} : i32 to f32
func.func @integers(%x: tensor<3xi32>) -> tensor<3xf32> {
  %0 = nn.cast %x : (tensor<3xi32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

func.func @main() {
  %bytes = arith.constant dense<[0, 127, 255]> : tensor<3xui8>
  %0 = func.call @bytes(%bytes) : (tensor<3xui8>) -> tensor<3xf32>
  %u0 = tensor.cast %0 : tensor<3xf32> to tensor<*xf32>
  // NUMBERS: [0, 127, 255]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %integers = arith.constant dense<[0, -1, 100000]> : tensor<3xi32>
  %1 = func.call @integers(%integers) : (tensor<3xi32>) -> tensor<3xf32>
  %u1 = tensor.cast %1 : tensor<3xf32> to tensor<*xf32>
  // NUMBERS: [0, -1, 100000]
  func.call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
