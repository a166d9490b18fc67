//===- Kernel.td - the kernel dialect: HOW heavy ops run ---------*- tablegen -*-===//

#ifndef DLC_DIALECTS_KERNEL_KERNEL_TD
#define DLC_DIALECTS_KERNEL_KERNEL_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/kernel/KernelEnums.td"
include "dialects/kernel/KernelInterfaces.td"
include "dialects/nn/Nn.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::dlc::kernel";
  let summary = "Kernels with their layouts, tiles and epilogues";
  let description = [{
    Says HOW heavy ops run on a target. L is the number of lanes of a vector; a blocked tensor keeps
    L channels (a block) innermost and pads the last block with finite values.

    | layout | blocked shape | from |
    |---|---|---|
    | image | [N, C/L, H, W, L] | [N, H, W, C] |
    | matrix | [K/L, M, L] | [M, K] |
    | vector | [C/L, L] | [C] |
    | conv | [O/(nb L), C/B, KH, KW, B, nb, L] | [KH, KW, C, O] |
    | dense | [N/(nb L), K, nb, L] | [K, N] |
    | depthwise | [C/L, KH, KW, L] | [KH, KW, C] |

    Ops are destination-style on tensors, bufferize as they are, and are expanded on memrefs.
  }];
  let dependentDialects = ["::dlc::nn::NnDialect"];
  let useDefaultAttributePrinterParser = 1;
}

def Kernel_LayoutAttr : EnumAttr<Kernel_Dialect, Kernel_Layout, "layout"> {
  let assemblyFormat = "`<` $value `>`";
}

def Kernel_TileAttr : AttrDef<Kernel_Dialect, "Tile"> {
  let mnemonic = "tile";
  let summary = "a register tile: rows (pixels) x cols (vectors), reduction unrolled by unroll";
  let parameters = (ins "int64_t":$rows, "int64_t":$cols, "int64_t":$unroll);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Kernel_Shaped : AnyTypeOf<[RankedTensorOf<[F32]>, MemRefOf<[F32]>]>;
def Kernel_Words : AnyTypeOf<[RankedTensorOf<[I32]>, MemRefOf<[I32]>]>;
def Kernel_FloatsOrWords : AnyTypeOf<[Kernel_Shaped, Kernel_Words]>;

class Kernel_Op<string mnemonic, list<Trait> traits = []>
    : Op<Kernel_Dialect, mnemonic, !listconcat([
        DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<KernelOpInterface>], traits)> {
  let hasVerifier = 1;
  code dps = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutMutable(); }
  }];
  code winograd = dps # [{
    WinogradForm getForm() {
      return {static_cast<int64_t>(getTileSize()), static_cast<int64_t>(getWindow())};
    }
  }];
  code winogradStrided = dps # [{
    WinogradForm getForm() {
      return {static_cast<int64_t>(getTileSize()), static_cast<int64_t>(getWindow()),
              static_cast<int64_t>(getStride())};
    }
  }];
  let extraClassDeclaration = dps;
}

def Kernel_PackOp : Kernel_Op<"pack"> {
  let summary = "copies into a blocked layout; missing lanes become zero";
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$out, Kernel_LayoutAttr:$layout);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    $layout `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` attr-dict
    (`->` type($result)^)?
  }];
}

def Kernel_UnpackOp : Kernel_Op<"unpack"> {
  let summary = "copies from a blocked layout (image or matrix); padding lanes are dropped";
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$out, Kernel_LayoutAttr:$layout);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    $layout `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` attr-dict
    (`->` type($result)^)?
  }];
}

