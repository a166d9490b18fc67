//===- MatMul.td - dense layers ----------------------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_MATMUL_TD
#define DLC_DIALECTS_NN_MATMUL_TD

include "dialects/nn/Nn.td"

def Nn_DenseOp : Nn_InferredOp<"dense", [
    DeclareOpInterfaceMethods<CostOpInterface>, DeclareOpInterfaceMethods<ScalableOpInterface>]> {
  let summary = "x . kernel + bias over the last dimension";
  let arguments = (ins Nn_Tensor:$x, TensorRankOf<[F32], [2]>:$kernel, Optional<Nn_Vector>:$bias);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x `,` $kernel (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "::dlc::nn::FusionRole getFusionRole() { return ::dlc::nn::FusionRole::Anchor; }";
}

def Nn_DenseBackwardKernelOp : Nn_InferredOp<"dense_backward_kernel", [
    DeclareOpInterfaceMethods<CostOpInterface>]> {
  let summary = "gradient of dense with respect to its kernel: x^T . g over all rows";
  let arguments = (ins Nn_Tensor:$x, Nn_Tensor:$g);
  let results = (outs TensorRankOf<[F32], [2]>:$y);
  let assemblyFormat = "$x `,` $g attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DIALECTS_NN_MATMUL_TD
