//===-- Merge.cpp - One module from all variants and the runtime -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Merge.h"

#include "compiler/emit/Check.h"
#include "compiler/emit/Descriptor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace llvm;
using namespace dlc::emit;

namespace {

/// Collects what LLVM reports on a context while it lives.
class DiagnosticCapture : public DiagnosticHandler {
public:
  explicit DiagnosticCapture(std::string &text) : text(text) {}
  bool handleDiagnostics(const DiagnosticInfo &info) override {
    if (info.getSeverity() == DS_Error) {
      raw_string_ostream os(text);
      DiagnosticPrinterRawOStream printer(os);
      info.print(printer);
    }
    return true;
  }

private:
  std::string &text;
};

/// llvm::Linker with its messages as an Error.
Error linkInto(Linker &linker, std::unique_ptr<Module> source, unsigned flags) {
  LLVMContext &context = source->getContext();
  std::string name = source->getName().str(), text;
  std::unique_ptr<DiagnosticHandler> previous = context.getDiagnosticHandler();
  context.setDiagnosticHandler(std::make_unique<DiagnosticCapture>(text));
  bool failed = linker.linkInModule(std::move(source), flags);
  context.setDiagnosticHandler(std::move(previous));
  return failed ? makeFault("cannot merge the module \"" + name + "\": " + text) : Error::success();
}

/// Gives functions the CPU of their variant, and what holds for all code here:
/// nothing throws, so no unwind tables are needed.
class VariantAttributes {
public:
  static Expected<VariantAttributes> make(const Variant &variant, const TargetMachine &machine) {
    std::unique_ptr<MCSubtargetInfo> subtarget(machine.getTarget().createMCSubtargetInfo(
        machine.getTargetTriple(), variant.targetCpu, variant.features));
    if (!subtarget || !subtarget->isCPUStringValid(variant.targetCpu))
      return makeFault("LLVM knows no CPU \"" + variant.targetCpu + "\"");
    VariantAttributes result(variant);
    result.wideVectors = machine.getTargetTriple().isX86() && subtarget->checkFeatures("+avx512f");
    return result;
  }

  void apply(Function &function) const {
    for (StringRef name : {"target-cpu", "tune-cpu", "target-features"})
      function.removeFnAttr(name);
    function.addFnAttr("target-cpu", variant.targetCpu);
    if (!variant.tuneCpu.empty())
      function.addFnAttr("tune-cpu", variant.tuneCpu);
    if (!variant.features.empty())
      function.addFnAttr("target-features", variant.features);
    // LLVM prefers 256 bits on x86-64-v4, which would split our registers.
    if (wideVectors) {
      function.addFnAttr("prefer-vector-width", "512");
      function.addFnAttr("min-legal-vector-width", "512");
    }
  }

private:
  explicit VariantAttributes(const Variant &variant) : variant(variant) {}
  const Variant &variant;
  bool wideVectors = false;
};

/// Makes the module ready to be linked with its siblings: unique names, external
/// where an internal function would be dropped for having no caller yet.
Error prepareModule(Variant &variant, const TargetMachine &machine) {
  Module &module = *variant.module;
  std::string text;
  raw_string_ostream os(text);
  if (verifyModule(module, &os))
    return makeFault("the code for \"" + variant.name + "\" is invalid: " + text);
  Expected<VariantAttributes> attributes = VariantAttributes::make(variant, machine);
  if (!attributes)
    return attributes.takeError();

  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  std::string suffix = "." + makeIdentifier(variant.name);
  for (GlobalVariable &variable : module.globals())
    if (!variable.isDeclaration()) {
      variable.setLinkage(GlobalValue::InternalLinkage);
      variable.setName(variable.getName() + suffix);
    }
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    bool isEntry = function.getName() == "forward" || function.getName() == "prepare";
    function.setName(function.getName() + suffix);
    function.setComdat(nullptr);
    function.setVisibility(GlobalValue::DefaultVisibility);
    function.setLinkage(isEntry ? GlobalValue::ExternalLinkage : GlobalValue::InternalLinkage);
    attributes->apply(function);
  }
  return Error::success();
}

} // namespace

Expected<std::unique_ptr<Module>> dlc::emit::mergeVariants(Model &model, const Names &names,
                                                           TargetMachine &machine) {
  auto merged = std::make_unique<Module>(names.model, model.variants.front().module->getContext());
  merged->setTargetTriple(machine.getTargetTriple());
  merged->setDataLayout(machine.createDataLayout());
  Linker linker(*merged);
  SmallVector<VariantCode> code;
  for (Variant &variant : model.variants) {
    if (Error error = prepareModule(variant, machine))
      return std::move(error);
    if (Error error = linkInto(linker, std::move(variant.module), Linker::None))
      return std::move(error);
    std::string suffix = "." + makeIdentifier(variant.name);
    code.push_back(
        {merged->getFunction("forward" + suffix), merged->getFunction("prepare" + suffix)});
  }
  addDescriptor(*merged, model, names, code);
  return merged;
}

Error dlc::emit::linkRuntime(Module &module, StringRef bitcodePath) {
  auto buffer = MemoryBuffer::getFile(bitcodePath);
  if (!buffer)
    return createStringError("cannot read dlc's runtime \"" + bitcodePath +
                             "\": " + buffer.getError().message() + "; reinstall dlc");
  Expected<std::unique_ptr<Module>> runtime =
      parseBitcodeFile((*buffer)->getMemBufferRef(), module.getContext());
  if (!runtime)
    return createStringError("dlc's runtime \"" + bitcodePath +
                             "\" is damaged: " + toString(runtime.takeError()) + "; reinstall dlc");
  (*runtime)->setTargetTriple(module.getTargetTriple());
  (*runtime)->setDataLayout(module.getDataLayout());
  Linker linker(module);
  return linkInto(linker, std::move(*runtime), Linker::LinkOnlyNeeded);
}

void dlc::emit::internalize(Module &module, const Names &names) {
  StringSet<> kept;
  for (const std::string &symbol : documentedSymbols(names))
    kept.insert(symbol);
  kept.insert(entrySymbol(names));
  internalizeModule(module,
                    [&](const GlobalValue &value) { return kept.contains(value.getName()); });
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.setUWTableKind(UWTableKind::None);
    function.addFnAttr(Attribute::NoUnwind);
  }
  // Compilers' names and versions are none of the user's business.
  for (StringRef name : {"llvm.ident", "llvm.commandline"})
    if (NamedMDNode *node = module.getNamedMetadata(name))
      module.eraseNamedMetadata(node);
}
