// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message of the ops that move data.

func.func @reshape_static(%x: tensor<2x3xf32>) -> tensor<7xf32> {
  // expected-error@+1 {{cannot shape 6 elements as 7}}
  %0 = nn.reshape %x : (tensor<2x3xf32>) -> tensor<7xf32>
  return %0 : tensor<7xf32>
}

// -----

func.func @reshape_sample(%x: tensor<?x2x3xf32>) -> tensor<?x7xf32> {
  // expected-error@+1 {{cannot shape 6 elements a sample as 7}}
  %0 = nn.reshape %x : (tensor<?x2x3xf32>) -> tensor<?x7xf32>
  return %0 : tensor<?x7xf32>
}

// -----

func.func @reshape_batch(%x: tensor<?x2x3xf32>) -> tensor<6x?xf32> {
  // expected-error@+1 {{keeps the batch as its only dynamic, first dimension}}
  %0 = nn.reshape %x : (tensor<?x2x3xf32>) -> tensor<6x?xf32>
  return %0 : tensor<6x?xf32>
}

// -----

func.func @pad_entries(%x: tensor<?x3xf32>) -> tensor<?x4xf32> {
  // expected-error@+2 {{low and high need 2 entries, one a dimension}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.pad %x {low = array<i64: 0, 1>, high = array<i64: 0>} : (tensor<?x3xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

func.func @pad_negative(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  // expected-error@+2 {{padding must be at least 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.pad %x {low = array<i64: 0, -1>, high = array<i64: 0, 0>} : (tensor<?x3xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @pad_batch(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // expected-error@+2 {{the batch dimension cannot be padded}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.pad %x {low = array<i64: 1, 0>, high = array<i64: 0, 0>} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @concat_nothing() -> tensor<?x3xf32> {
  // expected-error@+2 {{a concatenation needs at least one input}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.concat {axis = 1 : i64} : () -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @concat_axis(%x: tensor<?x3xf32>) -> tensor<?x6xf32> {
  // expected-error@+2 {{axis 2 must lie between 1 and 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.concat %x, %x {axis = 2 : i64} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}

// -----

func.func @concat_batch(%x: tensor<3x?xf32>) -> tensor<3x?xf32> {
  // expected-error@+2 {{inputs cannot be concatenated along the batch}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.concat %x, %x {axis = 1 : i64} : (tensor<3x?xf32>, tensor<3x?xf32>) -> tensor<3x?xf32>
  return %0 : tensor<3x?xf32>
}

// -----

func.func @concat_ranks(%x: tensor<?x3xf32>, %y: tensor<?x3x1xf32>) -> tensor<?x6xf32> {
  // expected-error@+2 {{inputs of rank 2 and 3 cannot be concatenated}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.concat %x, %y {axis = 1 : i64} : (tensor<?x3xf32>, tensor<?x3x1xf32>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}

// -----

func.func @concat_shapes(%x: tensor<?x3x4xf32>, %y: tensor<?x3x5xf32>) -> tensor<?x6x4xf32> {
  // expected-error@+2 {{inputs may differ along axis 1 only, but 'tensor<?x3x4xf32>' and 'tensor<?x3x5xf32>' differ elsewhere}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.concat %x, %y {axis = 1 : i64} : (tensor<?x3x4xf32>, tensor<?x3x5xf32>) -> tensor<?x6x4xf32>
  return %0 : tensor<?x6x4xf32>
}

// -----

func.func @transpose_twice(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // expected-error@+2 {{perm must name each dimension of the input once}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.transpose %x {perm = array<i64: 0, 0>} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @transpose_missing(%x: tensor<?x3xf32>) -> tensor<?xf32> {
  // expected-error@+2 {{perm must name each dimension of the input once}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.transpose %x {perm = array<i64: 0>} : (tensor<?x3xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @dropout(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // expected-error@+1 {{needs a rate in [0, 1), not 1}}
  %0 = nn.dropout %x {rate = 1.0 : f32} : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
