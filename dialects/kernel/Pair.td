//===- Pair.td - a convolution and what reads its rows -----------*- tablegen -*-===//

#ifndef DLC_DIALECTS_KERNEL_PAIR_TD
#define DLC_DIALECTS_KERNEL_PAIR_TD

def Kernel_PairOp : Kernel_Op<"pair", [SingleBlock, NoTerminator]> {
  let summary = "a convolution whose rows a depthwise convolution or a pooling reads from near memory";
  let description = [{
    The body holds the two kernels, on buffers that stand for the operands and, last, for the image
    between them. That image exists in part only: the channels of a group in the pixels that `step_rows` x
    `step_columns` outputs at a time need; rows are kept from step to step, columns are not. An item is
    `band_rows` output rows of a group: [N, groups, ceil(OH / band_rows)]; the first of successive items
    computes the rows that it shares with the item before it once more.

    A kernel.conv makes one row of nb L channels at a time. A kernel.winograd makes those of a block of
    tiles, whole rows of all channels: its blocks are rows of tiles. The tiles of each band begin with its
    own first row, so that sums are the same whichever items are computed together.
  }];
  let arguments = (ins Variadic<Kernel_Shaped>:$inputs, Kernel_Shaped:$out,
                       I64Attr:$step_rows, I64Attr:$step_columns, I64Attr:$band_rows);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `ins` `(` $inputs `:` type($inputs) `)` `outs` `(` $out `:` type($out) `)` attr-dict-with-keyword
    $body (`->` type($result)^)?
  }];
  let extraClassDeclaration = dps # [{
    /// The convolution: a kernel.conv or a kernel.winograd.
    KernelOpInterface getProducer();
    /// The kernel that reads the convolution's result.
    KernelOpInterface getReader();
    /// What stands for the image between them.
    ::mlir::BlockArgument getMiddle() { return getBody().front().getArguments().back(); }
    /// The shape of the part of it that is kept: [1, blocks of a group, rows, columns, L].
    ::llvm::SmallVector<int64_t> getRingShape();
    int64_t getRingBytes();
    /// The ring, then what the convolution itself needs.
    int64_t getScratchBytes();
  }];
}

#endif // DLC_DIALECTS_KERNEL_PAIR_TD
