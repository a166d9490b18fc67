// RUN: dlc-opt %s --dlc-buffer-arguments | FileCheck %s

// Inputs are read where the caller has them, results written where the caller wants them. What marked
// a result marks its buffer; arguments that are no tensors stay.
// CHECK-LABEL: func.func @forward(
// CHECK-SAME:    %[[N:[^:]*]]: index {nn.batch}, %[[X:[^:]*]]: memref<?x3xf32> {nn.input = "x"},
// CHECK-SAME:    %[[P:[^:]*]]: memref<3xf32> {nn.prepared = 0 : i64}, %[[Y:[^:]*]]: memref<?x3xf32> {nn.output = "y"}, %[[Z:[^:]*]]: memref<?x3xf32> {nn.output = "z"}) {
// CHECK-DAG:     %[[XT:.*]] = bufferization.to_tensor %[[X]] restrict :
// CHECK-DAG:     %[[PT:.*]] = bufferization.to_tensor %[[P]] restrict :
// CHECK:         %[[YT:.*]] = nn.affine %[[XT]], %[[PT]]
// CHECK:         bufferization.materialize_in_destination %[[YT]] in restrict writable %[[Y]]
// CHECK:         bufferization.materialize_in_destination %[[XT]] in restrict writable %[[Z]]
// CHECK:         return{{$}}
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"}, %p: tensor<3xf32> {nn.prepared = 0 : i64})
    -> (tensor<?x3xf32> {nn.output = "y"}, tensor<?x3xf32> {nn.output = "z"}) {
  %0 = nn.affine %x, %p : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %0, %x : tensor<?x3xf32>, tensor<?x3xf32>
}

// The results of @prepare are numbered like the arguments of @forward that receive them.
// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    %{{[^:]*}}: memref<3xf32> {nn.param = "a/kernel"}, %{{[^:]*}}: memref<3xf32> {nn.prepared = 0 : i64}, %{{[^:]*}}: memref<3xf32> {nn.prepared = 1 : i64}) {
func.func @prepare(%w: tensor<3xf32> {nn.param = "a/kernel"}) -> (tensor<3xf32>, tensor<3xf32>) {
  %0 = nn.relu %w : tensor<3xf32>
  return %w, %0 : tensor<3xf32>, tensor<3xf32>
}

// A declaration has nothing to buffer.
// CHECK: func.func private @elsewhere(tensor<3xf32>) -> tensor<3xf32>
func.func private @elsewhere(%x: tensor<3xf32>) -> tensor<3xf32>

// A result that only changed its shape is computed into the caller's buffer, in the shape it had.
// CHECK-LABEL: func.func @flat(
// CHECK-SAME:    %[[N:[^:]*]]: index {nn.batch}, {{.*}}, %[[Y:[^:]*]]: memref<?x8xf32> {nn.output = "y"})
// CHECK:         %[[SQUARE:.*]] = memref.expand_shape %[[Y]] {{\[}}[0], [1, 2, 3]] output_shape [%[[N]], 2, 2, 2] : memref<?x8xf32> into memref<?x2x2x2xf32>
// CHECK:         %[[LINE:.*]] = memref.collapse_shape %[[SQUARE]] {{\[}}[0, 1], [2], [3]] : {{.*}} into memref<?x2x2xf32>
// CHECK:         %[[VALUE:.*]] = nn.relu
// CHECK:         bufferization.materialize_in_destination %[[VALUE]] in restrict writable %[[LINE]]
func.func @flat(%batch: index {nn.batch}, %x: tensor<?x2x2xf32> {nn.input = "x"}) -> (tensor<?x8xf32> {nn.output = "y"}) {
  %0 = nn.relu %x : tensor<?x2x2xf32>
  %1 = tensor.expand_shape %0 [[0, 1], [2], [3]] output_shape [%batch, 2, 2, 2] : tensor<?x2x2xf32> into tensor<?x2x2x2xf32>
  %2 = tensor.collapse_shape %1 [[0], [1, 2, 3]] : tensor<?x2x2x2xf32> into tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}
