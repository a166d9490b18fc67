// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message of the nn dialect's shape inference and verifiers, family by family.

// Elementwise

func.func @rrelu_slopes(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{'nn.rrelu' op needs slopes from 0 on in ascending order, not 5.000000e-01 and 2.500000e-01}}
  %0 = nn.rrelu %x {lower = 0.5 : f32, upper = 0.25 : f32} : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @relu_max(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{needs a max_value of at least 0, not -1}}
  %0 = nn.relu %x {max_value = -1.0 : f32} : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @rank_0(%x: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{operand #0 must be ranked tensor of rank 1 or more of 32-bit float values}}
  %0 = nn.relu %x : tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @affine_scale(%x: tensor<?x3xf32>, %s: tensor<4xf32>) -> tensor<?x3xf32> {
  // expected-error@+2 {{scale and shift need 3 elements, the extent of the last dimension}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.affine %x, %s : (tensor<?x3xf32>, tensor<4xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @affine_shift(%x: tensor<?x3xf32>, %s: tensor<3xf32>, %t: tensor<1xf32>) -> tensor<?x3xf32> {
  // expected-error@+2 {{scale and shift need 3 elements, the extent of the last dimension}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.affine %x, %s, %t : (tensor<?x3xf32>, tensor<3xf32>, tensor<1xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @affine_dynamic(%x: tensor<?x3xf32>, %s: tensor<?xf32>) -> tensor<?x3xf32> {
  // expected-error@+2 {{a parameter needs a static shape, unlike 'tensor<?xf32>'; only the batch may vary}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.affine %x, %s : (tensor<?x3xf32>, tensor<?xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @cast_result(%x: tensor<?x3xui8>) -> tensor<?x4xf32> {
  // expected-error@+2 {{inferred type(s) 'tensor<?x3xf32>' are incompatible with return type(s) of operation 'tensor<?x4xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.cast %x : (tensor<?x3xui8>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// MatMul

func.func @dense_rank(%x: tensor<3xf32>, %k: tensor<3x2xf32>) -> tensor<2xf32> {
  // expected-error@+2 {{a dense layer needs an input of rank 2 or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.dense %x, %k : (tensor<3xf32>, tensor<3x2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @dense_features(%x: tensor<?x4xf32>, %k: tensor<3x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+2 {{the kernel takes 3 features but the input has 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.dense %x, %k : (tensor<?x4xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @dense_bias(%x: tensor<?x3xf32>, %k: tensor<3x2xf32>, %b: tensor<3xf32>) -> tensor<?x2xf32> {
  // expected-error@+2 {{the bias needs 2 elements, one a unit}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.dense %x, %k, %b : (tensor<?x3xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @dense_dynamic_kernel(%x: tensor<?x3xf32>, %k: tensor<3x?xf32>) -> tensor<?x2xf32> {
  // expected-error@+2 {{a parameter needs a static shape, unlike 'tensor<3x?xf32>'; only the batch may vary}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.dense %x, %k : (tensor<?x3xf32>, tensor<3x?xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @dense_dynamic_bias(%x: tensor<?x3xf32>, %k: tensor<3x2xf32>, %b: tensor<?xf32>) -> tensor<?x2xf32> {
  // expected-error@+2 {{a parameter needs a static shape, unlike 'tensor<?xf32>'; only the batch may vary}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.dense %x, %k, %b : (tensor<?x3xf32>, tensor<3x2xf32>, tensor<?xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @dense_dynamic_input(%x: tensor<?x?xf32>, %k: tensor<3x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+2 {{the input needs a static last dimension, unlike 'tensor<?x?xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.dense %x, %k : (tensor<?x?xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

// Norm

func.func @batch_norm_dynamic(%x: tensor<?x3xf32>, %a: tensor<3xf32>, %b: tensor<?xf32>) -> tensor<?x3xf32> {
  // expected-error@+2 {{a parameter needs a static shape, unlike 'tensor<?xf32>'; only the batch may vary}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.batch_norm %x, %a, %a, %a, %b {epsilon = 1.0e-3 : f32}
     : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<?xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @batch_norm_affine_dynamic(%a: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error@+2 {{a parameter needs a static shape, unlike 'tensor<?xf32>'; only the batch may vary}}
  // expected-error@+1 {{failed to infer returned types}}
  %0, %1 = nn.batch_norm_affine %a, %a, %a, %a {epsilon = 1.0e-3 : f32}
     : (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>)
  return %0 : tensor<?xf32>
}

// -----

func.func @batch_norm(%x: tensor<?x3xf32>, %a: tensor<3xf32>, %b: tensor<2xf32>) -> tensor<?x3xf32> {
  // expected-error@+2 {{gamma, beta, mean and variance need 3 elements, the extent of the last dimension}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.batch_norm %x, %a, %a, %a, %b {epsilon = 1.0e-3 : f32}
     : (tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @batch_norm_affine(%a: tensor<3xf32>, %b: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error@+2 {{gamma, beta, mean and variance need the same extent}}
  // expected-error@+1 {{failed to infer returned types}}
  %0, %1 = nn.batch_norm_affine %a, %a, %b, %a {epsilon = 1.0e-3 : f32}
     : (tensor<3xf32>, tensor<3xf32>, tensor<2xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  return %0 : tensor<3xf32>
}

// -----

func.func @lrn(%x: tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  // expected-error@+1 {{needs an odd window size of at least 1, not 4}}
  %0 = nn.lrn %x {size = 4, alpha = 1.0 : f32, beta = 0.75 : f32, bias = 1.0 : f32, region = #nn.region<across>}
     : tensor<?x4x4x8xf32>
  return %0 : tensor<?x4x4x8xf32>
}

// -----

// Groups

func.func @group_arguments(%x: tensor<?x3xf32>, %k: tensor<3x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{needs one body argument of the same type for each input}}
  %0 = nn.group %x, %k : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%a: tensor<3x2xf32>, %b: tensor<?x3xf32>):
    %1 = nn.dense %b, %a : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    nn.yield %1 : tensor<?x2xf32>
  }
  return %0 : tensor<?x2xf32>
}

// -----

func.func @group_result(%x: tensor<?x3xf32>, %k: tensor<3x2xf32>) -> tensor<?x5xf32> {
  // expected-error@+1 {{yields 'tensor<?x2xf32>' but returns 'tensor<?x5xf32>'}}
  %0 = nn.group %x, %k : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x5xf32> {
  ^bb0(%a: tensor<?x3xf32>, %b: tensor<3x2xf32>):
    %1 = nn.dense %a, %b : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    nn.yield %1 : tensor<?x2xf32>
  }
  return %0 : tensor<?x5xf32>
}

// -----

func.func @group_anchor(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %0 = nn.group %x : (tensor<?x3xf32>) -> tensor<?x3xf32> {
  ^bb0(%a: tensor<?x3xf32>):
    // expected-error@+1 {{'nn.relu' op cannot be the anchor of a group}}
    %1 = nn.relu %a : tensor<?x3xf32>
    nn.yield %1 : tensor<?x3xf32>
  }
  return %0 : tensor<?x3xf32>
}

// -----

func.func @group_epilogue(%x: tensor<?x3xf32>, %k: tensor<3x2xf32>) -> tensor<?x2xf32> {
  %0 = nn.group %x, %k : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%a: tensor<?x3xf32>, %b: tensor<3x2xf32>):
    %1 = nn.dense %a, %b : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    // expected-error@+1 {{'nn.softmax' op cannot stand in a group's epilogue}}
    %2 = nn.softmax %1 : tensor<?x2xf32>
    nn.yield %2 : tensor<?x2xf32>
  }
  return %0 : tensor<?x2xf32>
}

// -----

func.func @group_chain(%x: tensor<?x3xf32>, %k: tensor<3x3xf32>) -> tensor<?x3xf32> {
  %0 = nn.group %x, %k : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32> {
  ^bb0(%a: tensor<?x3xf32>, %b: tensor<3x3xf32>):
    %1 = nn.dense %a, %b : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
    // expected-error@+1 {{must read the op before it in the group}}
    %2 = nn.relu %a : tensor<?x3xf32>
    nn.yield %2 : tensor<?x3xf32>
  }
  return %0 : tensor<?x3xf32>
}

// -----

func.func @group_last(%x: tensor<?x3xf32>, %k: tensor<3x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{must yield its last op}}
  %0 = nn.group %x, %k : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%a: tensor<?x3xf32>, %b: tensor<3x2xf32>):
    %1 = nn.dense %a, %b : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    %2 = nn.relu %1 : tensor<?x2xf32>
    nn.yield %1 : tensor<?x2xf32>
  }
  return %0 : tensor<?x2xf32>
}

// -----

func.func @group_terminator(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // expected-error@+2 {{expects regions to end with 'nn.yield', found 'llvm.unreachable'}}
  // expected-note@+1 {{in custom textual format, the absence of terminator implies 'nn.yield'}}
  %0 = nn.group %x : (tensor<?x3xf32>) -> tensor<?x3xf32> {
  ^bb0(%a: tensor<?x3xf32>):
    llvm.unreachable
  }
  return %0 : tensor<?x3xf32>
}

// -----

func.func @yield_outside(%x: tensor<?x3xf32>) {
  // expected-error@+1 {{expects parent op to be one of 'nn.group, nn.map'}}
  nn.yield %x : tensor<?x3xf32>
}

// -----

// Loss

func.func @normalized_logits(%x: tensor<?x3xf32>, %t: tensor<?xi32>) -> tensor<?xf32> {
  // expected-error@+2 {{normalizes probabilities, not logits}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.cross_entropy %x, %t {from_logits, normalize} : (tensor<?x3xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
