//===- ConvDepthwise.td - a convolution and its depthwise reader -*- tablegen -*-===//

#ifndef DLC_DIALECTS_KERNEL_CONVDEPTHWISE_TD
#define DLC_DIALECTS_KERNEL_CONVDEPTHWISE_TD

def Kernel_ConvDepthwiseOp : Kernel_Op<"conv_depthwise", [SingleBlock]> {
  let summary = "a convolution whose rows a depthwise convolution reads from near memory";
  let description = [{
    kernel.depthwise of kernel.conv's result, which exists in part only: nb L channels of the pixels
    that `step_rows` x `step_columns` outputs at a time need; rows are kept from step to step, columns are
    not. `depthwise_...` is of the second convolution, what has no
    prefix of the first. An item is `band_rows` output rows of nb L channels: [N, O/(nb L),
    ceil(OH / band_rows)]; the first of successive items computes the rows that it shares with the item
    before it once more.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$weights, Kernel_Shaped:$bias,
                       Kernel_Shaped:$depthwise_weights, Kernel_Shaped:$depthwise_bias, Kernel_Shaped:$out,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding, DenseI64ArrayAttr:$dilations,
                       I64Attr:$in_channels, Kernel_TileAttr:$tile,
                       DenseI64ArrayAttr:$depthwise_strides, DenseI64ArrayAttr:$depthwise_padding,
                       DenseI64ArrayAttr:$depthwise_dilations, Kernel_TileAttr:$depthwise_tile,
                       I64Attr:$step_rows, I64Attr:$step_columns, I64Attr:$band_rows);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let regions = (region SizedRegion<1>:$epilogue, SizedRegion<1>:$depthwise_epilogue);
  let assemblyFormat = [{
    `ins` `(` $input `,` $weights `,` $bias `,` $depthwise_weights `,` $depthwise_bias `:` type($input) `,`
    type($weights) `,` type($bias) `,` type($depthwise_weights) `,` type($depthwise_bias) `)`
    `outs` `(` $out `:` type($out) `)` attr-dict-with-keyword
    `epilogue` $epilogue `depthwise_epilogue` $depthwise_epilogue (`->` type($result)^)?
  }];
  let extraClassDeclaration = dps # [{
    /// The shape of the first convolution's result, [N, O/L, H, W, L].
    ::llvm::SmallVector<int64_t> getMiddleShape();
    /// The shape of the part of it that is kept: [1, nb, rows, columns, L].
    ::llvm::SmallVector<int64_t> getRingShape();
    int64_t getScratchBytes();
  }];
}

#endif // DLC_DIALECTS_KERNEL_CONVDEPTHWISE_TD
