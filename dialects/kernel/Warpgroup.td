//===- Warpgroup.td - matrix products of warpgroups --------------*- tablegen -*-===//
//
// On chips of compute capability 9.0 a block's tensor cores read whole tiles in shared memory, which the
// tensor memory accelerator copies there: pixels of windows as they lie in the image, zeros where a window
// passes its edges. It finds them by a tensor map, which the host makes for a launch.
//
//===-----------------------------------------------------------------------------===//

#ifndef DLC_DIALECTS_KERNEL_WARPGROUP_TD
#define DLC_DIALECTS_KERNEL_WARPGROUP_TD

def Kernel_WarpgroupGemmOp : Kernel_GpuOp<"warpgroup_gemm", [SingleBlock]> {
  let summary = "convolution or dense layer as a matrix product of warpgroups, from plain images";
  let description = [{
    As kernel.implicit_gemm, but for the operands. wgmma_tf32 reads both along K alone: `weights` are
    [O, KH, KW, C], each filter's taps one after the other, and both are f32. wgmma_bf16 reads them along O as
    well: `weights` stay [KH, KW, C, O], and they and `input` are bf16.

    One warpgroup (4 warps) of a block copies, the others multiply, 64 rows of the tile each: so `cta` has
    m = 128, warps_m = 8 and warps_n = 1, which are those that multiply, and a k whose channels are the 128
    bytes of a tile's row in shared memory: 32 of f32, 64 of bf16. Copies take rows of whole 16 bytes: of C,
    and of O where weights lie along it.

    There are at most `most_blocks` blocks, as many as run at once; each computes one tile after another,
    and copies for the next one while it stores.
  }];
  let arguments = (ins Kernel_Stored:$input, Kernel_Stored:$weights, Variadic<Kernel_Stored>:$extras,
                       Kernel_Stored:$out, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, Kernel_CtaAttr:$cta, Kernel_MathAttr:$math,
                       I64Attr:$most_blocks);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $input `,` $weights (`,` $extras^)? `:` type($input) `,` type($weights)
    (`,` type($extras)^)? `)` `outs` `(` $out `:` type($out) `)` attr-dict-with-keyword
    `epilogue` $epilogue (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutMutable(); }
    /// Parts of K, and the shape of the image that they add up to.
    int64_t getParts();
    ::llvm::ArrayRef<int64_t> getImageShape();
    /// KH and KW.
    ::llvm::ArrayRef<int64_t> getWindow();
  }];
}

def Kernel_TensorMapOp : Op<Kernel_Dialect, "tensor_map", [Pure]> {
  let summary = "tells the tensor memory accelerator where a buffer's tiles lie";
  let description = [{
    The address of a tensor map (128 bytes) in the host's memory, for a launch in this function. All
    numbers are innermost first, as the driver takes them: `extents` of the tensor, the last one that of
    one sample where the buffer's first extent is open, `strides` of its outer dimensions, in elements, and
    the `box` that a copy takes.

    With corners it is a map of windows: `extents` are [C, W, H, N] and `box` is [channels, pixels]. The first
    pixels of the windows are every `steps`-th one from [W, H] `lower` on, up to `upper` from the last pixel.
  }];
  let arguments = (ins MemRefOf<[F32, BF16]>:$buffer, DenseI64ArrayAttr:$extents, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$box, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$steps,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$lower,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$upper);
  let results = (outs Type<CPred<"::llvm::isa<::mlir::LLVM::LLVMPointerType>($_self)">, "a pointer">:$map);
  let assemblyFormat = "$buffer attr-dict `:` type($buffer) `->` type($map)";
  let hasVerifier = 1;
}

#endif // DLC_DIALECTS_KERNEL_WARPGROUP_TD
