// RUN: dlc-opt %s --dlc-probe-layers | FileCheck %s
// RUN: dlc-opt %s --dlc-probe-layers=inputs=true | FileCheck %s --check-prefix=GIVEN

// What computes becomes an output: not the reshape, nor arithmetic of parameters alone.
// CHECK-LABEL: func.func @forward
// CHECK-SAME:    -> (tensor<?x2x4xf32> {nn.output = "result0"}, tensor<?x8xf32> {nn.output = "result1"})
// CHECK:         %[[RELU:.*]] = nn.relu
// CHECK:         %[[FLAT:.*]] = nn.reshape %[[RELU]]
// CHECK:         %[[SUM:.*]] = nn.add %[[FLAT]]
// CHECK:         return %[[RELU]], %[[SUM]]

// Each then reads what it is given.
// GIVEN-LABEL: func.func @forward
// GIVEN-SAME:    {nn.param = "w"}, %[[P:.*]]: tensor<?x2x4xf32> {nn.input = "given0"}, %{{.*}}: tensor<?x8xf32> {nn.input = "given1"})
// GIVEN:         %[[RELU:.*]] = nn.relu
// GIVEN:         nn.reshape %[[P]]
// GIVEN:         return %[[RELU]], %{{.*}}
func.func @forward(%batch: index {nn.batch}, %x: tensor<?x2x4xf32> {nn.input = "x"},
                   %w: tensor<8xf32> {nn.param = "w"}) -> (tensor<?x8xf32> {nn.output = "y"}) {
  %0 = nn.relu %x : tensor<?x2x4xf32>
  %1 = nn.reshape %0 : (tensor<?x2x4xf32>) -> tensor<?x8xf32>
  %2 = nn.exp %w : tensor<8xf32>
  %3 = nn.add %1, %1 : tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}
