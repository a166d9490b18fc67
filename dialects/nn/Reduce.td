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

def Nn_SoftmaxBackwardOp : Nn_Op<"softmax_backward", [SameOperandsAndResultType]> {
  let summary = "gradient of softmax, or of its logarithm, from its result y";
  let description = "y * (g - sum(g * y)); for the logarithm g - exp(y) * sum(g).";
  let arguments = (ins Nn_Tensor:$y, Nn_Tensor:$g, UnitAttr:$log);
  let results = (outs Nn_Tensor:$dx);
  let assemblyFormat = "$y `,` $g attr-dict `:` type($dx)";
}

def Nn_ReduceSumOp : Nn_Op<"reduce_sum"> {
  let summary = "sum over all dimensions but the last, or over all";
  let description = [{
    The result is a vector as long as the last dimension, or one number, tensor<1xf32>. Sums are
    taken sample by sample and then over the batch, in an order that depends on shapes alone.
  }];
  let arguments = (ins Nn_Tensor:$x);
  let results = (outs Nn_Vector:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_AverageOp : Nn_Op<"average", [SameOperandsAndResultType]> {
  let summary = "sum / (batch * per_sample): what makes a sum over a batch a mean";
  let arguments = (ins Nn_Vector:$sum, DefaultValuedAttr<I64Attr, "1">:$per_sample);
  let results = (outs Nn_Vector:$y);
  let assemblyFormat = "$sum attr-dict `:` type($y)";
  let hasVerifier = 1;
}

#endif // DLC_DIALECTS_NN_REDUCE_TD
