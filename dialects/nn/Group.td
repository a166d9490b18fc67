//===- Group.td - ops with a body: fused groups and maps ---------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_GROUP_TD
#define DLC_DIALECTS_NN_GROUP_TD

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "dialects/nn/Nn.td"

def Nn_YieldOp : Op<Nn_Dialect, "yield", [Pure, Terminator, ReturnLike, ParentOneOf<["GroupOp", "MapOp"]>]> {
  let summary = "ends a group or a map";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Nn_GroupOp : Op<Nn_Dialect, "group",
    [Pure, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "ops that one kernel computes: an anchor and its epilogue";
  let description = [{
    The first op of the body is the anchor (a convolution or a dense layer); each later op is
    elementwise and reads the op before it, so that it can be computed on the anchor's registers.
    Further operands (a residual, a scale) are group inputs.
  }];
  let arguments = (ins Variadic<AnyType>:$inputs);
  let results = (outs Nn_Tensor:$y);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The heavy op that the group is built around.
    ::mlir::Operation *getAnchor() { return &getBody().front().front(); }
  }];
}

def Nn_MapOp : Op<Nn_Dialect, "map", [Pure, FusionRoleOpInterface, IsolatedFromAbove,
                                     SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "any elementwise function of its inputs";
  let description = [{
    The body computes one element of the result from one element of each input, in arith and math
    ops on scalars without control flow. An input has the result's shape, or is a vector along the
    last dimension, or a single number, tensor<1xf32>. Gradients, losses and optimiser rules are
    maps; the gradient of a map is derived from its body.

    ```
    %y = nn.map %x, %scale : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32> {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.mulf %a, %b : f32
      nn.yield %0 : f32
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs);
  let results = (outs Nn_Tensor:$y);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "::mlir::ValueRange":$inputs,
      "::llvm::function_ref<::mlir::Value(::mlir::OpBuilder &, ::mlir::Location, ::mlir::ValueRange)>":$body)>];
  let extraClassDeclaration = [{
    ::dlc::nn::FusionRole getFusionRole();
  }];
}

#endif // DLC_DIALECTS_NN_GROUP_TD
