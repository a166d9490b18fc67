//===- Nn.td - the nn dialect: WHAT a network computes -----------*- tablegen -*-===//
// Dialect, attributes and op base classes. Each family of operators has its own .td.

#ifndef DLC_DIALECTS_NN_NN_TD
#define DLC_DIALECTS_NN_NN_TD

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/nn/NnInterfaces.td"

def Nn_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::dlc::nn";
  let summary = "Neural network operators on tensors";
  let description = [{
    Says WHAT is computed, never how. Activations are channels-last tensors whose first extent is
    the batch: `tensor<?x28x28x20xf32>`, or static after `--batch N`. Parameters are function
    arguments marked `nn.param`. Entry functions carry these attributes:

    | attribute | on | meaning |
    |---|---|---|
    | `nn.model` | module | the model's name |
    | `nn.batch` | argument 0 (index) | the value of every dynamic extent |
    | `nn.input = "image"` | argument | an input of the model |
    | `nn.param = "c1/kernel"` | argument | a tensor of the weights file |
    | `nn.trainable` / `nn.state` | parameter | the optimiser's, or running statistics |
    | `nn.output = "out"` | result, later argument | an output of the model |
    | `nn.prepared = i` | argument | a result of @prepare: its number; after planning, its byte offset |
    | `nn.prepared_bytes` | module | size of all prepared values |
    | `nn.arena` | argument (memref<?xi8>) | scratch memory of one call |
    | `nn.arena_const`, `nn.arena_batch`, `nn.arena_thread` | function | bytes of the arena: c + batch * p + threads * t |

    A model that trains has more entry functions (@loss, which differentiation turns into
    @gradients and @backward; @update; @metrics), and these attributes:

    | attribute | on | meaning |
    |---|---|---|
    | `nn.initializer = {kind = "uniform", a, b}` | parameter of @forward | its first values: `constant` a, `uniform` in [a, b), `normal` with mean a and deviation b, `truncated_normal`: the same within 2 b of the mean |
    | `nn.target = "out"` | argument of @loss | what that output should be |
    | `nn.classes = n` | target of @loss or @gradients | its labels must be in [0, n) |
    | `nn.metrics = ["loss", ...]` | @metrics | names of the numbers that it yields |
    | `nn.gradient = "c1/kernel"` | argument, result | the gradient of a parameter |
    | `nn.slot = "momentum/c1/kernel"` | argument, result of @update | a tensor of the optimiser's |
    | `nn.init = v` | slot | its first value |
    | `nn.learning_rate`, `nn.schedule = {kind = "step", gamma, power, period, minimum, warmup}` | module | the rate of each step; no kind is a constant rate |
    | `nn.place = n` | parameter, slot, gradient | its byte offset in the state |
    | `nn.state_bytes` | module | size of the state |

    In @gradients and @backward the arguments marked `nn.input` are the random numbers' counter, the
    inputs of @forward in their order, then the targets ("target of out") or output gradients.
  }];
  let useDefaultAttributePrinterParser = 1;
}

def Nn_PoolKind : I32EnumAttr<"PoolKind", "what a pooling window yields", [
    I32EnumAttrCase<"Max", 0, "max">, I32EnumAttrCase<"Avg", 1, "avg">]> {
  let cppNamespace = "::dlc::nn";
  let genSpecializedAttr = 0;
}
def Nn_PoolKindAttr : EnumAttr<Nn_Dialect, Nn_PoolKind, "pool"> {
  let assemblyFormat = "`<` $value `>`";
}

def Nn_LrnRegion : I32EnumAttr<"LrnRegion", "where a response is normalised", [
    I32EnumAttrCase<"Across", 0, "across">, I32EnumAttrCase<"Within", 1, "within">]> {
  let cppNamespace = "::dlc::nn";
  let genSpecializedAttr = 0;
}
def Nn_LrnRegionAttr : EnumAttr<Nn_Dialect, Nn_LrnRegion, "region"> {
  let assemblyFormat = "`<` $value `>`";
}

// Activations and parameters. Ops that work along the last dimension need one.
def Nn_Tensor : RankedTensorOf<[F32], [HasRankGreaterOrEqualPred<1>],
                               "ranked tensor of rank 1 or more">;
def Nn_Vector : TensorRankOf<[F32], [1]>;
def Nn_Image : TensorRankOf<[F32], [4]>;

// Every nn op is pure; its shapes are computed and checked in inferReturnTypes, so that the
// importer, the parser and every builder give the same message for the same mistake.
class Nn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Nn_Dialect, mnemonic, !listconcat([Pure, FusionRoleOpInterface],
                                           traits)>;
class Nn_InferredOp<string mnemonic, list<Trait> traits = []>
    : Nn_Op<mnemonic, !listconcat([InferTypeOpAdaptor], traits)>;

#endif // DLC_DIALECTS_NN_NN_TD
