// RUN: dlc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @reshape_to_itself
// CHECK-SAME:    %[[X:.*]]: tensor<?x2x3xf32>
// CHECK-NEXT:    return %[[X]]
func.func @reshape_to_itself(%x: tensor<?x2x3xf32>) -> tensor<?x2x3xf32> {
  %0 = nn.reshape %x : (tensor<?x2x3xf32>) -> tensor<?x2x3xf32>
  return %0 : tensor<?x2x3xf32>
}

// CHECK-LABEL: func.func @reshapes_merge
// CHECK-SAME:    %[[X:.*]]: tensor<?x2x6xf32>
// CHECK-NEXT:    %[[Y:.*]] = nn.reshape %[[X]] : (tensor<?x2x6xf32>) -> tensor<?x4x3xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @reshapes_merge(%x: tensor<?x2x6xf32>) -> tensor<?x4x3xf32> {
  %0 = nn.reshape %x : (tensor<?x2x6xf32>) -> tensor<?x12xf32>
  %1 = nn.reshape %0 : (tensor<?x12xf32>) -> tensor<?x4x3xf32>
  return %1 : tensor<?x4x3xf32>
}

// CHECK-LABEL: func.func @reshape_there_and_back
// CHECK-SAME:    %[[X:.*]]: tensor<?x2x6xf32>
// CHECK-NEXT:    return %[[X]]
func.func @reshape_there_and_back(%x: tensor<?x2x6xf32>) -> tensor<?x2x6xf32> {
  %0 = nn.reshape %x : (tensor<?x2x6xf32>) -> tensor<?x12xf32>
  %1 = nn.reshape %0 : (tensor<?x12xf32>) -> tensor<?x2x6xf32>
  return %1 : tensor<?x2x6xf32>
}

// CHECK-LABEL: func.func @dropout_of_nothing
// CHECK-SAME:    %[[X:.*]]: tensor<?x3xf32>
// CHECK-NEXT:    return %[[X]]
func.func @dropout_of_nothing(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %0 = nn.dropout %x {rate = 0.0 : f32} : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// A real dropout stays: training needs it.
// CHECK-LABEL: func.func @dropout_stays
// CHECK:         nn.dropout
func.func @dropout_stays(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %0 = nn.dropout %x {rate = 0.5 : f32} : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// Every op is pure: what nobody reads goes, a group as a whole.
// CHECK-LABEL: func.func @unused
// CHECK-NEXT:    return
func.func @unused(%x: tensor<?x3xf32>, %k: tensor<3x3xf32>) {
  %0 = nn.group %x, %k : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32> {
  ^bb0(%a: tensor<?x3xf32>, %b: tensor<3x3xf32>):
    %1 = nn.dense %a, %b : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
    nn.yield %1 : tensor<?x3xf32>
  }
  %2 = nn.softmax %0 : tensor<?x3xf32>
  return
}
