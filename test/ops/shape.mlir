// RUN: dlc-opt %s --dlc-nn-to-linalg | FileCheck %s

// The batch stays outermost: flattened and unflattened, as views.
// CHECK-LABEL: func.func @reshape(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: tensor<?x2x6xf32>
// CHECK:         %[[FLAT:.*]] = tensor.collapse_shape %[[X]] {{\[}}[0], [1, 2]] : tensor<?x2x6xf32> into tensor<?x12xf32>
// CHECK:         tensor.expand_shape %[[FLAT]] {{\[}}[0], [1, 2]] output_shape [%[[BATCH]], 4, 3] : tensor<?x12xf32> into tensor<?x4x3xf32>
func.func @reshape(%batch: index {nn.batch}, %x: tensor<?x2x6xf32>) -> tensor<?x4x3xf32> {
  %0 = nn.reshape %x : (tensor<?x2x6xf32>) -> tensor<?x4x3xf32>
  return %0 : tensor<?x4x3xf32>
}

// CHECK-LABEL: func.func @flatten
// CHECK-NEXT:    tensor.collapse_shape
// CHECK-NEXT:    return
func.func @flatten(%batch: index {nn.batch}, %x: tensor<?x2x6xf32>) -> tensor<?x12xf32> {
  %0 = nn.reshape %x : (tensor<?x2x6xf32>) -> tensor<?x12xf32>
  return %0 : tensor<?x12xf32>
}

// CHECK-LABEL: func.func @one_a_sample(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: tensor<?xf32>
// CHECK:         tensor.expand_shape %[[X]] {{\[}}[0, 1]] output_shape [%[[BATCH]], 1]
// CHECK:         tensor.collapse_shape %{{.*}} {{\[}}[0, 1]] : tensor<?x1xf32> into tensor<?xf32>
func.func @one_a_sample(%batch: index {nn.batch}, %x: tensor<?xf32>) -> (tensor<?x1xf32>, tensor<?xf32>) {
  %0 = nn.reshape %x : (tensor<?xf32>) -> tensor<?x1xf32>
  %1 = nn.reshape %0 : (tensor<?x1xf32>) -> tensor<?xf32>
  return %0, %1 : tensor<?x1xf32>, tensor<?xf32>
}

// Parameters have no batch.
// CHECK-LABEL: func.func @parameter
// CHECK:         tensor.collapse_shape {{.*}} : tensor<2x3xf32> into tensor<6xf32>
// CHECK:         tensor.expand_shape {{.*}} : tensor<6xf32> into tensor<3x2xf32>
func.func @parameter(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %0 = nn.reshape %x : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @pad(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: tensor<?x4xf32>
// CHECK:         %[[VALUE:.*]] = arith.constant 5.000000e-01 : f32
// CHECK:         %[[BORDER:.*]] = linalg.fill ins(%[[VALUE]]
// CHECK:         %[[SLICE:.*]] = tensor.extract_slice %[[BORDER]][0, 1] [%[[BATCH]], 4] [1, 1] : tensor<?x7xf32> to tensor<?x4xf32>
// CHECK:         %[[COPY:.*]] = linalg.copy ins(%[[X]] : {{.*}}) outs(%[[SLICE]]
// CHECK:         tensor.insert_slice %[[COPY]] into %[[BORDER]][0, 1] [%[[BATCH]], 4] [1, 1] : tensor<?x4xf32> into tensor<?x7xf32>
func.func @pad(%batch: index {nn.batch}, %x: tensor<?x4xf32>) -> tensor<?x7xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 1>, high = array<i64: 0, 2>, value = 0.5 : f32} : (tensor<?x4xf32>) -> tensor<?x7xf32>
  return %0 : tensor<?x7xf32>
}

// One destination; each part is copied to its slice as soon as it is computed, so that its producer can
// write there.
// CHECK-LABEL: func.func @concat(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: tensor<?x4xf32>, %[[Y:.*]]: tensor<?x2xf32>
// CHECK:         %[[OUT:.*]] = tensor.empty(%[[BATCH]]) : tensor<?x6xf32>
// CHECK:         %[[TANH:.*]] = linalg.generic
// CHECK:         %[[SLICE:.*]] = tensor.extract_slice %[[OUT]][0, 0] [%[[BATCH]], 4] [1, 1]
// CHECK:         %[[COPY:.*]] = linalg.copy ins(%[[TANH]] : {{.*}}) outs(%[[SLICE]]
// CHECK:         %[[PART:.*]] = tensor.insert_slice %[[COPY]] into %[[OUT]][0, 0] [%[[BATCH]], 4] [1, 1]
// CHECK:         math.exp
// CHECK:         tensor.extract_slice %[[PART]][0, 4]
// CHECK:         linalg.copy ins(%[[Y]]
// CHECK:         %[[WHOLE:.*]] = tensor.insert_slice %{{.*}} into %[[PART]][0, 4] [%[[BATCH]], 2] [1, 1]
// CHECK:         return %[[WHOLE]]
func.func @concat(%batch: index {nn.batch}, %x: tensor<?x4xf32>, %y: tensor<?x2xf32>) -> (tensor<?x6xf32>, tensor<?x4xf32>) {
  %0 = nn.tanh %x : tensor<?x4xf32>
  %1 = nn.exp %x : tensor<?x4xf32>
  %2 = nn.concat %0, %y {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x2xf32>) -> tensor<?x6xf32>
  return %2, %1 : tensor<?x6xf32>, tensor<?x4xf32>
}

// The batch is the extent of whichever dimension it moves to.
// CHECK-LABEL: func.func @transpose(
// CHECK-SAME:    %[[BATCH:.*]]: index {nn.batch}
// CHECK:         tensor.empty(%[[BATCH]]) : tensor<3x?x2xf32>
// CHECK:         linalg.transpose {{.*}} permutation = [2, 0, 1]
func.func @transpose(%batch: index {nn.batch}, %x: tensor<?x2x3xf32>) -> tensor<3x?x2xf32> {
  %0 = nn.transpose %x {perm = array<i64: 2, 0, 1>} : (tensor<?x2x3xf32>) -> tensor<3x?x2xf32>
  return %0 : tensor<3x?x2xf32>
}

// CHECK-LABEL: func.func @dropout
// CHECK-SAME:    %[[X:.*]]: tensor<2x3xf32>
// CHECK-NEXT:    return %[[X]]
func.func @dropout(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = nn.dropout %x {rate = 0.5 : f32} : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
