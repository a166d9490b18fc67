//===- LowerSignatures.cpp - bare pointers of kernels for GPUs ------------------------===//
//
// A buffer reaches a kernel as its address, then those extents and strides that its type leaves
// open, in 32 bits. Whatever the type knows is a constant inside the kernel.
//
//   gpu.func @exp_0(%x: memref<?x8xf32> {llvm.noalias}, ...) kernel
//   ->
//   gpu.func @exp_0(%x: !llvm.ptr {llvm.noalias}, %n: i32, ...) kernel
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/BufferAbi.h"
#include "compiler/cuda/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_LOWERGPUSIGNATURES
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc;

static void lowerSignature(gpu::GPUFuncOp func, OpBuilder &builder, const abi::BufferAbi &abi) {
  Location loc = func.getLoc();
  Block &body = func.getBody().front();
  unsigned count = func.getNumArguments(), next = 0;
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attrs;
  builder.setInsertionPointToStart(&body);
  for (unsigned index = 0; index < count; ++index) {
    BlockArgument old = body.getArgument(next);
    SmallVector<Value> parts;
    for (Type type : abi.getTypes(old.getType())) {
      DictionaryAttr attr = parts.empty() ? func.getArgAttrDict(index) : DictionaryAttr();
      attrs.push_back(attr ? attr : builder.getDictionaryAttr({}));
      parts.push_back(body.insertArgument(next++, type, loc));
      types.push_back(type);
    }
    old.replaceAllUsesWith(abi.join(loc, old.getType(), parts));
    body.eraseArgument(next);
  }
  func.setFunctionType(builder.getFunctionType(types, {}));
  func.setAllArgAttrs(attrs);
}

namespace {
struct LowerGpuSignatures : dlc::cuda::impl::LowerGpuSignaturesBase<LowerGpuSignatures> {
  void runOnOperation() override {
    LowerToLLVMOptions options(&getContext());
    options.overrideIndexBitwidth(32);
    LLVMTypeConverter converter(&getContext(), options);
    OpBuilder builder(&getContext());
    abi::BufferAbi abi(builder, converter);
    for (auto func : getOperation().getOps<gpu::GPUFuncOp>())
      lowerSignature(func, builder, abi);
  }
};
} // namespace
