// 1x1, 256 to 64 channels, 56x56, with everything around the kernel left out: blocked
// input and output. RUN by hand: dlc-bench test/bench/conv1x1_256to64at56.mlir --threads 1,2
module attributes {nn.model = "conv1x1_256to64at56"} {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x16x56x56x16xf32> {nn.input = "x"},
                     %w: tensor<2x16x1x1x16x2x16xf32> {nn.param = "w"},
                     %b: tensor<4x16xf32> {nn.param = "b"})
      -> (tensor<?x4x56x56x16xf32> {nn.output = "y"}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty(%batch) : tensor<?x4x56x56x16xf32>
    %y = kernel.conv ins(%x, %w, %b : tensor<?x16x56x56x16xf32>, tensor<2x16x1x1x16x2x16xf32>, tensor<4x16xf32>)
      outs(%e : tensor<?x4x56x56x16xf32>)
      attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>,
                  dilations = array<i64: 1, 1>, in_channels = 256 : i64,
                  rows_first, tile = #kernel.tile<rows = 12, cols = 2, unroll = 4>}
      epilogue {
      ^bb0(%a: f32):
        %r = arith.maximumf %a, %zero : f32
        kernel.yield %r : f32
      } -> tensor<?x4x56x56x16xf32>
    return %y : tensor<?x4x56x56x16xf32>
  }
}
