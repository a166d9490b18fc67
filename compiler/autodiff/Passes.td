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

#endif // DLC_COMPILER_AUTODIFF_PASSES_TD
