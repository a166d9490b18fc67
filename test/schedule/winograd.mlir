// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=march=x86-64-v3 --split-input-file | FileCheck %s --check-prefix=V3
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=winograd=never --split-input-file | FileCheck %s --check-prefix=NEVER
// RUN: dlc-opt %s --dlc-form-groups --dlc-schedule=winograd=f2 --split-input-file | FileCheck %s --check-prefix=F2

// NEVER-NOT: kernel.winograd

// 14x14 outputs are 16 tiles of 4x4, in 17 slots; the residual and the activation come with the output.
// CHECK-LABEL: func.func @chosen(
// CHECK:         %[[U:.*]] = kernel.winograd_weights ins(%{{.*}} : tensor<3x3x64x64xf32>) outs(%{{.*}} : tensor<36x2x64x2x16xf32>) {tile_size = 4
// CHECK:         %[[V:.*]] = kernel.winograd_input ins(%{{.*}} : tensor<?x4x14x14x16xf32>) outs(%{{.*}} : tensor<?x4x36x17x16xf32>) {padding = array<i64: 1, 1, 1, 1>, tile_size = 4
// CHECK:         %[[M:.*]] = kernel.winograd_gemm ins(%[[V]], %[[U]] : {{.*}}) {depth = 64 : i64, tile = #kernel.tile<rows = {{[0-9]+}}, cols = 2, unroll = 4>, tile_size = 4 : i64, tiles = 16
// CHECK:         kernel.winograd_output ins(%[[M]], %{{.*}}, %{{.*}} : {{.*}}) outs(%{{.*}} : tensor<?x4x14x14x16xf32>)
// CHECK-SAME:    kernel.estimate = {direct = {{[0-9]+}} : i64, f2 = {{[0-9]+}} : i64, f4 = {{[0-9]+}} : i64, f6 = {{[0-9]+}} : i64}
// CHECK-NEXT:    ^bb0(%[[SUM:.*]]: f32, %[[RES:.*]]: f32):
// CHECK:           arith.addf %[[SUM]], %[[RES]]
// V3-LABEL:    func.func @chosen(
// V3:            kernel.winograd_input {{.*}} tensor<?x8x36x17x8xf32>
// F2-LABEL:    func.func @chosen(
// F2:            kernel.winograd_input {{.*}} tensor<?x4x16x49x16xf32>) {{.*}} tile_size = 2
func.func @chosen(%batch: index {nn.batch}, %x: tensor<?x14x14x64xf32>, %k: tensor<3x3x64x64xf32>, %b: tensor<64xf32>) -> tensor<?x14x14x64xf32> {
  %0 = nn.conv2d %x, %k, %b {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x14x14x64xf32>, tensor<3x3x64x64xf32>, tensor<64xf32>) -> tensor<?x14x14x64xf32>
  %1 = nn.add %0, %x : tensor<?x14x14x64xf32>
  %2 = nn.relu %1 : tensor<?x14x14x64xf32>
  return %2 : tensor<?x14x14x64xf32>
}

// -----

// On 7x7 with many channels the weights of 36 points are too many bytes: 16 points.
// CHECK-LABEL: func.func @small(
// CHECK:         kernel.winograd_input {{.*}} tile_size = 2
func.func @small(%batch: index {nn.batch}, %x: tensor<?x7x7x512xf32>, %k: tensor<3x3x512x512xf32>) -> tensor<?x7x7x512xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x7x7x512xf32>, tensor<3x3x512x512xf32>) -> tensor<?x7x7x512xf32>
  return %0 : tensor<?x7x7x512xf32>
}

// -----

// Where direct sums win: one output, few channels in.
// CHECK-LABEL: func.func @direct(
// CHECK-NOT:     kernel.winograd
// CHECK:         return
// F2-LABEL:    func.func @direct(
// F2-COUNT-2:    kernel.winograd_output
func.func @direct(%batch: index {nn.batch}, %x: tensor<?x3x3x32xf32>, %k: tensor<3x3x32x32xf32>, %y: tensor<?x28x28x3xf32>, %l: tensor<3x3x3x16xf32>) -> (tensor<?x1x1x32xf32>, tensor<?x28x28x16xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x3x3x32xf32>, tensor<3x3x32x32xf32>) -> tensor<?x1x1x32xf32>
  %1 = nn.conv2d %y, %l {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x28x28x3xf32>, tensor<3x3x3x16xf32>) -> tensor<?x28x28x16xf32>
  return %0, %1 : tensor<?x1x1x32xf32>, tensor<?x28x28x16xf32>
}

// -----

