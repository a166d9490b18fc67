//===- ExpandGpuKernels.cpp - the pass dlc-expand-gpu-kernels -------------------------===//
//
// A kernel op becomes what one thread of a block does, with the template that its #kernel.math
// names:
//
//   gpu.func @conv(%x: memref<...>, %w: memref<...>, %out: memref<...>) kernel {
//     kernel.implicit_gemm ins(%x, %w) outs(%out) {cta, math}
//   ->
//     for the first stages: nvvm.cp.async tiles of A and B into shared memory
//     scf.for steps of K {
//       wait for the copies of a stage; barrier; start those of the next free one
//       read fragments of A and B, multiply, add
//     }
//     epilogue, llvm.store
//
// Shared memory is @dlc_shared, an array whose size the launch gives.
//
//===--------------------------------------------------------------------------------===//

#include "compiler/cuda/Passes.h"
#include "compiler/cuda/Templates.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_EXPANDGPUKERNELS
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

// The batch that a buffer holds, in i32.
static Int batchOf(ImplicitLocOpBuilder &builder, Value buffer) {
  Value extent = builder.createOrFold<memref::DimOp>(buffer, 0);
  return {&builder, builder.createOrFold<arith::IndexCastOp>(builder.getI32Type(), extent)};
}

static void expandProduct(const Product &product) {
  if (product.block.math == kernel::Math::Simt)
    expandSimt(product);
  else
    expandTensorCores(product);
}

template <typename OpTy> static Windows windowsOf(OpTy op, const GlobalBuffer &image) {
  Windows windows{image,
                  {},
                  {},
                  llvm::to_vector(op.getStrides()),
                  llvm::to_vector(op.getPadding()),
                  llvm::to_vector(op.getDilations())};
  return windows;
}

static LogicalResult expandGemm(ImplicitLocOpBuilder &builder, kernel::ImplicitGemmOp op) {
  FailureOr<GlobalBuffer> input = getBuffer(builder, op, op.getInput());
  FailureOr<GlobalBuffer> weights = getBuffer(builder, op, op.getWeights());
  FailureOr<GlobalBuffer> out = getBuffer(builder, op, op.getOut());
  if (failed(input) || failed(weights) || failed(out))
    return failure();
  Destination destination{*out, {}, &op.getEpilogue()};
  for (Value extra : op.getExtras()) {
    FailureOr<GlobalBuffer> buffer = getBuffer(builder, op, extra);
    if (failed(buffer))
      return failure();
    destination.extras.push_back(*buffer);
  }
  ArrayRef<int64_t> image = op.getImageShape(), k = weights->shape;
  Windows windows = windowsOf(op, *input);
  windows.out = llvm::to_vector(image.slice(1, 2));
  windows.kernel = llvm::to_vector(k.take_front(2));
  Int batch = batchOf(builder, op.getInput());
  ThreadBlock block =
      makeBlock(builder, op.getCta(), op.getMath(), batch * (image[1] * image[2]),
                batch.constant(image[3]), batch.constant(k[0] * k[1] * k[2]), op.getParts());
  windows.simplify();
  expandProduct({block, windows, /*transposed=*/false, *weights, destination});
  return success();
}

static LogicalResult expandWeights(ImplicitLocOpBuilder &builder,
                                   kernel::ImplicitGemmWeightsOp op) {
  FailureOr<GlobalBuffer> input = getBuffer(builder, op, op.getInput());
  FailureOr<GlobalBuffer> gradient = getBuffer(builder, op, op.getGradient());
  FailureOr<GlobalBuffer> out = getBuffer(builder, op, op.getOut());
  if (failed(input) || failed(gradient) || failed(out))
    return failure();
  ArrayRef<int64_t> k = op.getKernelShape(), image = gradient->shape;
  Windows windows = windowsOf(op, *input);
  windows.out = llvm::to_vector(ArrayRef(image).slice(1, 2));
  windows.kernel = llvm::to_vector(k.take_front(2));
  Int batch = batchOf(builder, op.getInput());
  ThreadBlock block =
      makeBlock(builder, op.getCta(), op.getMath(), batch.constant(k[0] * k[1] * k[2]),
                batch.constant(k[3]), batch * (image[1] * image[2]), op.getParts());
  windows.simplify();
  expandProduct({block, windows, /*transposed=*/true, *gradient, {*out, {}, nullptr}});
  return success();
}

namespace {

struct ExpandGpuKernels : dlc::cuda::impl::ExpandGpuKernelsBase<ExpandGpuKernels> {
  void runOnOperation() override {
    SmallVector<kernel::GpuKernelOpInterface> ops;
    getOperation().walk([&](kernel::GpuKernelOpInterface op) { ops.push_back(op); });
    for (kernel::GpuKernelOpInterface op : ops)
      if (failed(expand(op)))
        return signalPassFailure();
  }

  LogicalResult expand(kernel::GpuKernelOpInterface op) {
    auto func = op->getParentOfType<gpu::GPUFuncOp>();
    if (!func || op->getParentOp() != func)
      return op->emitOpError("needs a kernel of its own");
    if (llvm::any_of(op->getOperandTypes(), [](Type type) { return !isa<MemRefType>(type); }))
      return op->emitOpError("needs buffers, not tensors");
    ImplicitLocOpBuilder builder(op.getLoc(), op);
    LogicalResult result =
        TypeSwitch<Operation *, LogicalResult>(op)
            .Case([&](kernel::ImplicitGemmOp gemm) { return expandGemm(builder, gemm); })
            .Case([&](kernel::ImplicitGemmWeightsOp gemm) { return expandWeights(builder, gemm); });
    if (failed(result))
      return failure();
    // Else ptxas spills a few registers of some kernels to make room for more blocks.
    func->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), builder.getI32IntegerAttr(1));
    op->erase();
    return success();
  }
};

} // namespace
