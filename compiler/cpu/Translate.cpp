//===- Translate.cpp - the LLVM dialect to an LLVM module ---------------------------===//

#include "compiler/cpu/Translate.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Module.h"

std::unique_ptr<llvm::Module> dlc::cpu::translateToLlvm(mlir::ModuleOp module,
                                                        llvm::LLVMContext &context) {
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  return mlir::translateModuleToLLVMIR(module, context, module.getName().value_or("dlc"));
}
