//===- Passes.td - the passes of the memory room -----------------*- tablegen -*-===//

#ifndef DLC_COMPILER_MEMORY_PASSES_TD
#define DLC_COMPILER_MEMORY_PASSES_TD

include "mlir/Pass/PassBase.td"

def BufferArguments : Pass<"dlc-buffer-arguments", "::mlir::func::FuncOp"> {
  let summary = "entry functions take buffers for their inputs and results";
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect",
                           "::mlir::memref::MemRefDialect"];
}

def SplitDestinations : Pass<"dlc-split-destinations", "::mlir::func::FuncOp"> {
  let summary = "give every op that writes an empty or filled tensor its own";
}

def JoinInsertions : Pass<"dlc-join-insertions", "::mlir::func::FuncOp"> {
  let summary = "insert the parts of a part into the whole that it becomes part of";
}

def ReadParameters : Pass<"dlc-read-parameters", "::mlir::func::FuncOp"> {
  let summary = "read each parameter right before its first use, into memory that others have next";
  let dependentDialects = ["::dlc::kernel::KernelDialect", "::mlir::memref::MemRefDialect"];
}

def CompleteGradients : Pass<"dlc-complete-gradients", "::mlir::func::FuncOp"> {
  let summary = "tell the runtime of each gradient as soon as it is complete";
  let dependentDialects = ["::dlc::kernel::KernelDialect"];
}

def PlanArena : Pass<"dlc-plan-arena", "::mlir::ModuleOp"> {
  let summary = "place every allocation of an entry function in one arena";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def ChooseBatchStep : Pass<"dlc-choose-batch-step", "::mlir::func::FuncOp"> {
  let summary = "how many samples of a batch pass through the network at once";
  let options = [Option<"cacheBytes", "cache-bytes", "int64_t", "16 << 20",
                        "bytes of the last cache that a library may count on">];
}

#endif // DLC_COMPILER_MEMORY_PASSES_TD
