//===- Passes.td - the passes of the fusion room -----------------*- tablegen -*-===//

#ifndef DLC_COMPILER_FUSION_PASSES_TD
#define DLC_COMPILER_FUSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def SimplifyInference : Pass<"dlc-simplify-inference", "::mlir::func::FuncOp"> {
  let summary = "remove what has no effect at inference: dropout, separate zero padding";
}

def FoldBatchNorm : Pass<"dlc-fold-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "turn batch normalisation into an affine map and fold it into the op before it";
}

def TransposeConvs : Pass<"dlc-transpose-convs", "::mlir::func::FuncOp"> {
  let summary = "turn convolutions' backward data into convolutions of the gradient";
}

def FormGroups : Pass<"dlc-form-groups", "::mlir::func::FuncOp"> {
  let summary = "gather each heavy op and the elementwise ops after it into one nn.group";
}

def ProbeLayers : Pass<"dlc-probe-layers", "::mlir::func::FuncOp"> {
  let summary = "make the result of each layer an output, to be compared";
  let options = [Option<"inputs", "inputs", "bool", "false",
                        "layers read each other's results from further inputs">];
}

#endif // DLC_COMPILER_FUSION_PASSES_TD