// Strides beyond 2, dilations, groups and other windows have no Winograd form, even where it is asked for.
// F2-LABEL: func.func @impossible(
// F2-NOT:     kernel.winograd
// F2:         return
func.func @impossible(%batch: index {nn.batch}, %x: tensor<?x28x28x32xf32>, %k: tensor<3x3x32x32xf32>, %g: tensor<3x3x16x32xf32>, %p: tensor<1x1x32x32xf32>)
    -> (tensor<?x9x9x32xf32>, tensor<?x24x24x32xf32>, tensor<?x26x26x32xf32>, tensor<?x28x28x32xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 3, 3>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x28x28x32xf32>, tensor<3x3x32x32xf32>) -> tensor<?x9x9x32xf32>
  %1 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 2, 2>}
     : (tensor<?x28x28x32xf32>, tensor<3x3x32x32xf32>) -> tensor<?x24x24x32xf32>
  %2 = nn.conv2d %x, %g {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64}
     : (tensor<?x28x28x32xf32>, tensor<3x3x16x32xf32>) -> tensor<?x26x26x32xf32>
  %3 = nn.conv2d %x, %p {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x28x28x32xf32>, tensor<1x1x32x32xf32>) -> tensor<?x28x28x32xf32>
  return %0, %1, %2, %3 : tensor<?x9x9x32xf32>, tensor<?x24x24x32xf32>, tensor<?x26x26x32xf32>, tensor<?x28x28x32xf32>
}

// -----

// The points of a large image would go through memory: one kernel, 361 tiles in 10 blocks of 36 or 37.
// CHECK-LABEL: func.func @large(
// CHECK-NOT:     kernel.winograd_input
// CHECK:         kernel.winograd ins({{.*}} : tensor<?x4x112x112x16xf32>, tensor<64x{{.*}}) outs(%{{.*}} : tensor<?x4x112x112x16xf32>) attributes {blocks = 10 : i64, in_channels = 64 : i64
// CHECK:           arith.maximumf
func.func @large(%batch: index {nn.batch}, %x: tensor<?x112x112x64xf32>, %k: tensor<3x3x64x64xf32>) -> tensor<?x112x112x64xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x112x112x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x112x112x64xf32>
  %1 = nn.relu %0 : tensor<?x112x112x64xf32>
  return %1 : tensor<?x112x112x64xf32>
}

// -----

// 25 tiles of 6x6 outputs have fewer points together than 49 of 4x4; 16 and 9 tiles of a smaller image as many.
// CHECK-LABEL: func.func @six(
// CHECK:         kernel.winograd_input {{.*}} outs(%{{.*}} : tensor<?x8x64x25x16xf32>) {padding = array<i64: 1, 1, 1, 1>, tile_size = 6 : i64}
// CHECK:         kernel.winograd_gemm {{.*}}tile_size = 6 : i64, tiles = 25
func.func @six(%batch: index {nn.batch}, %x: tensor<?x28x28x128xf32>, %k: tensor<3x3x128x128xf32>) -> tensor<?x28x28x128xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x28x28x128xf32>, tensor<3x3x128x128xf32>) -> tensor<?x28x28x128xf32>
  return %0 : tensor<?x28x28x128xf32>
}

// -----

// Windows of 5x5 have as many points in tiles of 4x4 as those of 3x3 in tiles of 6x6, and no form for larger ones.
// CHECK-LABEL: func.func @five(
// CHECK:         kernel.winograd_weights ins(%{{.*}} : tensor<5x5x64x192xf32>) outs(%{{.*}} : tensor<64x6x64x2x16xf32>) {tile_size = 4 : i64, window = 5 : i64}
// CHECK:         kernel.winograd_output {{.*}}kernel.estimate = {direct = {{[0-9]+}} : i64, f2 = {{[0-9]+}} : i64, f4 = {{[0-9]+}} : i64}, tile_size = 4 : i64, window = 5 : i64}
// F2-LABEL:    func.func @five(
// F2:            kernel.winograd_weights {{.*}} outs(%{{.*}} : tensor<36x6x64x2x16xf32>) {tile_size = 2 : i64, window = 5 : i64}
func.func @five(%batch: index {nn.batch}, %x: tensor<?x27x27x64xf32>, %k: tensor<5x5x64x192xf32>) -> tensor<?x27x27x192xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>}
     : (tensor<?x27x27x64xf32>, tensor<5x5x64x192xf32>) -> tensor<?x27x27x192xf32>
  return %0 : tensor<?x27x27x192xf32>
}

// -----

