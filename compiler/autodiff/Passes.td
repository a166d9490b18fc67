//===- Passes.td - the passes of the autodiff room ---------------*- tablegen -*-===//

#ifndef DLC_COMPILER_AUTODIFF_PASSES_TD
#define DLC_COMPILER_AUTODIFF_PASSES_TD

include "mlir/Pass/PassBase.td"

def Differentiate : Pass<"dlc-differentiate", "::mlir::ModuleOp"> {
  let summary = "build @gradients and @backward from @forward and @loss";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::dlc::nn::NnDialect"];
}

def PlaceState : Pass<"dlc-place-state", "::mlir::ModuleOp"> {
  let summary = "give every parameter, slot and gradient its place in one block of memory";
}

def Recompute : Pass<"dlc-recompute", "::mlir::func::FuncOp"> {
  let summary = "compute activations again where keeping them would take too much memory";
  let options = [Option<"bytesPerSample", "bytes-per-sample", "int64_t", "0",
                        "what values may take at once for each sample of a batch">];
}

#endif // DLC_COMPILER_AUTODIFF_PASSES_TD