def Kernel_SpaceToDepthOp : Kernel_Op<"space_to_depth"> {
  let summary = "pixels of an image that lie in one square of it become the channels of one pixel";
  let description = [{
    `input` [N, H, W, C] plain, `out` [N, S S C / L, Q, R, L] blocked, with S = `stride`. Pixel (q, r) holds
    the square from (S q - shift[0], S r - shift[1]) on, row by row, each pixel's channels together.
    What lies outside the image and lanes past the channels are zero. An item is one row of all
    channels: [N, Q].
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$out, I64Attr:$stride,
      DenseI64ArrayAttr:$shift);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` attr-dict
    (`->` type($result)^)?
  }];
}

// Multiply-accumulate kernels. The accumulators start at `bias` (layout vector); the epilogue maps
// (accumulator, one element of each extra) to the element stored. An extra is blocked like `out`
// (a residual) or a vector along the output channels.
class Kernel_MacOp<string mnemonic> : Kernel_Op<mnemonic, [SingleBlock]> {
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $input `,` $weights `,` $bias (`,` $extras^)? `:` type($input) `,` type($weights) `,`
    type($bias) (`,` type($extras)^)? `)` `outs` `(` $out `:` type($out) `)` attr-dict-with-keyword
    `epilogue` $epilogue (`->` type($result)^)?
  }];
}

def Kernel_ConvOp : Kernel_MacOp<"conv"> {
  let summary = "direct convolution on blocked images";
  let description = [{
    `input` [N, C/B, H, W, B] (B is L, or C itself for few channels), `weights` of layout conv.
    `in_channels` is C a group; the last block of a group may hold fewer channels than B. Padding is
    skipped, not read. An item is one output row of nb L channels: [N, O/(nb L), OH], or with
    `rows_first` [N, OH, O/(nb L)], for an image that the cache forgets between two passes over it.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$weights, Kernel_Shaped:$bias,
                       Variadic<Kernel_Shaped>:$extras, Kernel_Shaped:$out,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, DefaultValuedAttr<I64Attr, "1">:$groups,
                       I64Attr:$in_channels, Kernel_TileAttr:$tile, UnitAttr:$rows_first);
}

def Kernel_DepthwiseOp : Kernel_MacOp<"depthwise"> {
  let summary = "depthwise convolution on blocked images";
  let description = [{
    `input` [N, C/L, H, W, L], `weights` of layout depthwise. An item is one output row of L channels:
    [N, C/L, OH]. `tile.rows` is the number of outputs kept in registers.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$weights, Kernel_Shaped:$bias,
                       Variadic<Kernel_Shaped>:$extras, Kernel_Shaped:$out,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, Kernel_TileAttr:$tile);
}

def Kernel_GemmOp : Kernel_MacOp<"gemm"> {
  let summary = "matrix product on blocked operands: out[M, N] = input[M, K] . weights[K, N] + bias";
  let description = [{
    `input` of layout matrix [K/L, M, L] or plain as [1, M, K], `weights` of layout dense, `out`
    [N/L, M, L]. `depth` is the exact K. An item is nb L columns of all rows: [N/(nb L)].
    Weights of i32 are those of kernel.pack_fixed with as many bits as `weight_bits`: each counts as
    the i32 that pack_fixed makes of it, so that an epilogue times 2^-30 and the units' scales makes
    the sums those of the weights.
    With `phases` P, L/P columns share one vector with P consecutive rows of the weights, which are then
    [1, K/P, 1, L], as plain [K, L/P] lie in memory; `input` is plain. The sums of the phases are added
    at the end, and lanes past the columns hold copies.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_FloatsOrWords:$weights, Kernel_Shaped:$bias,
                       Variadic<Kernel_Shaped>:$extras, Kernel_Shaped:$out,
                       I64Attr:$depth, Kernel_TileAttr:$tile,
                       DefaultValuedAttr<I64Attr, "1">:$phases,
                       DefaultValuedAttr<I64Attr, "32">:$weight_bits);
  let extraClassDeclaration = dps # [{
    /// Whether the weights are those of kernel.pack_fixed.
    bool hasFixedWeights() { return getWeightBits() < 32; }
    FixedForm getFixedForm() { return {static_cast<int64_t>(getWeightBits())}; }
  }];
}

def Kernel_PoolOp : Kernel_Op<"pool"> {
  let summary = "max or average pooling on blocked images";
  let description = [{
    As nn.pool2d; the output extents already include `ceil_mode`'s last windows. An item is one
    output row of L channels: [N, C/L, OH].
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$out, Nn_PoolKindAttr:$kind,
                       DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$padding, UnitAttr:$count_include_pad);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)` attr-dict
    (`->` type($result)^)?
  }];
}

def Kernel_YieldOp : Op<Kernel_Dialect, "yield", [Pure, Terminator, ReturnLike]> {
  let summary = "the element that an epilogue stores";
  let arguments = (ins F32:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Kernel_LaunchOp : Op<Kernel_Dialect, "launch", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "runs an outlined kernel over [0, items) on the thread pool";
  let description = [{
    `kernel` takes the arguments, then the bounds of its part of the items. A thread gets at least
    `grain` items. With `scratch`, a number of bytes, the arguments are followed by a memref of as
    many i8, a part of the arena that no other thread uses during the launch. With `kept` a thread runs
    the same items in every call, in reverse order every second time: of what its items alone read, its
    cache kept the part that was read last.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$args, Index:$items,
                       I64Attr:$grain, DefaultValuedAttr<I64Attr, "0">:$scratch, UnitAttr:$kept);
  let assemblyFormat = [{
    $kernel `(` $args `:` type($args) `)` `items` `(` $items `)` `grain` `(` $grain `)`
    (`scratch` `(` $scratch^ `)`)? (`kept` $kept^)? attr-dict
  }];
}

def Kernel_ReadParamOp : Op<Kernel_Dialect, "read_param"> {
  let summary = "reads a parameter of the model from where its weights come from";
  let description = [{
    `index` counts the parameters in the model's order. As many elements as `out` has, from element
    `first` on, go there as they are.
  }];
  let arguments = (ins I64Attr:$index, I64Attr:$first, AnyStaticShapeMemRef:$out);
  let assemblyFormat = "$index `from` $first `into` $out attr-dict `:` type($out)";
}

def Kernel_MarkOp : Op<Kernel_Dialect, "mark"> {
  let summary = "tells who measures that all launches up to this point have ended";
  let description = [{
    Code for users has none: dlc-mark-launches adds them where the times of the launches are asked for.
  }];
  let arguments = (ins I64Attr:$index);
  let assemblyFormat = "$index attr-dict";
}

def Kernel_JointMeanOp : Op<Kernel_Dialect, "joint_mean", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "nn.joint_mean in place: `out` becomes its mean over the parts of the batch";
  let description = [{
    A call of the runtime, in the same order in every process; threads have no part in it.
  }];
  let arguments = (ins Kernel_Shaped:$out);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = "`outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutMutable(); }
  }];
}

def Kernel_GradientDoneOp : Op<Kernel_Dialect, "gradient_done"> {
  let summary = "tells the runtime that a parameter's gradient is complete and is not read again";
  let description = [{
    `index` counts the gradients in the model's order. From here on the rest of the call leaves that
    gradient's memory alone.
  }];
  let arguments = (ins I64Attr:$index);
  let assemblyFormat = "$index attr-dict";
}

include "dialects/kernel/Backward.td"
include "dialects/kernel/Fixed.td"
include "dialects/kernel/Pair.td"
include "dialects/kernel/Gpu.td"
include "dialects/kernel/Warpgroup.td"
include "dialects/kernel/Winograd.td"

#endif // DLC_DIALECTS_KERNEL_KERNEL_TD
