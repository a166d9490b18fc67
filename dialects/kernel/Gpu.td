//===- Gpu.td - matrix products on GPUs --------------------------*- tablegen -*-===//
//
// Both ops are one matrix product, out[M, N] = A[M, K] . B[K, N], whose A is read straight from an image:
// row (n, y, x) or column (kh, kw, c) of the matrix of patches that nobody stores. A block of threads
// computes one tile of out, from tiles of A and B in shared memory.
//
//===-----------------------------------------------------------------------------===//

#ifndef DLC_DIALECTS_KERNEL_GPU_TD
#define DLC_DIALECTS_KERNEL_GPU_TD

def Kernel_CtaAttr : AttrDef<Kernel_Dialect, "Cta"> {
  let mnemonic = "cta";
  let summary = "a block's tile of out, m x n, in steps of k; its warps, stages of shared memory";
  let parameters = (ins "int64_t":$m, "int64_t":$n, "int64_t":$k, "int64_t":$warps_m,
                        "int64_t":$warps_n, "int64_t":$stages);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getThreads() const { return 32 * getWarpsM() * getWarpsN(); }
  }];
}

def Kernel_MathAttr : EnumAttr<Kernel_Dialect, Kernel_Math, "math"> {
  let assemblyFormat = "`<` $value `>`";
}

// What kernels of GPUs read and write: float32, or bfloat16 to halve the bytes. They compute in float32
// whatever lies in memory.
def Kernel_Stored : AnyTypeOf<[RankedTensorOf<[F32, BF16]>, MemRefOf<[F32, BF16]>]>;

// Plain layouts; destination-style as all kernels.
class Kernel_GpuOp<string mnemonic, list<Trait> traits = []>
    : Op<Kernel_Dialect, mnemonic, !listconcat([
        DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<GpuKernelOpInterface>], traits)> {
  let results = (outs Variadic<RankedTensorOf<[F32, BF16]>>:$result);
  let hasVerifier = 1;
}

def Kernel_ImplicitGemmOp : Kernel_GpuOp<"implicit_gemm", [SingleBlock]> {
  let summary = "convolution or dense layer as a matrix product, from plain images";
  let description = [{
    `input` [N, H, W, C], `weights` [KH, KW, C, O], `out` [N, OH, OW, O]: M = N OH OW, N = O,
    K = KH KW C. A dense layer is H = W = 1. The epilogue maps (sum, one element of each extra) to the
    element stored; an extra is a vector [O], as the bias is, or has the shape of `out`, as a residual has.

    With an `out` [S, N, OH, OW, O] each of S parts of K has sums of its own, which somebody has to add:
    no extras then, and an epilogue that stores the sum as it is.

    Each operand lies in memory as float32 or bfloat16, `input` and `weights` alike; what is bfloat16 is
    multiplied as such, so `math` is bf16 then. Operands of float32 are rounded to what `math` says on
    their way into the registers. Sums, those of parts as stored too, and the epilogue are float32.
    Blocks: the tiles, those of one row of tiles side by side, then the parts.
  }];
  let arguments = (ins Kernel_Stored:$input, Kernel_Stored:$weights, Variadic<Kernel_Stored>:$extras,
                       Kernel_Stored:$out, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
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

def Kernel_ImplicitGemmWeightsOp : Kernel_GpuOp<"implicit_gemm_weights"> {
  let summary = "gradient of a convolution's or dense layer's kernel as a matrix product";
  let description = [{
    `input` [N, H, W, C], `gradient` [N, OH, OW, O], `out` [KH, KW, C, O]: M = KH KW C, N = O,
    K = N OH OW. With an `out` [S, KH, KW, C, O] each of S parts of the pixels has sums of its own, which
    somebody has to add. The rest is as for kernel.implicit_gemm, but that `input` and `gradient` may
    differ in how they lie in memory.
  }];
  let arguments = (ins Kernel_Stored:$input, Kernel_Stored:$gradient, Kernel_Stored:$out,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, Kernel_CtaAttr:$cta, Kernel_MathAttr:$math);
  let assemblyFormat = [{
    `ins` `(` $input `,` $gradient `:` type($input) `,` type($gradient) `)`
    `outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutMutable(); }
    /// Parts of the pixels, and the shape of the kernel.
    int64_t getParts();
    ::llvm::ArrayRef<int64_t> getKernelShape();
  }];
}

def Kernel_StepsOp : Op<Kernel_Dialect, "steps", [NoTerminator, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "linalg ops that one kernel of a GPU computes one after the other";
  let description = [{
    Elementwise ops and at most one that reduces, on buffers, of the same points: each thread, or the
    threads that share a point, do all of it for their points. Or ops along the same rows, elementwise
    or reductions of rows: threads that share a row do one op after the other for it. What a
    memref.alloca inside holds is never stored.
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

#endif // DLC_DIALECTS_KERNEL_GPU_TD
