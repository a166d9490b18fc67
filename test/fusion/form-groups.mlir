// RUN: dlc-opt %s --dlc-form-groups | FileCheck %s

// Convolution, residual and ReLU are one group; the residual is an input.
// CHECK-LABEL: func.func @residual(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x4x4x3xf32>, %[[K:[^:]*]]: {{.*}}, %[[B:[^:]*]]: tensor<3xf32>
// CHECK:         %[[Y:.*]] = nn.group %[[X]], %[[K]], %[[B]] :
// CHECK-NEXT:    ^bb0(%[[IN:.*]]: tensor<?x4x4x3xf32>, %{{.*}}, %{{.*}}):
// CHECK-NEXT:      %[[SUM:.*]] = nn.conv2d %[[IN]]
// CHECK-NEXT:      %[[ADD:.*]] = nn.add %[[SUM]], %[[IN]]
// CHECK-NEXT:      %[[RELU:.*]] = nn.relu %[[ADD]]
// CHECK-NEXT:      nn.yield %[[RELU]]
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[Y]]
func.func @residual(%x: tensor<?x4x4x3xf32>, %k: tensor<1x1x3x3xf32>, %b: tensor<3xf32>) -> tensor<?x4x4x3xf32> {
  %0 = nn.conv2d %x, %k, %b {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x4x4x3xf32>, tensor<1x1x3x3xf32>, tensor<3xf32>) -> tensor<?x4x4x3xf32>
  %1 = nn.add %0, %x : tensor<?x4x4x3xf32>
  %2 = nn.relu %1 : tensor<?x4x4x3xf32>
  return %2 : tensor<?x4x4x3xf32>
}

// Of two anchors added, the first takes the sum and stands behind the second. What both read is one
// input of each.
// CHECK-LABEL: func.func @two_anchors(
// CHECK:         %[[SECOND:.*]] = nn.group %[[X:.*]], %[[K:.*]] :
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      nn.dense
// CHECK-NEXT:      nn.yield
// CHECK:         nn.group %[[X]], %[[K]], %[[SECOND]] :
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      nn.dense
// CHECK-NEXT:      nn.add
// CHECK-NEXT:      nn.yield
func.func @two_anchors(%x: tensor<?x3xf32>, %k: tensor<3x3xf32>) -> tensor<?x3xf32> {
  %0 = nn.dense %x, %k : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  %1 = nn.dense %x, %k : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  %2 = nn.add %0, %1 : tensor<?x3xf32>
  return %2 : tensor<?x3xf32>
}

// A batch normalisation behind the ReLU was left as an affine map; it joins.
// CHECK-LABEL: func.func @late_affine(
// CHECK:         nn.group
// CHECK:           nn.dense
// CHECK-NEXT:      nn.relu
// CHECK-NEXT:      nn.affine
// CHECK-NEXT:      nn.yield
func.func @late_affine(%x: tensor<?x3xf32>, %k: tensor<3x3xf32>, %p: tensor<3xf32>) -> tensor<?x3xf32> {
  %0 = nn.dense %x, %k : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  %1 = nn.relu %0 : tensor<?x3xf32>
  %2 = nn.affine %1, %p, %p : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %2 : tensor<?x3xf32>
}

// A group ends at a value with two readers, even where both are one op, and at what is not elementwise.
// CHECK-LABEL: func.func @ends(
// CHECK:         %[[A:.*]] = nn.group
// CHECK:           nn.relu
// CHECK-NEXT:      nn.yield
// CHECK:         nn.mul %[[A]], %[[A]]
// CHECK:         %[[B:.*]] = nn.group
// CHECK:           nn.dense
// CHECK-NEXT:      nn.yield
// CHECK:         nn.softmax %[[B]]
// CHECK:         %[[C:.*]] = nn.group
// CHECK:           nn.dense
// CHECK-NEXT:      nn.yield
// CHECK:         nn.reshape %[[C]]
// CHECK:         nn.relu
func.func @ends(%x: tensor<?x3xf32>, %k: tensor<3x3xf32>) -> tensor<?x1x3xf32> {
  %0 = nn.dense %x, %k : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  %1 = nn.relu %0 : tensor<?x3xf32>
  %2 = nn.mul %1, %1 : tensor<?x3xf32>
  %3 = nn.dense %2, %k : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  %4 = nn.softmax %3 : tensor<?x3xf32>
  %5 = nn.dense %4, %k : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  %6 = nn.reshape %5 : (tensor<?x3xf32>) -> tensor<?x1x3xf32>
  %7 = nn.relu %6 : tensor<?x1x3xf32>
  return %7 : tensor<?x1x3xf32>
}
