//===- Conv.td - convolutions ------------------------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_CONV_TD
#define DLC_DIALECTS_NN_CONV_TD

include "dialects/nn/Nn.td"

class Nn_ConvBase<string mnemonic> : Nn_InferredOp<mnemonic, [
    DeclareOpInterfaceMethods<CostOpInterface>,
    DeclareOpInterfaceMethods<ScalableOpInterface, ["absorbPadding"]>]> {
  let results = (outs Nn_Image:$y);
  let assemblyFormat = "$x `,` $kernel (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "::dlc::nn::FusionRole getFusionRole() { return ::dlc::nn::FusionRole::Anchor; }";
}

def Nn_Conv2DOp : Nn_ConvBase<"conv2d"> {
  let summary = "2-D convolution, NHWC by HWIO";
  let description = [{
    `padding` is [top, bottom, left, right] in zeros. With `groups = g`, the kernel's I is C/g and
    output channels come in group order.
  }];
  let arguments = (ins Nn_Image:$x, Nn_Image:$kernel, Optional<Nn_Vector>:$bias,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, DefaultValuedAttr<I64Attr, "1">:$groups);
}

def Nn_DepthwiseConv2DOp : Nn_ConvBase<"depthwise_conv2d"> {
  let summary = "depthwise 2-D convolution, NHWC by HWCM";
  let description = "Output channel c*M + m is input channel c under kernel [:, :, c, m].";
  let arguments = (ins Nn_Image:$x, Nn_Image:$kernel, Optional<Nn_Vector>:$bias,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations);
}

class Nn_ConvBackward<string mnemonic, string sum> : Nn_Op<mnemonic, [
    DeclareOpInterfaceMethods<CostOpInterface>]> {
  let summary = sum;
  let results = (outs Nn_Image:$y);
  let hasVerifier = 1;
}

// The attributes are those of the forward op, and the result has the type of its operand.
class Nn_ConvBackwardData<string mnemonic, string sum> : Nn_ConvBackward<mnemonic, sum> {
  let arguments = (ins Nn_Image:$g, Nn_Image:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$padding, DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = "$g `,` $kernel attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "::dlc::nn::FusionRole getFusionRole() { return ::dlc::nn::FusionRole::Anchor; }";
}
class Nn_ConvBackwardKernel<string mnemonic, string sum> : Nn_ConvBackward<mnemonic, sum> {
  let arguments = (ins Nn_Image:$x, Nn_Image:$g, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$padding, DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = "$x `,` $g attr-dict `:` functional-type(operands, results)";
}

def Nn_Conv2DBackwardDataOp : Nn_ConvBackwardData<"conv2d_backward_data",
    "gradient of conv2d with respect to x: every g[n, y, x, :] is spread over its window">;
def Nn_Conv2DBackwardKernelOp : Nn_ConvBackwardKernel<"conv2d_backward_kernel",
    "gradient of conv2d with respect to its kernel, summed over the batch">;
def Nn_DepthwiseConv2DBackwardDataOp : Nn_ConvBackwardData<"depthwise_conv2d_backward_data",
    "gradient of depthwise_conv2d with respect to x"> {
  let arguments = (ins Nn_Image:$g, Nn_Image:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$padding, DenseI64ArrayAttr:$dilations);
}
def Nn_DepthwiseConv2DBackwardKernelOp : Nn_ConvBackwardKernel<"depthwise_conv2d_backward_kernel",
    "gradient of depthwise_conv2d with respect to its kernel, summed over the batch"> {
  let arguments = (ins Nn_Image:$x, Nn_Image:$g, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$padding, DenseI64ArrayAttr:$dilations);
}

def Nn_FlipKernelOp : Nn_InferredOp<"flip_kernel"> {
  let summary = "the kernel of a convolution of the gradient that gives conv2d's backward data";
  let description = [{
    Takes the taps `first`, `first + steps`, ... of each window dimension, in reverse order, and
    exchanges input and output channels (within each of `groups`): [KH, KW, C/g, O] -> [TH, TW, O/g, C].
  }];
  let arguments = (ins Nn_Image:$kernel, DenseI64ArrayAttr:$first, DenseI64ArrayAttr:$steps,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs Nn_Image:$y);
  let assemblyFormat = "$kernel attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DIALECTS_NN_CONV_TD
