//===- Shape.td - ops that move data -----------------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_SHAPE_TD
#define DLC_DIALECTS_NN_SHAPE_TD

include "dialects/nn/Nn.td"

def Nn_ReshapeOp : Nn_Op<"reshape"> {
  let summary = "the same elements under another per-sample shape";
  let arguments = (ins Nn_Tensor:$x);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_PadOp : Nn_InferredOp<"pad"> {
  let summary = "constant padding; low and high have one entry a dimension";
  let arguments = (ins Nn_Tensor:$x, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       DefaultValuedAttr<F32Attr, "0.0f">:$value);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def Nn_ConcatOp : Nn_InferredOp<"concat"> {
  let summary = "inputs one after the other along an axis";
  let arguments = (ins Variadic<Nn_Tensor>:$xs, I64Attr:$axis);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$xs attr-dict `:` functional-type(operands, results)";
}

def Nn_TransposeOp : Nn_InferredOp<"transpose"> {
  let summary = "dimensions in another order: result dimension i is input dimension perm[i]";
  let arguments = (ins Nn_Tensor:$x, DenseI64ArrayAttr:$perm);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def Nn_SliceOp : Nn_InferredOp<"slice"> {
  let summary = "a box of the input: `sizes` elements from `offsets` on; -1 as a size is the batch";
  let arguments = (ins Nn_Tensor:$x, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$sizes);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def Nn_InterleaveOp : Nn_Op<"interleave"> {
  let summary = "images whose pixels take turns";
  let description = [{
    Pixel [y, x] of the result is pixel [y / strides[0], x / strides[1]] of the part whose entry of
    `phases` is (y mod strides[0]) * strides[1] + x mod strides[1], or zero where no part has it.
  }];
  let arguments = (ins Variadic<Nn_Image>:$parts, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$phases);
  let results = (outs Nn_Image:$y);
  let assemblyFormat = "$parts attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether every pixel comes from a part.
    bool isCovered() {
      return static_cast<int64_t>(getPhases().size()) == getStrides()[0] * getStrides()[1];
    }
  }];
}

def Nn_BarrierOp : Nn_Op<"barrier", [SameOperandsAndResultType]> {
  let summary = "the same value, to compute something again from";
  let description = [{
    What reads it is not shared with what computes the same from `x` itself: so an activation that is
    computed a second time, instead of being kept, stays that way. Costs nothing.
  }];
  let arguments = (ins Nn_Tensor:$x);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
}

def Nn_DropoutOp : Nn_Op<"dropout", [SameOperandsAndResultType]> {
  let summary = "drops activations while training; the identity at inference";
  let arguments = (ins Nn_Tensor:$x, F32Attr:$rate);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // DLC_DIALECTS_NN_SHAPE_TD
