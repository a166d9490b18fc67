// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// Every message about sliding windows: convolutions and pooling.

func.func @conv_groups(%x: tensor<?x5x5x3xf32>, %k: tensor<3x3x1x4xf32>) -> tensor<?x3x3x4xf32> {
  // expected-error@+2 {{groups = 2 must divide 3 input channels and 4 filters}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64}
     : (tensor<?x5x5x3xf32>, tensor<3x3x1x4xf32>) -> tensor<?x3x3x4xf32>
  return %0 : tensor<?x3x3x4xf32>
}

// -----

func.func @conv_channels(%x: tensor<?x5x5x3xf32>, %k: tensor<3x3x1x4xf32>) -> tensor<?x3x3x4xf32> {
  // expected-error@+2 {{the kernel takes 1 channels a group but the input has 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x5x3xf32>, tensor<3x3x1x4xf32>) -> tensor<?x3x3x4xf32>
  return %0 : tensor<?x3x3x4xf32>
}

// -----

func.func @conv_bias(%x: tensor<?x5x5x3xf32>, %k: tensor<3x3x3x4xf32>, %b: tensor<3xf32>) -> tensor<?x3x3x4xf32> {
  // expected-error@+2 {{the bias needs 4 elements, one an output channel}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.conv2d %x, %k, %b {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x5x3xf32>, tensor<3x3x3x4xf32>, tensor<3xf32>) -> tensor<?x3x3x4xf32>
  return %0 : tensor<?x3x3x4xf32>
}

// -----

func.func @conv_counts(%x: tensor<?x5x5x3xf32>, %k: tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32> {
  // expected-error@+2 {{a window needs 2 sizes, 2 strides, 2 dilations and 4 paddings}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.conv2d %x, %k {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x5x3xf32>, tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32>
  return %0 : tensor<?x3x3x4xf32>
}

// -----

func.func @conv_stride(%x: tensor<?x5x5x3xf32>, %k: tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32> {
  // expected-error@+2 {{window, stride and dilation must be at least 1, padding at least 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.conv2d %x, %k {strides = array<i64: 0, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x5x3xf32>, tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32>
  return %0 : tensor<?x3x3x4xf32>
}

// -----

func.func @conv_fit(%x: tensor<?x5x4x3xf32>, %k: tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32> {
  // expected-error@+2 {{a window of width 7 does not fit an image of width 4 with padding 1 and 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 3, 3>}
     : (tensor<?x5x4x3xf32>, tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32>
  return %0 : tensor<?x3x3x4xf32>
}

// -----

func.func @conv_dynamic(%x: tensor<?x?x5x3xf32>, %k: tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32> {
  // expected-error@+2 {{an image needs a static height}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x?x5x3xf32>, tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32>
  return %0 : tensor<?x3x3x4xf32>
}

// -----

func.func @conv_dynamic_kernel(%x: tensor<?x5x5x3xf32>, %k: tensor<3x?x3x4xf32>) -> tensor<?x3x3x4xf32> {
  // expected-error@+2 {{a parameter needs a static shape, unlike 'tensor<3x?x3x4xf32>'; only the batch may vary}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x5x3xf32>, tensor<3x?x3x4xf32>) -> tensor<?x3x3x4xf32>
  return %0 : tensor<?x3x3x4xf32>
}

// -----

func.func @conv_dynamic_channels(%x: tensor<?x5x5x?xf32>, %k: tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32> {
  // expected-error@+2 {{the input needs a static last dimension, unlike 'tensor<?x5x5x?xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x5x?xf32>, tensor<3x3x3x4xf32>) -> tensor<?x3x3x4xf32>
  return %0 : tensor<?x3x3x4xf32>
}

// -----

func.func @depthwise_dynamic_bias(%x: tensor<?x5x5x3xf32>, %k: tensor<3x3x3x1xf32>, %b: tensor<?xf32>) -> tensor<?x3x3x3xf32> {
  // expected-error@+2 {{a parameter needs a static shape, unlike 'tensor<?xf32>'; only the batch may vary}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.depthwise_conv2d %x, %k, %b {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x5x3xf32>, tensor<3x3x3x1xf32>, tensor<?xf32>) -> tensor<?x3x3x3xf32>
  return %0 : tensor<?x3x3x3xf32>
}

// -----

func.func @depthwise(%x: tensor<?x5x5x3xf32>, %k: tensor<3x3x2x1xf32>) -> tensor<?x3x3x3xf32> {
  // expected-error@+2 {{the kernel takes 2 channels but the input has 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.depthwise_conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x5x5x3xf32>, tensor<3x3x2x1xf32>) -> tensor<?x3x3x3xf32>
  return %0 : tensor<?x3x3x3xf32>
}

// -----

func.func @pool_padding(%x: tensor<?x5x5x3xf32>) -> tensor<?x4x4x3xf32> {
  // expected-error@+2 {{padding 2 must be smaller than the pooling window 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.pool2d %x {kind = #nn.pool<max>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 1, 2, 1, 1>}
     : (tensor<?x5x5x3xf32>) -> tensor<?x4x4x3xf32>
  return %0 : tensor<?x4x4x3xf32>
}

// -----

func.func @global_pool(%x: tensor<?x?x5x3xf32>) -> tensor<?x3xf32> {
  // expected-error@+2 {{an image needs a static height and width}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = nn.global_pool2d %x {kind = #nn.pool<avg>} : (tensor<?x?x5x3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
