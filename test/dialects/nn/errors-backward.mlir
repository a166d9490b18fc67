// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Messages of nn.flip_kernel and nn.interleave.

func.func @flip_groups(%k: tensor<3x3x4x6xf32>) -> tensor<3x3x1x4xf32> {
  // expected-error@+2 {{groups = 4 must divide 6 filters}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.flip_kernel %k {first = array<i64: 0, 0>, steps = array<i64: 1, 1>, groups = 4 : i64} : (tensor<3x3x4x6xf32>) -> tensor<3x3x1x4xf32>
  return %0 : tensor<3x3x1x4xf32>
}

// -----

func.func @flip_steps(%k: tensor<3x3x4x6xf32>) -> tensor<3x3x6x4xf32> {
  // expected-error@+2 {{a kernel of known size is flipped by 2 first taps and 2 steps}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.flip_kernel %k {first = array<i64: 0>, steps = array<i64: 1, 1>} : (tensor<3x3x4x6xf32>) -> tensor<3x3x6x4xf32>
  return %0 : tensor<3x3x6x4xf32>
}

// -----

func.func @flip_first(%k: tensor<3x3x4x6xf32>) -> tensor<1x3x6x4xf32> {
  // expected-error@+2 {{first taps must lie in the kernel, steps be at least 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.flip_kernel %k {first = array<i64: 3, 0>, steps = array<i64: 1, 1>} : (tensor<3x3x4x6xf32>) -> tensor<1x3x6x4xf32>
  return %0 : tensor<1x3x6x4xf32>
}

// -----

func.func @interleave_strides(%x: tensor<?x4x4x6xf32>) -> tensor<?x8x8x6xf32> {
  // expected-error@+1 {{needs 2 strides of at least 1}}
  %0 = nn.interleave %x {strides = array<i64: 2>, phases = array<i64: 0>} : (tensor<?x4x4x6xf32>) -> tensor<?x8x8x6xf32>
  return %0 : tensor<?x8x8x6xf32>
}

// -----

func.func @interleave_count(%x: tensor<?x4x4x6xf32>) -> tensor<?x8x8x6xf32> {
  // expected-error@+1 {{needs one phase for each part}}
  %0 = nn.interleave %x {strides = array<i64: 2, 2>, phases = array<i64: 0, 1>} : (tensor<?x4x4x6xf32>) -> tensor<?x8x8x6xf32>
  return %0 : tensor<?x8x8x6xf32>
}

// -----

func.func @interleave_phases(%x: tensor<?x4x4x6xf32>) -> tensor<?x8x8x6xf32> {
  // expected-error@+1 {{needs different phases of at least 0 and less than 4}}
  %0 = nn.interleave %x, %x {strides = array<i64: 2, 2>, phases = array<i64: 1, 1>} : (tensor<?x4x4x6xf32>, tensor<?x4x4x6xf32>) -> tensor<?x8x8x6xf32>
  return %0 : tensor<?x8x8x6xf32>
}

// -----

func.func @interleave_part(%x: tensor<?x4x4x6xf32>) -> tensor<?x7x8x6xf32> {
  // expected-error@+1 {{needs a part of type 'tensor<?x3x4x6xf32>' for phase 2, not 'tensor<?x4x4x6xf32>'}}
  %0 = nn.interleave %x {strides = array<i64: 2, 2>, phases = array<i64: 2>} : (tensor<?x4x4x6xf32>) -> tensor<?x7x8x6xf32>
  return %0 : tensor<?x7x8x6xf32>
}
