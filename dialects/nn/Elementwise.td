//===- Elementwise.td - activations and arithmetic ---------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_ELEMENTWISE_TD
#define DLC_DIALECTS_NN_ELEMENTWISE_TD

include "dialects/nn/Nn.td"

class Nn_UnaryOp<string mnemonic, string sum> : Nn_Op<mnemonic, [SameOperandsAndResultType]> {
  let summary = sum;
  let arguments = (ins Nn_Tensor:$x);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
  let extraClassDeclaration = "::dlc::nn::FusionRole getFusionRole() { return ::dlc::nn::FusionRole::Epilogue; }";
}

def Nn_ReluOp : Nn_UnaryOp<"relu", "max(x, 0) and its relatives"> {
  let description = [{
    `y = min(x, max_value)` for `x >= threshold`, else `negative_slope * (x - threshold)`; no
    `max_value` means no upper bound. Covers Keras's ReLU, ReLU6 and LeakyReLU.
  }];
  let arguments = (ins Nn_Tensor:$x, OptionalAttr<F32Attr>:$max_value,
                       DefaultValuedAttr<F32Attr, "0.0f">:$negative_slope,
                       DefaultValuedAttr<F32Attr, "0.0f">:$threshold);
  let hasVerifier = 1;
}
def Nn_RReluOp : Nn_UnaryOp<"rrelu", "randomized leaky ReLU (Xu et al. 2015)"> {
  let description = [{
    x from 0 on, below it slope * x. The slope is (lower + upper) / 2; while training, each element
    draws one of its own from [lower, upper).
  }];
  let arguments = (ins Nn_Tensor:$x, F32Attr:$lower, F32Attr:$upper);
  let hasVerifier = 1;
}
def Nn_SigmoidOp : Nn_UnaryOp<"sigmoid", "1 / (1 + exp(-x))">;
def Nn_TanhOp : Nn_UnaryOp<"tanh", "tanh(x)">;
def Nn_ExpOp : Nn_UnaryOp<"exp", "exp(x)">;
def Nn_EluOp : Nn_UnaryOp<"elu", "x for x > 0, else alpha * (exp(x) - 1)"> {
  let arguments = (ins Nn_Tensor:$x, DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
}
def Nn_GeluOp : Nn_UnaryOp<"gelu", "x * Phi(x) (Hendrycks and Gimpel 2016)"> {
  let description = "`approximate` takes the published tanh form instead of erf.";
  let arguments = (ins Nn_Tensor:$x, UnitAttr:$approximate);
}
def Nn_SwishOp : Nn_UnaryOp<"swish", "x * sigmoid(x)">;
def Nn_SoftplusOp : Nn_UnaryOp<"softplus", "log(1 + exp(x))">;
def Nn_HardSigmoidOp : Nn_UnaryOp<"hard_sigmoid", "clamp(x / 6 + 1 / 2, 0, 1) (Keras 3)">;
def Nn_SignOp : Nn_UnaryOp<"sign", "-1, 0 or 1"> {
  let description = [{
    Its slope counts as 1 everywhere (straight through): what the perceptron's rule takes it for,
    and what lets layers before a step learn at all (Bengio et al. 2013).
  }];
}

class Nn_BinaryOp<string mnemonic, string sum> : Nn_Op<mnemonic, [SameOperandsAndResultType]> {
  let summary = sum;
  let arguments = (ins Nn_Tensor:$lhs, Nn_Tensor:$rhs);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($y)";
  let extraClassDeclaration = "::dlc::nn::FusionRole getFusionRole() { return ::dlc::nn::FusionRole::Epilogue; }";
}
def Nn_AddOp : Nn_BinaryOp<"add", "lhs + rhs">;
def Nn_SubOp : Nn_BinaryOp<"sub", "lhs - rhs">;
def Nn_MulOp : Nn_BinaryOp<"mul", "lhs * rhs">;
def Nn_DivOp : Nn_BinaryOp<"div", "lhs / rhs">;
def Nn_MaximumOp : Nn_BinaryOp<"maximum", "max(lhs, rhs)">;
def Nn_MinimumOp : Nn_BinaryOp<"minimum", "min(lhs, rhs)">;

def Nn_AffineOp : Nn_InferredOp<"affine"> {
  let summary = "x * scale + shift along the last dimension";
  let arguments = (ins Nn_Tensor:$x, Nn_Vector:$scale, Optional<Nn_Vector>:$shift);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x `,` $scale (`,` $shift^)? attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "::dlc::nn::FusionRole getFusionRole() { return ::dlc::nn::FusionRole::Epilogue; }";
}

def Nn_CastOp : Nn_InferredOp<"cast"> {
  let summary = "integer data as float32; the element type tells whether they are unsigned";
  let arguments = (ins RankedTensorOf<[AnyInteger]>:$x);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DIALECTS_NN_ELEMENTWISE_TD
