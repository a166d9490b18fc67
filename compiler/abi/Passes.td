//===- Passes.td - passes of the abi room ---------------------*- tablegen -*-===//

#ifndef DLC_COMPILER_ABI_PASSES_TD
#define DLC_COMPILER_ABI_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyAliasing : Pass<"dlc-verify-aliasing", "::mlir::func::FuncOp"> {
  let summary = "rejects an op that writes a buffer which another of its operands overlaps";
  let description = [{
    Outlined kernels take their operands as noalias pointers, so no operand may overlap one that is
    written. Views of one buffer pass if they are disjoint for every batch. An elementwise linalg op
    may update a buffer in place: same value, same indexing map.
  }];
}

def LowerEntries : Pass<"dlc-lower-entries", "::mlir::ModuleOp"> {
  let summary = "gives entries their C signature; lowers reads of parameters and marks";
  let description = [{
    The runtime calls an entry with arrays of pointers to inputs and outputs, the block of prepared
    weights or of the state, and the arena. Whatever is launched stays as it is.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // DLC_COMPILER_ABI_PASSES_TD
