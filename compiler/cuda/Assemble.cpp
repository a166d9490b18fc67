//===- Assemble.cpp - kernels for GPUs to PTX and machine code ----------------------===//

#include "compiler/cuda/Assemble.h"
#include "compiler/cuda/Ptxas.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

static llvm::Error fail(const Twine &message) { return llvm::createStringError(message); }

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>> makeMachine(const Target &target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target *llvmTarget = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!llvmTarget)
    return fail("LLVM has no code generator for NVIDIA's GPUs: " + error);
  return std::unique_ptr<llvm::TargetMachine>(llvmTarget->createTargetMachine(
      triple, target.chip, target.features, llvm::TargetOptions(), std::nullopt, std::nullopt,
      llvm::CodeGenOptLevel::Aggressive));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

// There is no library to link: what is called has to be here.
static llvm::Error checkCalls(const llvm::Module &module) {
  for (const llvm::Function &function : module)
    if (function.isDeclaration() && !function.isIntrinsic() && !function.use_empty())
      return fail("a kernel calls '" + function.getName() + "', which GPUs do not have");
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<llvm::Module>>
cuda::translateKernels(gpu::GPUModuleOp module, const Target &target, llvm::LLVMContext &context) {
  MLIRContext &mlirContext = *module.getContext();
  registerBuiltinDialectTranslation(mlirContext);
  registerGPUDialectTranslation(mlirContext);
  registerLLVMDialectTranslation(mlirContext);
  registerNVVMDialectTranslation(mlirContext);
  // Operations that LLVM has no intrinsic for become PTX as they are.
  PassManager passes(&mlirContext, gpu::GPUModuleOp::getOperationName());
  passes.addPass(createConvertNVVMToLLVMPass());
  if (failed(passes.run(module)))
    return fail("the kernels could not be translated to PTX");
  std::unique_ptr<llvm::Module> kernels =
      translateModuleToLLVMIR(module, context, module.getName());
  if (!kernels)
    return fail("the kernels could not be translated to LLVM");
  auto machine = makeMachine(target);
  if (!machine)
    return machine.takeError();
  kernels->setTargetTriple((*machine)->getTargetTriple());
  kernels->setDataLayout((*machine)->createDataLayout());
  if (llvm::Error error = checkCalls(*kernels))
    return error;
  optimize(*kernels, **machine);
  return kernels;
}

static llvm::Expected<std::string> emitPtx(llvm::Module &module, const Target &target) {
  auto machine = makeMachine(target);
  if (!machine)
    return machine.takeError();
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return fail("LLVM cannot print PTX for '" + target.chip + "'");
  passes.run(module);
  return text.str().str();
}

llvm::Expected<Image> cuda::assemble(gpu::GPUModuleOp module, const Target &target,
                                     StringRef ptxas) {
  llvm::LLVMContext context;
  auto kernels = translateKernels(module, target, context);
  if (!kernels)
    return kernels.takeError();
  Image image;
  for (Operation &op : *module.getBody())
    if (gpu::GPUDialect::isKernel(&op))
      image.kernels.push_back(SymbolTable::getSymbolName(&op).str());
  auto maxBatch = module->getAttrOfType<IntegerAttr>(kernel::kMaxBatchAttr);
  image.maxBatch = maxBatch ? maxBatch.getInt() : std::numeric_limits<int32_t>::max();
  auto ptx = emitPtx(**kernels, target);
  if (!ptx)
    return ptx.takeError();
  image.ptx = std::move(*ptx);
  if (ptxas.empty())
    return image;
  if (llvm::Error error = runPtxas(ptxas, target, image))
    return error;
  return image;
}
