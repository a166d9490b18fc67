//===- PrintPtx.cpp - the PTX of kernels, for tests ----------------------------------===//

#include "compiler/cuda/Assemble.h"
#include "compiler/cuda/Passes.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_PRINTPTX
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc::cuda;

// One comment a kernel.
static void print(const Image &image) {
  for (const Resources &kernel : image.resources)
    llvm::outs() << "// " << kernel.kernel << ": " << kernel.registers << " registers, "
                 << kernel.stackBytes << " bytes of stack, " << kernel.spillBytes
                 << " bytes spilled, " << kernel.sharedBytes << " bytes of shared memory\n";
}

namespace {
struct PrintPtx : dlc::cuda::impl::PrintPtxBase<PrintPtx> {
  using PrintPtxBase::PrintPtxBase;

  void runOnOperation() override {
    for (auto module : getOperation().getOps<gpu::GPUModuleOp>()) {
      llvm::Expected<Image> image =
          assemble(module, {chip, features}, resources ? findPtxas() : std::string());
      if (!image) {
        module.emitError(llvm::toString(image.takeError()));
        return signalPassFailure();
      }
      llvm::outs() << image->ptx;
      print(*image);
    }
  }
};
} // namespace
