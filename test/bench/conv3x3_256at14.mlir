// 3x3, 256 channels, 14x14, with everything around the kernel left out: blocked
// input and output. RUN by hand: dlc-bench test/bench/conv3x3_256at14.mlir --threads 1,2
module attributes {nn.model = "conv3x3_256at14"} {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x16x14x14x16xf32> {nn.input = "x"},
                     %w: tensor<8x16x3x3x16x2x16xf32> {nn.param = "w"},
                     %b: tensor<16x16xf32> {nn.param = "b"})
      -> (tensor<?x16x14x14x16xf32> {nn.output = "y"}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty(%batch) : tensor<?x16x14x14x16xf32>
    %y = kernel.conv ins(%x, %w, %b : tensor<?x16x14x14x16xf32>, tensor<8x16x3x3x16x2x16xf32>, tensor<16x16xf32>)
      outs(%e : tensor<?x16x14x14x16xf32>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>,
                  dilations = array<i64: 1, 1>, in_channels = 256 : i64,
                  tile = #kernel.tile<rows = 7, cols = 2, unroll = 4>}
      epilogue {
      ^bb0(%a: f32):
        %r = arith.maximumf %a, %zero : f32
        kernel.yield %r : f32
      } -> tensor<?x16x14x14x16xf32>
    return %y : tensor<?x16x14x14x16xf32>
  }
}
