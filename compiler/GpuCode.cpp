//===- GpuCode.cpp - the kernels of a GPU variant as images -------------------------===//

#include "compiler/GpuCode.h"
#include "compiler/SimulatedImage.h"
#include "compiler/cuda/Assemble.h"
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

llvm::Expected<GpuKernels> dlc::makeGpuKernels(ModuleOp module, const schedule::Chip &chip,
                                               bool simulated) {
  GpuKernels kernels;
  auto modules = module.getOps<gpu::GPUModuleOp>();
  if (modules.empty())
    return kernels;
  gpu::GPUModuleOp device = *modules.begin();
  const int32_t kind = chip.exact ? DLC_RT_CUBIN_EXACT : DLC_RT_CUBIN;
  if (simulated) {
    llvm::Expected<std::string> image = assembleSimulated(device);
    if (!image)
      return image.takeError();
    kernels.code.images.push_back({std::move(*image), chip.capability, kind});
  }
  // Last: it lowers the module further than the simulator understands.
  llvm::Expected<cuda::Image> image = cuda::assemble(
      device, {chip.name.str(), "+" + chip.ptxFeature.str()}, simulated ? "" : cuda::findPtxas());
  if (!image)
    return image.takeError();
  kernels.code.kernels = std::move(image->kernels);
  kernels.code.maxBatch = image->maxBatch;
  if (simulated)
    return kernels;
  kernels.ptx = std::move(image->ptx);
  if (!image->cubin.empty())
    kernels.code.images.push_back({std::move(image->cubin), chip.capability, kind});
  else
    kernels.warning = "ptxas was not found on PATH or under CUDA_HOME: the library holds PTX for " +
                      chip.name.str() + ", which the driver compiles each time it is loaded";
  addPtx(kernels, chip);
  return kernels;
}
