//===- Pool.td - pooling -----------------------------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_POOL_TD
#define DLC_DIALECTS_NN_POOL_TD

include "dialects/nn/Nn.td"

def Nn_Pool2DOp : Nn_InferredOp<"pool2d", [DeclareOpInterfaceMethods<CostOpInterface>]> {
  let summary = "max or average over windows";
  let description = [{
    Padding never wins a maximum; it counts in an average only under `count_include_pad`, and then
    only within the declared padding. `ceil_mode` rounds the output extent up; the last window must
    start inside the image or the padding before it (Caffe and PyTorch).
  }];
  let arguments = (ins Nn_Image:$x, Nn_PoolKindAttr:$kind, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       UnitAttr:$ceil_mode, UnitAttr:$count_include_pad);
  let results = (outs Nn_Image:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def Nn_GlobalPool2DOp : Nn_InferredOp<"global_pool2d", [DeclareOpInterfaceMethods<CostOpInterface>]> {
  let summary = "max or average over a whole image: [N, H, W, C] -> [N, C]";
  let arguments = (ins Nn_Image:$x, Nn_PoolKindAttr:$kind);
  let results = (outs TensorRankOf<[F32], [2]>:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def Nn_Pool2DBackwardOp : Nn_Op<"pool2d_backward"> {
  let summary = "gradient of pool2d with respect to x";
  let description = [{
    A maximum passes the whole gradient to the first of its largest elements in row-major order; an
    average to all counted ones alike. `x` and `y` are the forward op's.
  }];
  let arguments = (ins Nn_Image:$x, Nn_Image:$y, Nn_Image:$g, Nn_PoolKindAttr:$kind,
                       DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$padding, UnitAttr:$ceil_mode,
                       UnitAttr:$count_include_pad);
  let results = (outs Nn_Image:$dx);
  let assemblyFormat = "$x `,` $y `,` $g attr-dict `:` functional-type(operands, results)";
}

def Nn_GlobalPool2DBackwardOp : Nn_Op<"global_pool2d_backward"> {
  let summary = "gradient of global_pool2d with respect to x";
  let arguments = (ins Nn_Image:$x, TensorRankOf<[F32], [2]>:$y, TensorRankOf<[F32], [2]>:$g,
                       Nn_PoolKindAttr:$kind);
  let results = (outs Nn_Image:$dx);
  let assemblyFormat = "$x `,` $y `,` $g attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DIALECTS_NN_POOL_TD
