//===-- Parts.cpp - Modules of a model, ready to be compiled -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Parts.h"

#include "compiler/emit/Check.h"
#include "compiler/emit/Descriptor.h"
#include "compiler/emit/Object.h"

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
#include "llvm/Support/xxhash.h"
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

/// Gives functions the CPU of their variant.
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

/// Nothing throws, so no unwind tables are needed; and compilers' names and
/// versions are none of the user's business.
void finish(Module &module) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.setUWTableKind(UWTableKind::None);
    function.addFnAttr(Attribute::NoUnwind);
  }
  for (StringRef name : {"llvm.ident", "llvm.commandline"})
    if (NamedMDNode *node = module.getNamedMetadata(name))
      module.eraseNamedMetadata(node);
}

void setTarget(Module &module, const TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  module.setPICLevel(PICLevel::BigPIC);
}

/// Makes `function` visible to the other parts of the model, and to them only.
void share(Function &function, const Twine &name) {
  function.setName(name);
  function.setLinkage(GlobalValue::ExternalLinkage);
  function.setVisibility(GlobalValue::HiddenVisibility);
  function.setDSOLocal(true);
}

/// Gives a variant's functions their CPU and names that no other variant has.
Error prepareModule(Variant &variant, const Names &names, const TargetMachine &machine) {
  Module &module = *variant.module;
  std::string text;
  raw_string_ostream os(text);
  if (verifyModule(module, &os))
    return makeFault("the code for \"" + variant.name + "\" is invalid: " + text);
  Expected<VariantAttributes> attributes = VariantAttributes::make(variant, machine);
  if (!attributes)
    return attributes.takeError();

  setTarget(module, machine);
  std::string prefix = names.model + ".", suffix = "." + makeIdentifier(variant.name);
  for (GlobalVariable &variable : module.globals())
    if (!variable.isDeclaration()) {
      variable.setLinkage(GlobalValue::InternalLinkage);
      variable.setName(variable.getName() + suffix);
    }
  for (Function &function : module) {
    if (function.isDeclaration()) {
      if (function.getName().starts_with("dlc_rt_"))
        share(function, prefix + function.getName());
      continue;
    }
    function.setComdat(nullptr);
    if (is_contained({"forward", "prepare"}, function.getName()) ||
        is_contained(trainingFunctions, function.getName())) {
      share(function, prefix + function.getName() + suffix);
    } else {
      function.setVisibility(GlobalValue::DefaultVisibility);
      function.setLinkage(GlobalValue::InternalLinkage);
      function.setName(function.getName() + suffix);
    }
    attributes->apply(function);
  }
  finish(module);
  return Error::success();
}

/// Declares in `root` a function that `part` defines or declares; null where it
/// does neither.
Function *declare(Module &root, const Module &part, StringRef name) {
  const Function *function = part.getFunction(name);
  if (!function)
    return nullptr;
  auto *declaration =
      Function::Create(function->getFunctionType(), GlobalValue::ExternalLinkage, name, root);
  share(*declaration, name);
  return declaration;
}

/// Where prepared weights lie, and what they mean, is in the code that reads them.
std::array<uint64_t, 2> identityOf(const Module &variant) {
  Part part = makePart(variant, /*isOptimised=*/false);
  XXH128_hash_t hash =
      xxh3_128bits({reinterpret_cast<const uint8_t *>(part.bitcode.data()), part.bitcode.size()});
  return {hash.low64, hash.high64};
}

Expected<std::unique_ptr<Module>> readRuntime(StringRef path, LLVMContext &context) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("cannot read dlc's runtime \"" + path +
                             "\": " + buffer.getError().message() + "; reinstall dlc");
  Expected<std::unique_ptr<Module>> runtime =
      parseBitcodeFile((*buffer)->getMemBufferRef(), context);
  if (!runtime)
    return createStringError("dlc's runtime \"" + path +
                             "\" is damaged: " + toString(runtime.takeError()) + "; reinstall dlc");
  return runtime;
}

} // namespace

Expected<Parts> dlc::emit::makeParts(Model &model, const Names &names, TargetMachine &machine) {
  Parts parts;
  parts.root = std::make_unique<Module>(names.model, model.variants.front().module->getContext());
  setTarget(*parts.root, machine);
  SmallVector<VariantCode> code;
  for (Variant &variant : model.variants) {
    if (Error error = prepareModule(variant, names, machine))
      return std::move(error);
    std::string prefix = names.model + ".", suffix = "." + makeIdentifier(variant.name);
    auto entry = [&](StringRef name) {
      return declare(*parts.root, *variant.module, (Twine(prefix) + name + suffix).str());
    };
    code.push_back({entry("forward"), entry("prepare"), identityOf(*variant.module)});
    if (model.training)
      transform(trainingFunctions, code.back().training.begin(), entry);
    parts.variants.push_back(std::move(variant.module));
  }
  addDescriptor(*parts.root, model, names, code);
  finish(*parts.root);
  return parts;
}

Error dlc::emit::linkRuntime(Parts &parts, const Names &names, StringRef bitcodePath) {
  Module &root = *parts.root;
  Expected<std::unique_ptr<Module>> runtime = readRuntime(bitcodePath, root.getContext());
  if (!runtime)
    return runtime.takeError();
  (*runtime)->setTargetTriple(root.getTargetTriple());
  (*runtime)->setDataLayout(root.getDataLayout());

  // What the documented functions call is internal to the root in the end; what
  // the variants call is shared with them.
  std::string prefix = names.model + ".";
  StringSet<> kept;
  for (const std::string &symbol : documentedSymbols(names))
    kept.insert(symbol);
  kept.insert(entrySymbol(names));
  for (const auto &variant : parts.variants)
    for (const Function &function : *variant) {
      StringRef name = function.getName();
      if (!name.consume_front(prefix) || !name.starts_with("dlc_rt_"))
        continue;
      if (Function *definition = (*runtime)->getFunction(name))
        share(*definition, function.getName());
      if (kept.insert(function.getName()).second)
        declare(root, *variant, function.getName());
    }

  Linker linker(root);
  if (Error error = linkInto(linker, std::move(*runtime), Linker::LinkOnlyNeeded))
    return error;
  internalizeModule(root, [&](const GlobalValue &value) { return kept.contains(value.getName()); });
  finish(root);
  return Error::success();
}

Expected<std::unique_ptr<Module>> dlc::emit::mergeParts(Parts parts) {
  Linker linker(*parts.root);
  for (auto &variant : parts.variants)
    if (Error error = linkInto(linker, std::move(variant), Linker::None))
      return std::move(error);
  return std::move(parts.root);
}
