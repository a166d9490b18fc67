// What an .mlir model must be: each edit of the sound one below is refused as wrong input, at its place
// and with the reason, and nothing is written.
// RUN: rm -rf %t && mkdir %t
// RUN: dlc compile %s -o %t/sound

// RUN: sed 's/index {nn.batch}/f32 {nn.batch}/' %s > %t/1.mlir
// RUN: %exits 1 dlc compile %t/1.mlir -o %t/out | FileCheck %s --check-prefix=BATCH-TYPE
// BATCH-TYPE: 1.mlir:{{[0-9]+}}:{{[0-9]+}}: error: the argument marked nn.batch must be of type index, not 'f32'

// RUN: sed 's/%%batch: index {nn.batch}, //' %s > %t/2.mlir
// RUN: %exits 1 dlc compile %t/2.mlir -o %t/out | FileCheck %s --check-prefix=NO-BATCH
// NO-BATCH: error: a batch of any size needs an argument of type index marked nn.batch

// RUN: sed 's/%%y: tensor<.x4xf32>/%%y: tensor<?x4xf64>/' %s > %t/3.mlir
// RUN: %exits 1 dlc compile %t/3.mlir -o %t/out | FileCheck %s --check-prefix=TYPE
// TYPE: error: "y" is 'tensor<?x4xf64>', but must be a tensor of f32, ui8, i32 or i64

// RUN: sed 's/%%y: tensor<.x4xf32>/%%y: f32/' %s > %t/4.mlir
// RUN: %exits 1 dlc compile %t/4.mlir -o %t/out | FileCheck %s --check-prefix=SCALAR
// SCALAR: error: "y" is 'f32', but must be a tensor

// RUN: sed 's/%%y: tensor<.x4xf32>/%%y: tensor<f32>/' %s > %t/5.mlir
// RUN: %exits 1 dlc compile %t/5.mlir -o %t/out | FileCheck %s --check-prefix=RANK
// RANK: error: "y" is 'tensor<f32>', but its first extent must be the batch

// RUN: sed 's/%%y: tensor<.x4xf32>/%%y: tensor<2x4xf32>/' %s > %t/6.mlir
// RUN: %exits 1 dlc compile %t/6.mlir -o %t/out | FileCheck %s --check-prefix=TWO-BATCHES
// TWO-BATCHES: error: "y" is 'tensor<2x4xf32>', but all inputs and outputs must have one batch

// RUN: sed 's/{nn.input = "x"}//' %s > %t/7.mlir
// RUN: %exits 1 dlc compile %t/7.mlir -o %t/out | FileCheck %s --check-prefix=MARK
// MARK: error: argument 1 of @forward needs one of nn.batch, nn.input and nn.param

// RUN: sed 's/-> (tensor<.x3xf32>.*{/-> tensor<?x3xf32> {/' %s > %t/8.mlir
// RUN: %exits 1 dlc compile %t/8.mlir -o %t/out | FileCheck %s --check-prefix=OUTPUT
// OUTPUT: error: result 0 of @forward needs an nn.output name

// RUN: sed 's/@forward/@backward/' %s > %t/9.mlir
// RUN: %exits 1 dlc compile %t/9.mlir -o %t/out | FileCheck %s --check-prefix=NO-FORWARD
// NO-FORWARD: error: needs a function @forward

// RUN: sed 's/^module {/module { func.func private @other()/' %s > %t/10.mlir
// RUN: %exits 1 dlc compile %t/10.mlir -o %t/out | FileCheck %s --check-prefix=OTHER
// OTHER: error: 'func.func' op stands beside @forward, but is no function of a model

// RUN: echo 'func.func private @forward(tensor<?x3xf32> {nn.input = "x"})' > %t/11.mlir
// RUN: %exits 1 dlc compile %t/11.mlir -o %t/out | FileCheck %s --check-prefix=NO-BODY
// NO-BODY: error: @forward needs a body of one block

// What only the layers of a model.json have is refused rather than left out.
// RUN: %exits 1 dlc compile %s --batch 4 -o %t/out | FileCheck %s --check-prefix=STATIC
// STATIC: dlc: error: --batch cannot change '{{.*}}entry.mlir': write the batch into its types
// RUN: %exits 1 dlc compile %s --emit json | FileCheck %s --check-prefix=JSON
// JSON: dlc: error: '{{.*}}entry.mlir' has no form as JSON; --emit nn prints it
// RUN: %exits 1 dlc inspect %s | FileCheck %s --check-prefix=INSPECT
// INSPECT: dlc: error: '{{.*}}entry.mlir' names no layers to inspect; compile it and inspect the library
// RUN: not ls %t/out

module {
  func.func @forward(%batch: index {nn.batch}, %x: tensor<?x3xf32> {nn.input = "x"}, %y: tensor<?x4xf32> {nn.input = "y"}) -> (tensor<?x3xf32> {nn.output = "z"}) {
    %0 = nn.relu %x : tensor<?x3xf32>
    return %0 : tensor<?x3xf32>
  }
}
