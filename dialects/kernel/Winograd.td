//===- Winograd.td - convolutions in the Winograd domain ----------*- tablegen -*-===//
//
// F(m x m, r x r) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), r
// being 3, 4 or 5. Tiles of m x m outputs of a convolution with stride 1 become n x n points, n = m +
// r - 1; at each point the convolution is a matrix product over channels. Windows of 3 x 3 with a `stride`
// of 2 are windows of r = 2 over four phases of the image, whose points add up (WinogradForm.h); with Q
// planes instead of P points in U and V, the same otherwise. With P = n^2 and S slots
// for the T tiles of an image, one row of tiles after the other; S = T or T + 1, the odd one, so
// that the points of a tile, S vectors apart, do not meet in few sets of a cache:
//
//   kernel.winograd_weights  [r, r, C, O]        -> U [P, O/(nb L), C, nb, L]   G g G^T
//   kernel.winograd_input    [N, C/L, H, W, L]   -> V [N, C/L, P, S, L]         B^T d B
//   kernel.winograd_gemm     V, U                -> M [N, O/L, P, S, L]
//   kernel.winograd_output   M, bias, extras     -> [N, O/L, OH, OW, L]         A^T m A, then the
//   epilogue
//
// U may be fixed point of 24 bits, as kernel.pack_fixed keeps weights; a unit is one output channel at one
// point. Then kernel.winograd_scales comes first, and kernel.winograd_gemm gives M its scales:
//
//   kernel.winograd_scales   [r, r, C, O]        -> S [P, O/L, L]
//   kernel.winograd_weights  [r, r, C, O], S     -> U [P, O/(nb L), 3 ceil(C/4), nb, L] of i32
//
// The last three walk V and M through memory. kernel.winograd does all three for some tiles at a
// time, and V and M of these stay in the cache of a core.
//
//===-----------------------------------------------------------------------------===//

#ifndef DLC_DIALECTS_KERNEL_WINOGRAD_TD
#define DLC_DIALECTS_KERNEL_WINOGRAD_TD

class Kernel_WinogradStep<string mnemonic> : Kernel_Op<mnemonic> {
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` attr-dict
    (`->` type($result)^)?
  }];
}

def Kernel_WinogradScalesOp : Kernel_WinogradStep<"winograd_scales"> {
  let summary = "the power of two at or below the largest magnitude of each unit's transformed weights";
  let description = [{
    `input` [r, r, C, O], `out` [P, O/L, L] with m = `tile_size` and r = `window`: scales as those of
    kernel.unit_scales. An item is L outputs: [O/L].
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$out, I64Attr:$tile_size,
      DefaultValuedAttr<I64Attr, "3">:$window);
  let extraClassDeclaration = winograd;
}

def Kernel_WinogradWeightsOp : Kernel_Op<"winograd_weights"> {
  let summary = "transforms weights and packs each point's matrix";
  let description = [{
    `input` [w, w, C, O], `out` [Q, O/(nb L), C, nb, L] with m = `tile_size` and w = `window`; channels past
    O are zero. An item is one input channel of nb L outputs: [O/(nb L), C]. With `scales`, those of
    kernel.winograd_scales, without a stride, `out` is [P, O/(nb L), 3 ceil(C/4), nb, L] of i32: three words for four channels,
    as kernel.pack_fixed packs them. An item is four channels: [O/(nb L), ceil(C/4)].
  }];
  let arguments = (ins Kernel_Shaped:$input, Optional<Kernel_Shaped>:$scales,
      Kernel_FloatsOrWords:$out, I64Attr:$tile_size, DefaultValuedAttr<I64Attr, "3">:$window,
      DefaultValuedAttr<I64Attr, "1">:$stride);
  let results = (outs Variadic<RankedTensorOf<[F32, I32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $input (`,` $scales^)? `:` type($input) (`,` type($scales)^)? `)`
    `outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = winogradStrided;
}

