//===- Backward.td - kernels of gradients -----------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_KERNEL_BACKWARD_TD
#define DLC_DIALECTS_KERNEL_BACKWARD_TD

class Kernel_BackwardOp<string mnemonic> : Kernel_Op<mnemonic> {
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
}

def Kernel_ConvWeightsOp : Kernel_BackwardOp<"conv_weights"> {
  let summary = "gradient of a convolution's kernel, from blocked images to the plain kernel";
  let description = [{
    out[kh, kw, c, o] = sum over n, y, x of input[n, y s + kh d - p, x s + kw d - p, c] *
    gradient[n, y, x, o]. `input` [N, C/B, H, W, B] (B is L, or C itself), `gradient`
    [N, O/L, OH, OW, L], `out` [KH, KW, C/g, O] in the parameters' layout. Padding is skipped, not read.

    The register tile is `tile.rows` channels by `tile.cols` vectors, for each tap of a row with
    `whole_rows`; the pixels are its depth. With an `out` [S, KH, KW, C/g, O] each of S parts of the
    batch has sums of its own, which somebody has to add. An item is one row of taps of up to
    `channels` channels and nb L filters: [S, O/(nb L), C/channels, KH].
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$gradient, Kernel_Shaped:$out,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, DefaultValuedAttr<I64Attr, "1">:$groups,
                       I64Attr:$channels, Kernel_TileAttr:$tile, UnitAttr:$whole_rows);
  let assemblyFormat = [{
    `ins` `(` $input `,` $gradient `:` type($input) `,` type($gradient) `)`
    `outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = dps # [{
    /// Parts of the batch, and the shape of the kernel.
    int64_t getParts();
    ::llvm::ArrayRef<int64_t> getKernelShape();
  }];
}

def Kernel_DepthwiseWeightsOp : Kernel_BackwardOp<"depthwise_weights"> {
  let summary = "gradient of a depthwise convolution's kernel, from blocked images to the plain kernel";
  let description = [{
    out[kh, kw, c] = sum over n, y, x of input[n, y s + kh d - p, x s + kw d - p, c] *
    gradient[n, y, x, c]. `input` [N, C/L, H, W, L], `gradient` [N, C/L, OH, OW, L], `out` [KH, KW, C],
    or [S, KH, KW, C] for sums of S parts of the batch, which somebody has to add. Padding is
    skipped, not read.

    An item is `tap_rows` rows of taps, one or all, of L channels: [S, C/L, KH/tap_rows]. It takes up
    to `pixels` neighbours of a row of the gradient at once.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$gradient, Kernel_Shaped:$out,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, I64Attr:$tap_rows, I64Attr:$pixels);
  let assemblyFormat = [{
    `ins` `(` $input `,` $gradient `:` type($input) `,` type($gradient) `)`
    `outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = dps # [{
    /// Parts of the batch, and the shape of the kernel.
    int64_t getParts();
    ::llvm::ArrayRef<int64_t> getKernelShape();
  }];
}

def Kernel_PoolBackwardOp : Kernel_BackwardOp<"pool_backward"> {
  let summary = "gradient of a pooling on blocked images";
  let description = [{
    As nn.pool2d_backward. A maximum also needs what the pooling read and what it returned. An item is
    one image of L channels: [N, C/L].
  }];
  let arguments = (ins Kernel_Shaped:$gradient, Variadic<Kernel_Shaped>:$forward, Kernel_Shaped:$out,
                       Nn_PoolKindAttr:$kind, DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$padding, UnitAttr:$count_include_pad);
  let assemblyFormat = [{
    `ins` `(` $gradient (`,` $forward^)? `:` type($gradient) (`,` type($forward)^)? `)`
    `outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?
  }];
}

#endif // DLC_DIALECTS_KERNEL_BACKWARD_TD
