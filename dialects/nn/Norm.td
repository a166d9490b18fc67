//===- Norm.td - normalisation -----------------------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_NORM_TD
#define DLC_DIALECTS_NN_NORM_TD

include "dialects/nn/Nn.td"

def Nn_BatchNormOp : Nn_InferredOp<"batch_norm"> {
  let summary = "batch normalisation at inference (Ioffe and Szegedy 2015)";
  let description = [{
    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta along the last dimension. While training,
    the mean and the biased variance of the batch take the place of `mean` and `variance`, which
    become momentum * old + (1 - momentum) * batch, unless the op is `frozen`. With `joint` they are
    those of all parts of a batch that several processes train on.
  }];
  let arguments = (ins Nn_Tensor:$x, Nn_Vector:$gamma, Nn_Vector:$beta, Nn_Vector:$mean,
                       Nn_Vector:$variance, F32Attr:$epsilon,
                       DefaultValuedAttr<F32Attr, "0.99f">:$momentum, UnitAttr:$frozen,
                       UnitAttr:$joint);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = [{
    $x `,` $gamma `,` $beta `,` $mean `,` $variance attr-dict `:` functional-type(operands, results)
  }];
}

def Nn_BatchNormAffineOp : Nn_InferredOp<"batch_norm_affine"> {
  let summary = "a batch normalisation's statistics as one scale and one shift";
  let description = [{
    scale = gamma / sqrt(variance + epsilon); shift = beta - mean * scale. What is left of a batch
    normalisation once it is folded; depends on parameters alone.
  }];
  let arguments = (ins Nn_Vector:$gamma, Nn_Vector:$beta, Nn_Vector:$mean, Nn_Vector:$variance,
                       F32Attr:$epsilon);
  let results = (outs Nn_Vector:$scale, Nn_Vector:$shift);
  let assemblyFormat = "$gamma `,` $beta `,` $mean `,` $variance attr-dict `:` functional-type(operands, results)";
}

def Nn_LrnOp : Nn_Op<"lrn", [SameOperandsAndResultType]> {
  let summary = "local response normalisation (Krizhevsky et al. 2012)";
  let description = [{
    y = x / (bias + alpha / n * sum of squares)^beta over a window of `size` channels (`across`,
    n = size) or `size` x `size` pixels of one channel (`within`, n = size * size). Windows are
    clipped at the edges; n is not.
  }];
  let arguments = (ins Nn_Image:$x, I64Attr:$size, F32Attr:$alpha, F32Attr:$beta, F32Attr:$bias,
                       Nn_LrnRegionAttr:$region);
  let results = (outs Nn_Image:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
  let hasVerifier = 1;
}

def Nn_MomentsOp : Nn_InferredOp<"moments"> {
  let summary = "mean and biased variance over all dimensions but the last";
  let arguments = (ins Nn_Tensor:$x);
  let results = (outs Nn_Vector:$mean, Nn_Vector:$variance);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def Nn_JointMeanOp : Nn_Op<"joint_mean", [SameOperandsAndResultType]> {
  let summary = "the mean over the parts of a batch that several processes train on";
  let description = [{
    y = sum of share_p x_p over the processes p, where share_p is process p's share of the samples; all
    of them get the same y. What the loss of a process is differentiated by in another one comes by the
    same way: with L = sum of share_p L_p and g_p = dL_p/dy, dL/dx_q = share_q sum of share_p g_p. The
    factor share_q is that of all gradients of process q, which are added up with it; what is left is
    the joint mean of g. A process alone gets what it gives.
  }];
  let arguments = (ins Nn_Vector:$x);
  let results = (outs Nn_Vector:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
}

def Nn_LrnBackwardOp : Nn_Op<"lrn_backward", [SameOperandsAndResultType]> {
  let summary = "gradient of local response normalisation with respect to x";
  let arguments = (ins Nn_Image:$x, Nn_Image:$g, I64Attr:$size, F32Attr:$alpha, F32Attr:$beta,
                       F32Attr:$bias, Nn_LrnRegionAttr:$region);
  let results = (outs Nn_Image:$dx);
  let assemblyFormat = "$x `,` $g attr-dict `:` type($dx)";
}

#endif // DLC_DIALECTS_NN_NORM_TD
