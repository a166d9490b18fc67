//===- SimulatedImage.cpp - a gpu.module as code for the host -----------------------===//

#include "compiler/SimulatedImage.h"
#include "compiler/cuda/Passes.h"
#include "compiler/emit/Check.h"
#include "compiler/emit/Link.h"
#include "compiler/emit/Object.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace dlc;
using llvm::Error;
using llvm::Expected;

static constexpr StringLiteral hostTriple = "x86_64-unknown-linux-gnu", hostCpu = "x86-64-v3";

/// Null, with a diagnostic, where it holds what the simulator does not know.
static std::unique_ptr<llvm::Module> translate(gpu::GPUModuleOp original, bool traced,
                                               llvm::LLVMContext &context) {
  MLIRContext &mlirContext = *original.getContext();
  // A gpu.module asks the module that it lies in for facts of the target.
  OwningOpRef<ModuleOp> parent = ModuleOp::create(original.getLoc());
  gpu::GPUModuleOp module = original.clone();
  parent->push_back(module);
  PassManager passes(&mlirContext);
  passes.addNestedPass<gpu::GPUModuleOp>(cuda::createSimulateGpu({traced}));
  if (failed(passes.run(*parent)))
    return nullptr;
  registerBuiltinDialectTranslation(mlirContext);
  registerLLVMDialectTranslation(mlirContext);
  registerGPUDialectTranslation(mlirContext);
  return translateModuleToLLVMIR(module, context, original.getName());
}

static Error makeTemporary(llvm::SmallString<64> &path, StringRef suffix) {
  std::error_code code = llvm::sys::fs::createTemporaryFile("dlc-simulated", suffix, path);
  return code ? dlc::emit::makeFault("cannot make a temporary file: " + code.message())
              : Error::success();
}

/// lld reads and writes files.
static Expected<std::string> link(StringRef object) {
  llvm::SmallString<64> input, output;
  if (Error error = makeTemporary(input, "o"))
    return error;
  llvm::FileRemover removeInput(input);
  if (Error error = makeTemporary(output, "so"))
    return error;
  llvm::FileRemover removeOutput(output);
  std::error_code code;
  llvm::raw_fd_ostream os(input, code);
  os << object;
  os.close();
  if (code || os.has_error())
    return dlc::emit::makeFault("cannot write " + input);
  if (Error error = dlc::emit::linkPlugin(input.str().str(), output))
    return error;
  auto buffer = llvm::MemoryBuffer::getFile(output);
  if (!buffer)
    return dlc::emit::makeFault("cannot read " + output + ": " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

Expected<std::string> dlc::assembleSimulated(gpu::GPUModuleOp module, bool traced) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translate(module, traced, context);
  if (!code)
    return emit::makeFault("the kernels cannot be simulated");
  Expected<std::unique_ptr<llvm::TargetMachine>> machine = emit::makeTargetMachine(hostTriple);
  if (!machine)
    return machine.takeError();
  code->setTargetTriple((*machine)->getTargetTriple());
  code->setDataLayout((*machine)->createDataLayout());
  for (llvm::Function &function : *code)
    if (!function.isDeclaration())
      function.addFnAttr("target-cpu", hostCpu);
  emit::optimise(*code, **machine);
  auto object = emit::compileModule(*code, **machine, llvm::CodeGenFileType::ObjectFile);
  if (!object)
    return object.takeError();
  return link(*object);
}
