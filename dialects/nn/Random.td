//===- Random.td - random numbers --------------------------------*- tablegen -*-===//

#ifndef DLC_DIALECTS_NN_RANDOM_TD
#define DLC_DIALECTS_NN_RANDOM_TD

include "dialects/nn/Nn.td"

def Nn_RandomUniformOp : Nn_Op<"random_uniform"> {
  let summary = "numbers in [0, 1), the same ones wherever and however often they are computed";
  let description = [{
    Each element is a function of the seed, the step, `site`, the number of its sample and its place
    in the sample alone. `random` holds the low and the high half of the seed, the step and the
    number of the batch's first sample.
  }];
  let arguments = (ins TensorRankOf<[I32], [1]>:$random, I64Attr:$site);
  let results = (outs Nn_Tensor:$y);
  let assemblyFormat = "$random attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DIALECTS_NN_RANDOM_TD
