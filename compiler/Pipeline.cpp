//===- Pipeline.cpp - THE PAGE: the order of passes ---------------------------------===//
//
// model.json -> frontend -> [autodiff -> fusion -> schedule -> memory -> vector -> llvm] -> emit
//                                                                  for GPUs: gpu -> device, host
//
// Each phase is one short function; no other file orders passes.
//
//===------------------------------------------------------------------------------===//

#include "compiler/Pipeline.h"
#include "compiler/abi/Passes.h"
#include "compiler/autodiff/Passes.h"
#include "compiler/cpu/Passes.h"
#include "compiler/cuda/Passes.h"
#include "compiler/fusion/Passes.h"
#include "compiler/loops/Passes.h"
#include "compiler/memory/Passes.h"
#include "compiler/schedule/Chip.h"
#include "compiler/schedule/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace dlc;
using schedule::TargetFacts;

// CSE goes first as well: two views of one place must be one before the copy between them folds.
static void cleanUp(OpPassManager &pm) {
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void dlc::buildTrainingPhase(OpPassManager &pm, int64_t bytesPerSample) {
  // What is equal in the forward part is computed, kept and differentiated once.
  cleanUp(pm);
  pm.addPass(autodiff::createDifferentiate());
  pm.addPass(autodiff::createPlaceState());
  cleanUp(pm);
  pm.addNestedPass<func::FuncOp>(autodiff::createRecompute({bytesPerSample}));
}

void dlc::buildFusionPhase(OpPassManager &pm) {
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(fusion::createSimplifyInference());
  functions.addPass(fusion::createFoldBatchNorm());
  functions.addPass(fusion::createTransposeConvs());
  // Two uses of one folded parameter (shared layers) become one before groups hide them.
  functions.addPass(createCSEPass());
  functions.addPass(fusion::createFormGroups());
}

// What no kernel was made of.
// `costlyOnce`: a row's quotients are not computed again for each element, whatever that saves in
// launches.
static void addPlainPhase(OpPassManager &pm, bool costlyOnce) {
  // While parameters' arithmetic is still whole ops, and before linalg fusion could mix it with
  // data.
  pm.addPass(schedule::createOutlinePrepare());
  pm.addNestedPass<func::FuncOp>(schedule::createNnToLinalg());
  cleanUp(pm);
  // Fusion works on tensors only: after bufferization it is too late.
  pm.addNestedPass<func::FuncOp>(schedule::createFuseElementwise({costlyOnce}));
  cleanUp(pm);
}

void dlc::buildSchedulePhase(OpPassManager &pm, const TargetFacts &facts, bool naive,
                             Winograd winograd, WeightPrecision weightPrecision) {
  if (!naive) {
    pm.addNestedPass<func::FuncOp>(schedule::createSchedule(
        {facts.march.str(), schedule::listCosts(facts.costs), winograd, weightPrecision}));
    // What registers hold of a pooling needs no rows beside it.
    pm.addNestedPass<func::FuncOp>(schedule::createJoinPooling());
    pm.addNestedPass<func::FuncOp>(schedule::createPairKernels({int64_t(facts.costs.l2)}));
  }
  addPlainPhase(pm, /*costlyOnce=*/false);
}

void dlc::buildGpuSchedulePhase(OpPassManager &pm, StringRef chip, Precision precision,
                                bool naive) {
  std::optional<schedule::Chip> facts = schedule::lookupChip(chip);
  bool warpgroups = !naive && facts && facts->wgmma;
  if (!naive)
    pm.addNestedPass<func::FuncOp>(schedule::createScheduleGpu({chip.str(), precision}));
  // Filters that are laid out for it are prepared so.
  if (warpgroups && precision == Precision::Tf32)
    pm.addNestedPass<func::FuncOp>(schedule::createUseWarpgroups({chip.str()}));
  addPlainPhase(pm, /*costlyOnce=*/true);
  pm.addNestedPass<func::FuncOp>(schedule::createJoinReductions());
  pm.addNestedPass<func::FuncOp>(schedule::createSplitReductions());
  cleanUp(pm);
  if (precision != Precision::Bf16)
    return;
  // Once fusion has decided what goes through memory at all; then parameters that are rounded are
  // prepared so, by what computes them.
  pm.addNestedPass<func::FuncOp>(schedule::createNarrowFloats());
  pm.addPass(schedule::createOutlinePrepare());
  pm.addNestedPass<func::FuncOp>(schedule::createFuseElementwise({/*costlyOnce=*/true}));
  // Once it is known what lies in memory as bfloat16.
  if (warpgroups)
    pm.addNestedPass<func::FuncOp>(schedule::createUseWarpgroups({chip.str()}));
  cleanUp(pm);
}

void dlc::buildProbePhase(OpPassManager &pm, bool inputs) {
  pm.addNestedPass<func::FuncOp>(fusion::createProbeLayers({inputs}));
}

void dlc::buildExactPhase(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(schedule::createNnToLinalg());
  pm.addNestedPass<func::FuncOp>(schedule::createWidenFloats());
  cleanUp(pm);
  // Last, so that parameters' arithmetic is wide too.
  pm.addPass(schedule::createOutlinePrepare());
  cleanUp(pm);
}

static void addBuffers(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(memory::createBufferArguments());
  pm.addNestedPass<func::FuncOp>(memory::createSplitDestinations());
  // Once every whole has a destination of its own, and before producers look for theirs.
  pm.addNestedPass<func::FuncOp>(memory::createJoinInsertions());
  // Producers write where their consumer (a concatenation, an output) wants the result.
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions options;
  options.allowUnknownOps = false;
  pm.addPass(bufferization::createOneShotBufferizePass(options));
  cleanUp(pm);
  // After all else that could move or join uses: from here on the order of ops is that of memory.
  pm.addNestedPass<func::FuncOp>(memory::createReadParameters());
  pm.addNestedPass<func::FuncOp>(memory::createCompleteGradients());
}

void dlc::buildMemoryPhase(OpPassManager &pm, int64_t cacheBytes) {
  addBuffers(pm);
  pm.addPass(memory::createPlanArena());
  cleanUp(pm);
  if (cacheBytes)
    pm.addNestedPass<func::FuncOp>(memory::createChooseBatchStep({cacheBytes}));
}

void dlc::buildGpuMemoryPhase(OpPassManager &pm) {
  addBuffers(pm);
  // Before their buffers have places: those of one kernel live at once.
  pm.addNestedPass<func::FuncOp>(cuda::createJoinSteps());
  pm.addPass(memory::createPlanArena());
  cleanUp(pm);
}

void dlc::buildVectorPhase(OpPassManager &pm, const TargetFacts &facts, bool profiled) {
  pm.addNestedPass<func::FuncOp>(abi::createVerifyAliasing());
  pm.addPass(cpu::createOutlineKernels({int64_t(facts.costs.l2)}));
  if (profiled)
    pm.addPass(cpu::createMarkLaunches());
  pm.addNestedPass<func::FuncOp>(cpu::createExpandKernels({int64_t(facts.costs.l2)}));
  pm.addNestedPass<func::FuncOp>(cpu::createLinalgToLoops({facts.lanes}));
  cleanUp(pm);
}

void dlc::buildLlvmPhase(OpPassManager &pm, const TargetFacts &facts) {
  pm.addNestedPass<func::FuncOp>(loops::createExpandMath({facts.fma}));
  pm.addPass(createLowerAffinePass());
  cleanUp(pm);
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(abi::createLowerEntries());
  pm.addPass(cpu::createLowerLaunches());
  pm.addPass(cpu::createCpuToLlvm());
  cleanUp(pm);
}

void dlc::buildGpuPhase(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(abi::createVerifyAliasing());
  pm.addPass(cuda::createOutlineGpuKernels());
  pm.addPass(cuda::createExpandWarpgroups());
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(cuda::createExpandGpuKernels());
  kernels.addNestedPass<gpu::GPUFuncOp>(cuda::createLinalgToThreads());
  // Once stores are ops of their own.
  pm.addPass(cuda::createGuardUpdate());
  cleanUp(pm);
}

void dlc::buildDevicePhase(OpPassManager &pm) {
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addNestedPass<gpu::GPUFuncOp>(loops::createExpandMath());
  kernels.addPass(createLowerAffinePass());
  cleanUp(kernels);
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(createSCFToControlFlowPass());
  kernels.addPass(memref::createExpandStridedMetadataPass());
  kernels.addPass(createLowerAffinePass());
  kernels.addPass(cuda::createLowerGpuSignatures());
  kernels.addPass(cuda::createCudaToLlvm());
  kernels.addPass(cuda::createPassTensorMaps());
  cleanUp(kernels);
}

void dlc::buildGpuHostPhase(OpPassManager &pm) {
  pm.addPass(abi::createLowerEntries());
  pm.addPass(cuda::createLowerTensorMaps());
  pm.addPass(cuda::createLowerGpuLaunches());
  pm.addPass(createLowerAffinePass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(cpu::createCpuToLlvm());
  cleanUp(pm);
}

namespace {

struct MarchOptions : PassPipelineOptions<MarchOptions> {
  Option<std::string> march{*this, "march", llvm::cl::desc("row of the target facts"),
                            llvm::cl::init("x86-64-v4")};
  Option<bool> naive{*this, "naive", llvm::cl::desc("the linalg form of every op"),
                     llvm::cl::init(false)};

  TargetFacts facts() const {
    if (std::optional<TargetFacts> facts = schedule::lookupTarget(march))
      return *facts;
    llvm::reportFatalUsageError(llvm::Twine("no facts are known of the CPU '") + march + "'");
  }
};

struct GpuScheduleOptions : PassPipelineOptions<GpuScheduleOptions> {
  Option<std::string> chip{*this, "chip", llvm::cl::desc("row of the chips"),
                           llvm::cl::init("sm_80")};
  Option<Precision> precision{
      *this, "precision", llvm::cl::desc("what products round their operands to"),
      llvm::cl::init(Precision::Fp32),
      llvm::cl::values(clEnumValN(Precision::Fp32, "fp32", "nothing"),
                       clEnumValN(Precision::Tf32, "tf32", "10 bits of mantissa"),
                       clEnumValN(Precision::Bf16, "bf16", "7 bits of mantissa"))};
};

} // namespace

void dlc::registerPipelines() {
  static PassPipelineRegistration<> training("dlc-training-phase",
                                             "@forward and @loss -> @gradients and @backward",
                                             [](OpPassManager &pm) { buildTrainingPhase(pm); });
  static PassPipelineRegistration<> fusion("dlc-fusion-phase", "nn -> fused nn", buildFusionPhase);
  static PassPipelineRegistration<MarchOptions> schedule(
      "dlc-schedule-phase", "nn -> kernel and linalg ops, @prepare outlined",
      [](OpPassManager &pm, const MarchOptions &options) {
        buildSchedulePhase(pm, options.facts(), options.naive);
      });
  static PassPipelineRegistration<GpuScheduleOptions> gpuSchedule(
      "dlc-gpu-schedule-phase", "nn -> kernel and linalg ops of a GPU, @prepare outlined",
      [](OpPassManager &pm, const GpuScheduleOptions &options) {
        buildGpuSchedulePhase(pm, options.chip, options.precision, /*naive=*/false);
      });
  static PassPipelineRegistration<MarchOptions> memory(
      "dlc-memory-phase", "tensors -> buffers in one arena",
      [](OpPassManager &pm, const MarchOptions &options) {
        buildMemoryPhase(pm, int64_t(options.facts().costs.l3));
      });
  static PassPipelineRegistration<> gpuMemory(
      "dlc-gpu-memory-phase", "tensors -> buffers in one arena, steps of kernels joined",
      buildGpuMemoryPhase);
  static PassPipelineRegistration<MarchOptions> vector(
      "dlc-vector-phase", "kernels and linalg -> loops and vectors",
      [](OpPassManager &pm, const MarchOptions &options) {
        buildVectorPhase(pm, options.facts());
      });
  static PassPipelineRegistration<MarchOptions> llvm(
      "dlc-llvm-phase", "loops and vectors -> the LLVM dialect",
      [](OpPassManager &pm, const MarchOptions &options) { buildLlvmPhase(pm, options.facts()); });
  static PassPipelineRegistration<> gpu(
      "dlc-gpu-phase", "buffers -> launches of kernels of loops in a gpu.module", buildGpuPhase);
  static PassPipelineRegistration<> device(
      "dlc-device-phase", "the kernels of each gpu.module -> the LLVM dialect", buildDevicePhase);
  static PassPipelineRegistration<> host(
      "dlc-gpu-host-phase", "entries that launch kernels -> the LLVM dialect", buildGpuHostPhase);
}
