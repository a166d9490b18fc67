// RUN: dlc-opt %s --dlc-recompute=bytes-per-sample=100 | FileCheck %s --check-prefix=TIGHT
// RUN: dlc-opt %s --dlc-recompute=bytes-per-sample=1000 | FileCheck %s --check-prefix=AMPLE
// RUN: dlc-opt %s --dlc-recompute=bytes-per-sample=100 --dlc-schedule-phase --dlc-memory-phase | FileCheck %s --check-prefix=MEMORY

// %1 (8 numbers) lives from the first op to the last beside %2 and %3 and is made from an input in one
// step: with little memory it is made again, and no later pass takes the two for one.
// TIGHT-LABEL: func.func @gradients(
// TIGHT-SAME:    %[[X:[^:]*]]: tensor<?x8xf32>
// TIGHT:         %[[Y:.*]] = nn.exp %[[X]]
// TIGHT:         nn.dense %[[Y]]
// TIGHT:         %[[B:.*]] = nn.barrier %[[X]]
// TIGHT:         %[[AGAIN:.*]] = nn.exp %[[B]]
// TIGHT:         nn.mul %[[AGAIN]],

// AMPLE-NOT:     nn.barrier

// MEMORY-LABEL: func.func @gradients(
// MEMORY:        math.exp
// MEMORY:        math.exp
// MEMORY-NOT:    nn.barrier
// MEMORY:        return
func.func @forward(%x: tensor<1xf32> {nn.input = "x"}) -> (tensor<1xf32> {nn.output = "y"}) {
  return %x : tensor<1xf32>
}
func.func @gradients(%batch: index {nn.batch}, %x: tensor<?x8xf32> {nn.input = "x"}, %w: tensor<8x20xf32> {nn.input = "w"},
                     %v: tensor<20x8xf32> {nn.input = "v"}) -> (tensor<?x8xf32> {nn.output = "y"}) {
  %1 = nn.exp %x : tensor<?x8xf32>
  %2 = nn.dense %1, %w : (tensor<?x8xf32>, tensor<8x20xf32>) -> tensor<?x20xf32>
  %3 = nn.dense %2, %v : (tensor<?x20xf32>, tensor<20x8xf32>) -> tensor<?x8xf32>
  %4 = nn.mul %1, %3 : tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}
