// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s
// RUN: dlc-opt %s --dlc-nn-to-linalg | %jit | FileCheck %s --check-prefix=NUMBERS

// The class is where the loop over classes stands; no exponential overflows.
// CHECK-LABEL: func.func @sparse(
// CHECK:         arith.maximumf
// CHECK:         arith.subf
// CHECK:         math.exp
// CHECK:         math.log
// CHECK:         linalg.generic {{.*}} ["parallel", "reduction"]
// CHECK:         linalg.index 1
// CHECK:         arith.cmpi eq
// CHECK-NOT:     tensor.dim
// CHECK:         return
func.func @sparse(%batch: index {nn.batch}, %x: tensor<?x3xf32>, %t: tensor<?xi32>) -> tensor<?xf32> {
  %0 = nn.cross_entropy %x, %t {from_logits} : (tensor<?x3xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

func.func @main() {
  %two = arith.constant 2 : index
  %x = arith.constant dense<[[0.0, 0.0, 0.0], [1000.0, 999.0, -1000.0]]> : tensor<2x3xf32>
  %t = arith.constant dense<[2, 1]> : tensor<2xi32>
  %xs = tensor.cast %x : tensor<2x3xf32> to tensor<?x3xf32>
  %ts = tensor.cast %t : tensor<2xi32> to tensor<?xi32>
  %0 = func.call @sparse(%two, %xs, %ts) : (index, tensor<?x3xf32>, tensor<?xi32>) -> tensor<?xf32>
  %u0 = tensor.cast %0 : tensor<?xf32> to tensor<*xf32>
  // log 3, and log(1 + e).
  // NUMBERS: [1.09861, 1.31326]
  func.call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()

  // (1 - 0.3) * 2 + 0.3 / 3 * (1 + 2 + 3) times log 3; 0.2 times 2 log p_0 and so on.
  %w = arith.constant dense<[3.0, 1.0, 2.0]> : tensor<3xf32>
  %1 = nn.cross_entropy %x, %t, %w {from_logits, label_smoothing = 0.3 : f32}
     : (tensor<2x3xf32>, tensor<2xi32>, tensor<3xf32>) -> tensor<2xf32>
  %u1 = tensor.cast %1 : tensor<2xf32> to tensor<*xf32>
  // NUMBERS: [2.19722, 401.2{{[0-9]*}}]
  func.call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()

  // A distribution over probabilities; what is below 1e-7 counts as 1e-7.
  %p = arith.constant dense<[[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]]> : tensor<2x3xf32>
  %d = arith.constant dense<[[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]> : tensor<2x3xf32>
  %2 = nn.cross_entropy %p, %d : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2xf32>
  %u2 = tensor.cast %2 : tensor<2xf32> to tensor<*xf32>
  // NUMBERS: [1.03972, 16.1181]
  func.call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()

  // Gradients: 3 (p - q), and with class weights 3 (p * weight of the class - weighted q).
  %g = arith.constant dense<[3.0, 1.0]> : tensor<2xf32>
  %3 = nn.cross_entropy_backward %x, %t, %g {from_logits}
     : (tensor<2x3xf32>, tensor<2xi32>, tensor<2xf32>) -> tensor<2x3xf32>
  %u3 = tensor.cast %3 : tensor<2x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[1, 1, -2],
  // NUMBERS-NEXT: [0.731059, -0.731059, 0]]
  func.call @printMemrefF32(%u3) : (tensor<*xf32>) -> ()
  %4 = nn.cross_entropy_backward %x, %t weights %w, %g {from_logits}
     : (tensor<2x3xf32>, tensor<2xi32>, tensor<3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  %u4 = tensor.cast %4 : tensor<2x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[2, 2, -4],
  // NUMBERS-NEXT: [0.731059, -0.731059, 0]]
  func.call @printMemrefF32(%u4) : (tensor<*xf32>) -> ()
  %5 = nn.cross_entropy_backward %p, %d, %g
     : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  %u5 = tensor.cast %5 : tensor<2x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[-3, -6, -0],
  // NUMBERS-NEXT: [-0, 0, 0]]
  func.call @printMemrefF32(%u5) : (tensor<*xf32>) -> ()

  // Twice these probabilities, but their sum counts as 1: the same losses, and gradients that do not
  // change with a common factor, 3 (1 - q / p) / 2. A class below 1e-7 adds nothing to either.
  %p2 = arith.constant dense<[[1.0, 0.5, 0.5], [2.0, 0.0, 0.0]]> : tensor<2x3xf32>
  %s2 = nn.cross_entropy %p2, %d {normalize} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2xf32>
  %us2 = tensor.cast %s2 : tensor<2xf32> to tensor<*xf32>
  // NUMBERS: [1.03972, 16.1181]
  func.call @printMemrefF32(%us2) : (tensor<*xf32>) -> ()
  %s5 = nn.cross_entropy_backward %p2, %d, %g {normalize}
     : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  %us5 = tensor.cast %s5 : tensor<2x3xf32> to tensor<*xf32>
  // NUMBERS: {{\[}}[0, -1.5, 1.5],
  // NUMBERS-NEXT: {{\[}}{{-?}}0, {{-?}}0, {{-?}}0]]
  func.call @printMemrefF32(%us5) : (tensor<*xf32>) -> ()

  // Of equal elements the first counts.
  %c = arith.constant dense<[[0.1, 0.7, 0.7], [0.7, 0.2, 0.1], [0.1, 0.2, 0.7]]> : tensor<3x3xf32>
  %l = arith.constant dense<[1, 1, 2]> : tensor<3xi32>
  %6 = nn.class_hits %c, %l : (tensor<3x3xf32>, tensor<3xi32>) -> tensor<3xf32>
  %u6 = tensor.cast %6 : tensor<3xf32> to tensor<*xf32>
  // NUMBERS: [1, 0, 1]
  func.call @printMemrefF32(%u6) : (tensor<*xf32>) -> ()
  %7 = nn.class_hits %c, %c : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3xf32>
  %u7 = tensor.cast %7 : tensor<3xf32> to tensor<*xf32>
  // NUMBERS: [1, 1, 1]
  func.call @printMemrefF32(%u7) : (tensor<*xf32>) -> ()

  // One element is a probability.
  %b = arith.constant dense<[[0.6], [0.5], [0.1]]> : tensor<3x1xf32>
  %lb = arith.constant dense<[1, 1, 0]> : tensor<3xi32>
  %8 = nn.class_hits %b, %lb : (tensor<3x1xf32>, tensor<3xi32>) -> tensor<3xf32>
  %u8 = tensor.cast %8 : tensor<3xf32> to tensor<*xf32>
  // NUMBERS: [1, 0, 1]
  func.call @printMemrefF32(%u8) : (tensor<*xf32>) -> ()
  return
}

func.func private @printMemrefF32(tensor<*xf32>)
