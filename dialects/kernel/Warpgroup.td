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
    As kernel.implicit_gemm, but for the weights: [O, KH, KW, C], each filter's taps one after the other.

    One warpgroup (4 warps) of a block copies, the others multiply, 64 rows of the tile each: so `cta` has
    m = 128, k = 32 (a row of a tile in shared memory has 128 bytes), warps_m = 8 and warps_n = 1, which are
    those that multiply. C is a multiple of 4, as copies take rows of whole 16 bytes.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$weights, Variadic<Kernel_Shaped>:$extras,
                       Kernel_Shaped:$out, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, Kernel_CtaAttr:$cta, Kernel_MathAttr:$math);
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
  let arguments = (ins MemRefOf<[F32]>:$buffer, DenseI64ArrayAttr:$extents, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$box, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$steps,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$lower,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$upper);
  let results = (outs Type<CPred<"::llvm::isa<::mlir::LLVM::LLVMPointerType>($_self)">, "a pointer">:$map);
  let assemblyFormat = "$buffer attr-dict `:` type($buffer) `->` type($map)";
  let hasVerifier = 1;
}

#endif // DLC_DIALECTS_KERNEL_WARPGROUP_TD
