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

#endif // DLC_DIALECTS_NN_CONV_TD
