//===- Reduce.td - reductions along a dimension ------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_REDUCE_TD
#define DLC_DIALECTS_NN_REDUCE_TD

include "dialects/nn/Nn.td"

def Nn_SoftmaxOp : Nn_Op<"softmax", [SameOperandsAndResultType]> {
  let summary = "softmax, or its logarithm, over the last dimension";
  let description = "exp(x - max) / sum exp(x - max); the maximum is subtracted, so large inputs are safe.";
  let arguments = (ins Nn_Tensor:$x, UnitAttr:$log);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
}

#endif // DLC_DIALECTS_NN_REDUCE_TD
