//===- Fixed.td - weights in 24-bit fixed point ------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_KERNEL_FIXED_TD
#define DLC_DIALECTS_KERNEL_FIXED_TD

// Weights of a dense layer that each call reads from memory take three quarters of the bytes as
// fixed point: w = q scale 2^-22, where q is a whole number of 24 bits and scale the power of two at
// or below the largest |w| of the unit. A float32 holds q exactly, so only rounding to q differs from
// w: by at most 2^-23 scale, by nothing where w is a multiple of 2^-22 scale.

def Kernel_UnitScalesOp : Kernel_Op<"unit_scales"> {
  let summary = "the power of two at or below the largest magnitude of each unit's weights";
  let description = [{
    `input` [K, N] are weights, `out` [N/L, L] their scales: at least 2^-126, NaN where a weight is not
    finite. With `accumulate` they are those of earlier rows as well, whose scales `out` holds. An item
    is L units: [N/L].
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$out, UnitAttr:$accumulate);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` attr-dict
    (`->` type($result)^)?
  }];
}

def Kernel_PackFixedOp : Kernel_Op<"pack_fixed"> {
  let summary = "packs the weights of a dense layer as 24-bit fixed point";
  let description = [{
    `input` [K, N] are weights, `scales` [N/L, L] those of kernel.unit_scales, and `out` is
    [N/(nb L), 3 ceil(K/4), nb, L]: three words for four weights of a unit. The upper 24 bits of each
    are those of a weight; their lowest bytes are, from the upper one down, those of the fourth. An item
    is four weights of L units: [N/(nb L), ceil(K/4), nb].
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$scales, Kernel_Words:$out);
  let results = (outs Variadic<RankedTensorOf<[I32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $input `,` $scales `:` type($input) `,` type($scales) `)`
    `outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?
  }];
}

#endif // DLC_DIALECTS_KERNEL_FIXED_TD
