// Dense 4096x4096. RUN by hand: dlc-bench test/bench/dense4096.mlir --batch 32 --threads 1,2
module attributes {nn.model = "dense4096"} {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x4096xf32> {nn.input = "x"},
                     %w: tensor<4096x4096xf32> {nn.param = "d/kernel"},
                     %b: tensor<4096xf32> {nn.param = "d/bias"})
      -> (tensor<?x4096xf32> {nn.output = "y"}) {
    %y = nn.dense %x, %w, %b
      : (tensor<?x4096xf32>, tensor<4096x4096xf32>, tensor<4096xf32>) -> tensor<?x4096xf32>
    return %y : tensor<?x4096xf32>
  }
}