def Kernel_WinogradInputOp : Kernel_WinogradStep<"winograd_input"> {
  let summary = "transforms the overlapping n x n patches of blocked images";
  let description = [{
    `input` [N, C/L, H, W, L], `out` [N, C/L, Q, S, L] with m = `tile_size`, w = `window` and T = ceil(OH/m)
    ceil(OW/m) tiles; `padding` [top, bottom, left, right]. What lies outside the image is zero.
    An item is one row of tiles of L channels: [N, C/L, ceil(OH/m)].
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$out, DenseI64ArrayAttr:$padding,
      I64Attr:$tile_size, DefaultValuedAttr<I64Attr, "3">:$window,
      DefaultValuedAttr<I64Attr, "1">:$stride);
  let extraClassDeclaration = winogradStrided;
}

def Kernel_WinogradGemmOp : Kernel_Op<"winograd_gemm"> {
  let summary = "matrix products over the channels, one for each point and image";
  let description = [{
    `input` [N, C/L, Q, S, L], `weights` [Q, O/(nb L), C, nb, L], `out` [N, O/L, P, S, L]. `depth` is the
    exact C, `tiles` the exact T; `tile_size`, `window` and `stride` are those of the form. An item
    is nb L channels of all tiles of an image at one point: [P, O/(nb L), N]. With `scales` [P, O/L, L] the
    weights are [P, O/(nb L), 3 ceil(C/4), nb, L] of i32, and sums are stored times 2^-30 and their scale.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_FloatsOrWords:$weights,
      Optional<Kernel_Shaped>:$scales, Kernel_Shaped:$out,
      I64Attr:$depth, I64Attr:$tiles, I64Attr:$tile_size, Kernel_TileAttr:$tile,
      DefaultValuedAttr<I64Attr, "3">:$window, DefaultValuedAttr<I64Attr, "1">:$stride);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $input `,` $weights (`,` $scales^)? `:` type($input) `,` type($weights) (`,` type($scales)^)? `)`
    `outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = winogradStrided;
}

def Kernel_WinogradOutputOp : Kernel_Op<"winograd_output", [SingleBlock]> {
  let summary = "transforms points to tiles of m x m outputs; bias, then the epilogue";
  let description = [{
    `input` [N, O/L, P, S, L], `out` [N, O/L, OH/p, OW/p, L] with m = `tile_size`, r = `window` (2 for phases) and p =
    `pool`; of tiles that reach past the image only what lies inside is written. With a `pool` above 1 the sums become the
    largest of each p x p windows, side by side, before `bias`, `extras` and `epilogue`, which are as for the
    multiply-accumulate kernels. An item is one row of tiles of L channels: [N, O/L, ceil(OH/m)].
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$bias, Variadic<Kernel_Shaped>:$extras,
      Kernel_Shaped:$out, I64Attr:$tile_size, DefaultValuedAttr<I64Attr, "3">:$window,
      DefaultValuedAttr<I64Attr, "1">:$pool);
  let extraClassDeclaration = winograd;
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $input `,` $bias (`,` $extras^)? `:` type($input) `,` type($bias) (`,` type($extras)^)? `)`
    `outs` `(` $out `:` type($out) `)` attr-dict-with-keyword `epilogue` $epilogue (`->` type($result)^)?
  }];
}

def Kernel_WinogradOp : Kernel_MacOp<"winograd"> {
  let summary = "a whole convolution in the Winograd domain, some tiles at a time";
  let description = [{
    `input` [N, C/L, H, W, L], `weights` [Q, O/(nb L), C, nb, L] with m = `tile_size` and w = `window`,
    `out` [N, O/L, OH/p, OW/p, L]; `in_channels` is the exact C, `padding` [top, bottom, left, right], `pool` p as
    for kernel.winograd_output. The tiles of an image are cut into `blocks` ranges of equal length, the first
    ones of one more. An item is one of them with all channels: [N, blocks]. Its V, and M for nb L channels at
    a time, are scratch memory of the thread.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$weights, Kernel_Shaped:$bias,
      Variadic<Kernel_Shaped>:$extras, Kernel_Shaped:$out, DenseI64ArrayAttr:$padding,
      I64Attr:$tile_size, I64Attr:$in_channels, I64Attr:$blocks, Kernel_TileAttr:$tile,
      DefaultValuedAttr<I64Attr, "3">:$window, DefaultValuedAttr<I64Attr, "1">:$pool,
      DefaultValuedAttr<I64Attr, "1">:$stride);
  let extraClassDeclaration = winogradStrided#[{
    int64_t getTileRows();
    int64_t getTileColumns();
    int64_t getScratchBytes() { return getScratchBytes(getBlocks()); }
    /// What it would need with other `blocks`.
    int64_t getScratchBytes(int64_t blocks);
    /// The shapes of V and M in scratch memory, with an N of 1; M has nb blocks of channels. M follows V, and
    /// goes tile by tile: [N, nb, S, P + 1, L], as points a power of two apart would share few places in caches.
    ::llvm::SmallVector<int64_t> getPointsShape() { return getPointsShape(getBlocks()); }
    ::llvm::SmallVector<int64_t> getPointsShape(int64_t blocks);
    ::llvm::SmallVector<int64_t> getProductsShape() { return getProductsShape(getBlocks()); }
    ::llvm::SmallVector<int64_t> getProductsShape(int64_t blocks);
  }];
}

def Kernel_WinogradPlaneOp : Kernel_MacOp<"winograd_plane"> {
  let summary = "a convolution of images of one channel in the Winograd domain";
  let description = [{
    `input` [N, 1, H, W, 1] of at least L columns, `weights` [P, O/L, 1, 1, L] with m = `tile_size`, 2 or 4, and
    r = `window`, `out` [N, O/L, OH/p, OW/p, L]; `padding` [top, bottom, left, right], `pool` p as for
    kernel.winograd_output. One product is all there is to sum at a point, so the output transform forms it:
    there is no M. The lanes of the input transform are neighbouring tiles. An item is one row of tiles
    with all channels: [N, ceil(OH/m)]. Its V is scratch memory of the thread.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$weights, Kernel_Shaped:$bias,
      Variadic<Kernel_Shaped>:$extras, Kernel_Shaped:$out, DenseI64ArrayAttr:$padding,
      I64Attr:$tile_size, DefaultValuedAttr<I64Attr, "3">:$window,
      DefaultValuedAttr<I64Attr, "1">:$pool);
  let extraClassDeclaration = winograd#[{
    int64_t getTileRows();
    int64_t getTileColumns();
    int64_t getScratchBytes();
    /// The shapes in scratch memory, one after the other: the padded rows of the image that a row
    /// of tiles reads, the pixels of L of its patches [side, side, L], V [P, columns], and a tile
    /// half transformed [side, m, L].
    ::llvm::SmallVector<::llvm::SmallVector<int64_t>> getScratchShapes();
  }];
}

#endif // DLC_DIALECTS_KERNEL_WINOGRAD_TD
