//===- Group.td - fused groups -----------------------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_GROUP_TD
#define DLC_DIALECTS_NN_GROUP_TD

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "dialects/nn/Nn.td"

def Nn_YieldOp : Op<Nn_Dialect, "yield", [Pure, Terminator, ReturnLike, HasParent<"GroupOp">]> {
  let summary = "ends a group";
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

#endif // DLC_DIALECTS_NN_GROUP_TD
