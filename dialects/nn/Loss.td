//===- Loss.td - losses with a shape of their own ----------------*- tablegen -*-===//
// Losses that compare element with element are nn.map ops and named elementwise ones.

#ifndef DLC_DIALECTS_NN_LOSS_TD
#define DLC_DIALECTS_NN_LOSS_TD

include "dialects/nn/Nn.td"

def Nn_Target : RankedTensorOf<[F32, I32]>;

def Nn_CrossEntropyOp : Nn_InferredOp<"cross_entropy"> {
  let summary = "categorical cross-entropy of each row";
  let description = [{
    A row is the last dimension of `x`: K logits with `from_logits`, else probabilities. `target`
    holds a row's class as int32, or a distribution of x's shape as float32. With label smoothing s
    the distribution is (1 - s) * target + s / K. The loss of a row is -sum target_k * log p_k, each
    term weighted by class_weights[k] if there are any; probabilities below 1e-7 count as 1e-7. With
    `normalize` probabilities are divided by their row's sum before all else, as Keras does.

    The probabilities of a softmax, whose sum is 1, fold into their logits, which is the same function
    but keeps its slope where a probability is next to 0:
    ```
    %p = nn.softmax %x : tensor<?x4xf32>
    %l = nn.cross_entropy %p, %t : ...   ->   %l = nn.cross_entropy %x, %t {from_logits} : ...
    ```
  }];
  let arguments = (ins Nn_Tensor:$x, Nn_Target:$target, Optional<Nn_Vector>:$class_weights,
                       UnitAttr:$from_logits, UnitAttr:$normalize,
                       DefaultValuedAttr<F32Attr, "0.0f">:$label_smoothing);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = [{
    $x `,` $target (`,` $class_weights^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
}

def Nn_CrossEntropyBackwardOp : Nn_Op<"cross_entropy_backward"> {
  let summary = "gradient of cross_entropy with respect to x; g has one number a row";
  let arguments = (ins Nn_Tensor:$x, Nn_Target:$target, Optional<Nn_Vector>:$class_weights,
                       Nn_Tensor:$g, UnitAttr:$from_logits, UnitAttr:$normalize,
                       DefaultValuedAttr<F32Attr, "0.0f">:$label_smoothing);
  let results = (outs Nn_Tensor:$dx);
  let assemblyFormat = [{
    $x `,` $target (`weights` $class_weights^)? `,` $g attr-dict `:`
    functional-type(operands, results)
  }];
}

def Nn_ClassHitsOp : Nn_InferredOp<"class_hits"> {
  let summary = "1 for each row whose largest element is its class, else 0";
  let description = [{
    `target` as for cross_entropy; a distribution stands for its largest element. Of equal elements
    the first counts. A row of one element is a probability: above 1/2 it is class 1.
  }];
  let arguments = (ins Nn_Tensor:$x, Nn_Target:$target);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$x `,` $target attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DIALECTS_NN_LOSS_TD
