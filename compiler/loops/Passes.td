//===- Passes.td - passes of the loops room -------------------*- tablegen -*-===//

#ifndef DLC_COMPILER_LOOPS_PASSES_TD
#define DLC_COMPILER_LOOPS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"dlc-expand-math"> {
  let summary = "expands f32 functions to branch-free arithmetic, on scalars and vectors";
  let description = [{
    exp, expm1, log, log1p, tanh, erf, rsqrt and powf become polynomials, so that loops that call them
    vectorize and the bits depend on no libm.
  }];
  let options = [
    Option<"fma", "fma", "bool", /*default=*/"true",
           "the target multiplies and adds in one instruction; otherwise fma becomes two">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // DLC_COMPILER_LOOPS_PASSES_TD