// Few weights of a small network: cores read all of them, and nothing that another wrote. 64 tiles in 4 blocks, 16 in 2; four of 4
// would not fill a register tile. Where weights are many, cores share them.
// CHECK-LABEL: func.func @near(
// CHECK:         kernel.winograd ins({{.*}}blocks = 4 : i64, {{.*}}rows = 16, cols = 1, {{.*}}tile_size = 4 : i64
// CHECK:         kernel.winograd ins({{.*}}blocks = 2 : i64, {{.*}}rows = 8, cols = 2, {{.*}}tile_size = 4 : i64
// CHECK:         kernel.winograd_input
func.func @near(%batch: index {nn.batch}, %x: tensor<?x32x32x16xf32>, %k: tensor<3x3x16x16xf32> {nn.param = "k"}, %y: tensor<?x16x16x32xf32>, %l: tensor<3x3x32x32xf32> {nn.param = "l"},
                %z: tensor<?x8x8x64xf32>, %m: tensor<3x3x64x64xf32> {nn.param = "m"}) -> (tensor<?x32x32x16xf32>, tensor<?x16x16x32xf32>, tensor<?x8x8x64xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x32x32x16xf32>, tensor<3x3x16x16xf32>) -> tensor<?x32x32x16xf32>
  %1 = nn.conv2d %y, %l {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x16x16x32xf32>, tensor<3x3x32x32xf32>) -> tensor<?x16x16x32xf32>
  %2 = nn.conv2d %z, %m {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x8x8x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x8x8x64xf32>
  return %0, %1, %2 : tensor<?x32x32x16xf32>, tensor<?x16x16x32xf32>, tensor<?x8x8x64xf32>
}

// -----

// The points of a block of 6x6 tiles would not stay in the cache while all output channels read them.
// CHECK-LABEL: func.func @deep(
// CHECK:         kernel.winograd ins({{.*}}blocks = 8 : i64, {{.*}}tile_size = 4 : i64
func.func @deep(%batch: index {nn.batch}, %x: tensor<?x56x56x256xf32>, %k: tensor<3x3x256x256xf32>) -> tensor<?x56x56x256xf32> {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x56x56x256xf32>, tensor<3x3x256x256xf32>) -> tensor<?x56x56x256xf32>
  return %0 : tensor<?x56x56x256xf32>
}

// -----

// One channel: tiles are the lanes, and there is no product to sum. So few filters that pixels share a vector
// take direct sums.
// CHECK-LABEL: func.func @plane(
// CHECK:         kernel.winograd_weights {{.*}} outs(%{{.*}} : tensor<64x2x1x1x16xf32>)
// CHECK:         kernel.winograd_plane ins(%{{.*}} : tensor<?x1x28x28x1xf32>, {{.*}}tile_size = 4 : i64, window = 5 : i64
// CHECK:         kernel.conv
func.func @plane(%batch: index {nn.batch}, %x: tensor<?x28x28x1xf32>, %k: tensor<5x5x1x20xf32>, %l: tensor<5x5x1x6xf32>)
    -> (tensor<?x24x24x20xf32>, tensor<?x24x24x6xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x28x28x1xf32>, tensor<5x5x1x20xf32>) -> tensor<?x24x24x20xf32>
  %1 = nn.conv2d %x, %l {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
     : (tensor<?x28x28x1xf32>, tensor<5x5x1x6xf32>) -> tensor<?x24x24x6xf32>
  return %0, %1 : tensor<?x24x24x20xf32>, tensor<?x24x24x6xf32>
}

// -----

// With a stride of 2 four phases of the image, of two taps a dimension or one: 9 x 9 planes for 5 x 5 points. The
// weights of more channels are too many for so few tiles.
// CHECK-LABEL: func.func @strided(
// CHECK:         kernel.winograd_input {{.*}} outs(%{{.*}} : tensor<?x8x81x49x16xf32>) {{{.*}}stride = 2 : i64, tile_size = 4 : i64}
// CHECK:         kernel.winograd_gemm ins(%{{.*}} : tensor<?x8x81x49x16xf32>, tensor<81x4x128x2x16xf32>) outs(%{{.*}} : tensor<?x8x25x49x16xf32>)
// CHECK:         kernel.winograd_output ins({{.*}} outs(%{{.*}} : tensor<?x8x28x28x16xf32>) attributes {{{.*}}tile_size = 4 : i64, window = 2 : i64}
// CHECK:         kernel.conv
func.func @strided(%batch: index {nn.batch}, %x: tensor<?x56x56x128xf32>, %k: tensor<3x3x128x128xf32>,
                   %y: tensor<?x14x14x512xf32>, %l: tensor<3x3x512x512xf32>) -> (tensor<?x28x28x128xf32>, tensor<?x7x7x512xf32>) {
  %0 = nn.conv2d %x, %k {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x56x56x128xf32>, tensor<3x3x128x128xf32>) -> tensor<?x28x28x128xf32>
  %1 = nn.conv2d %y, %l {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
     : (tensor<?x14x14x512xf32>, tensor<3x3x512x512xf32>) -> tensor<?x7x7x512xf32>
  return %0, %1 : tensor<?x28x28x128xf32>, tensor<?x7x7x512xf32>
}
