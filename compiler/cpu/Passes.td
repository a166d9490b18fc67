//===- Passes.td - passes of the cpu room --------------------*- tablegen -*-===//

#ifndef DLC_COMPILER_CPU_PASSES_TD
#define DLC_COMPILER_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandKernels : Pass<"dlc-expand-kernels", "::mlir::func::FuncOp"> {
  let summary = "expands each kernel op on memrefs into loops over its items [lo, hi)";
  let description = [{
    Works on functions that outlining made: their last two arguments are the bounds of the items to
    compute. A kernel op becomes scf loops around 1-D vectors of as many lanes as its layout has;
    its tile sizes are obeyed as they stand. Padding is skipped, never read. Every item is computed
    in the same order whatever the bounds are.
  }];
  let options = [
    Option<"l2Bytes", "l2-bytes", "int64_t", /*default=*/"1 << 20",
           "size of a core's second-level cache, in bytes; larger matrix products are cut along K">];
  let dependentDialects = ["::mlir::math::MathDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def OutlineKernels : Pass<"dlc-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "moves each op that computes into a private function over items and launches it";
  let description = [{
    Equal ops (same attributes, regions and types) share one function. Its arguments are the buffers,
    each passed once and noalias, then captured scalars, then the bounds of the items to compute.
    Matrix products whose weights the second-level caches of a few cores could hold are launched as kept.
  }];
  let options = [
    Option<"l2Bytes", "l2-bytes", "int64_t", /*default=*/"1 << 20",
           "size of a core's second-level cache, in bytes">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect", "::dlc::kernel::KernelDialect"];
}

def MarkLaunches : Pass<"dlc-mark-launches", "::mlir::ModuleOp"> {
  let summary = "makes @forward report before its first launch and after each, to be measured";
  let dependentDialects = ["::dlc::kernel::KernelDialect"];
}

def LinalgToLoops : Pass<"dlc-linalg-to-loops", "::mlir::func::FuncOp"> {
  let summary = "turns linalg in outlined functions into loops over their items, by vectors";
  let description = [{
    Parallel loops form the items [lo, hi), but for the inner one, which has unit strides and runs by
    vectors. A reduction is never split across items and its order is fixed, so that the bits do not
    depend on the number of threads. Ops without unit strides stay scalar.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", /*default=*/"16", "elements of a vector; a power of two">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerLaunches : Pass<"dlc-lower-launches", "::mlir::ModuleOp"> {
  let summary = "gives kernels bare pointers and lowers their launches";
  let description = [{
    A buffer crosses a call as its pointer and those extents, strides and offsets that its type leaves
    open. Whatever the type knows is a constant inside the kernel.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

def CpuToLlvm : Pass<"dlc-cpu-to-llvm", "::mlir::ModuleOp"> {
  let summary = "converts what is left of arith, cf, func, math, memref and vector to LLVM";
  let description = [{
    An allocation left at this point is an error: the library allocates only when it is created.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // DLC_COMPILER_CPU_PASSES_TD
