//===- GpuCode.cpp - the kernels of a GPU variant as images -------------------------===//

#include "compiler/GpuCode.h"
#include "compiler/cuda/Assemble.h"
#include "compiler/cuda/SimulatedImage.h"
#include "runtime/ModelDesc.h"

using namespace mlir;
using namespace dlc;

// A chip's own PTX feature runs on that chip alone; other PTX is a promise to all later GPUs.
static void addPtx(GpuKernels &kernels, const schedule::Chip &chip) {
  if (chip.exact && !kernels.code.images.empty())
    return;
  kernels.code.images.push_back(
      {kernels.ptx, chip.capability, chip.exact ? DLC_RT_PTX_EXACT : DLC_RT_PTX});
}

static llvm::Error simulate(gpu::GPUModuleOp module, GpuKernels &kernels, int32_t kind,
                            int64_t capability) {
  llvm::Expected<std::string> image = cuda::assembleSimulated(module);
  if (!image)
    return image.takeError();
  kernels.code.images.push_back({std::move(*image), capability, kind});
  return llvm::Error::success();
}

llvm::Expected<GpuKernels> dlc::makeGpuKernels(ModuleOp module, const schedule::Chip &chip,
                                               bool simulated) {
  GpuKernels kernels;
  auto modules = module.getOps<gpu::GPUModuleOp>();
  if (modules.empty())
    return kernels;
  gpu::GPUModuleOp device = *modules.begin();
  std::string ptxas = simulated ? "" : cuda::findPtxas();
  llvm::Expected<cuda::Image> image =
      cuda::assemble(device, {chip.name.str(), "+" + chip.ptxFeature.str()}, ptxas);
  if (!image)
    return image.takeError();
  kernels.code.kernels = std::move(image->kernels);
  kernels.code.maxBatch = image->maxBatch;
  int32_t kind = chip.exact ? DLC_RT_CUBIN_EXACT : DLC_RT_CUBIN;
  if (simulated) {
    if (llvm::Error error = simulate(device, kernels, kind, chip.capability))
      return std::move(error);
    return kernels;
  }
  kernels.ptx = std::move(image->ptx);
  if (!image->cubin.empty())
    kernels.code.images.push_back({std::move(image->cubin), chip.capability, kind});
  else
    kernels.warning = "ptxas was not found on PATH or under CUDA_HOME: the library holds PTX for " +
                      chip.name.str() + ", which the driver compiles each time it is loaded";
  addPtx(kernels, chip);
  return kernels;
}
