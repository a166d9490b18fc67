//===- Registration.cpp - every dialect and pass of dlc ----------------------------===//

#include "compiler/autodiff/Passes.h"
#include "compiler/Registration.h"
#include "compiler/Pipeline.h"
#include "compiler/abi/Passes.h"
#include "compiler/cpu/Passes.h"
#include "compiler/cuda/Passes.h"
#include "compiler/fusion/Passes.h"
#include "compiler/loops/Passes.h"
#include "compiler/memory/Passes.h"
#include "compiler/ops/Ops.h"
#include "compiler/schedule/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

void dlc::registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<nn::NnDialect, kernel::KernelDialect>();
  registerOpModels(registry);
  memory::registerBufferizationModels(registry);
}

void dlc::registerAllPasses() {
  mlir::registerAllPasses();
  autodiff::registerAutodiffPasses();
  fusion::registerFusionPasses();
  schedule::registerSchedulePasses();
  memory::registerMemoryPasses();
  abi::registerAbiPasses();
  loops::registerLoopsPasses();
  cpu::registerCpuPasses();
  cuda::registerCudaPasses();
  registerPipelines();
}
