//===- KernelInterfaces.td - what targets ask of a kernel op -----*- tablegen -*-===//

#ifndef DLC_DIALECTS_KERNEL_KERNELINTERFACES_TD
#define DLC_DIALECTS_KERNEL_KERNELINTERFACES_TD

include "mlir/IR/OpBase.td"

def KernelOpInterface : OpInterface<"KernelOpInterface"> {
  let cppNamespace = "::dlc::kernel";
  let description = [{
    An op whose work is a flat range of independent items. An outlined kernel computes the items
    [lo, hi); any split of the range gives the same bits.
  }];
  let methods = [
    InterfaceMethod<"Extents whose product is the number of items, outermost first.",
      "::llvm::SmallVector<::mlir::OpFoldResult>", "getItemExtents",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc)>,
    InterfaceMethod<"Arithmetic of one item, in floating-point operations.",
      "int64_t", "getFlopsPerItem", (ins)>,
    InterfaceMethod<"Scratch memory that each thread needs, a multiple of 64 bytes.",
      "int64_t", "getScratchBytes", (ins), "", "return 0;">];
}

def GpuKernelOpInterface : OpInterface<"GpuKernelOpInterface"> {
  let cppNamespace = "::dlc::kernel";
  let description = [{
    An op that blocks of a GPU's threads compute, and that says itself how many.
  }];
  let methods = [
    InterfaceMethod<"Blocks along x, y and z.",
      "::llvm::SmallVector<::mlir::OpFoldResult>", "getBlocks",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc)>,
    InterfaceMethod<"Threads of a block, along x.", "int64_t", "getThreads", (ins)>,
    InterfaceMethod<"Shared memory of a block, in bytes.", "int64_t", "getSharedBytes", (ins)>];
}

#endif // DLC_DIALECTS_KERNEL_KERNELINTERFACES_TD
