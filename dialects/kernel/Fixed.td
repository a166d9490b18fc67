//===- Fixed.td - weights in fixed point -------------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_KERNEL_FIXED_TD
#define DLC_DIALECTS_KERNEL_FIXED_TD

// Weights of a dense layer that each call reads from memory take fewer bytes as fixed point: w = q
// scale 2^-30, where scale is the power of two at or below the largest |w| of the unit and q an i32 of
// which only the upper B bits are kept (FixedForm.h). A reader fills the lower ones with what follows
// there, bits of the weight before, and needs no mask: kernel.pack_fixed knows them and chooses the
// upper ones so that both together come nearest. That differs from w by at most 2^(1-B) scale.

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
  let summary = "packs the weights of a dense layer as fixed point";
  let description = [{
    `input` [K, N] are weights, `scales` [N/L, L] those of kernel.unit_scales, and `out` is
    [N/(nb L), R, nb, L], where R is that of FixedForm::rows() for K weights of `bits` bits. The groups
    of a unit follow each other along R. An item is a group of L units: [N/(nb L), groups, nb].
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$scales, Kernel_Words:$out,
                       I64Attr:$bits);
  let results = (outs Variadic<RankedTensorOf<[I32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $input `,` $scales `:` type($input) `,` type($scales) `)`
    `outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = dps # [{
    FixedForm getForm() { return {static_cast<int64_t>(getBits())}; }
  }];
}

#endif // DLC_DIALECTS_KERNEL_FIXED_TD
