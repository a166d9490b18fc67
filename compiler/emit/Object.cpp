//===-- Object.cpp - Machine code from a module -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Object.h"

#include "compiler/emit/Check.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/Transforms/Scalar/LoopLoadElimination.h"

using namespace llvm;
using namespace dlc::emit;

static void initializeTargets() {
  static const bool done = [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
    return true;
  }();
  (void)done;
}

/// What the optimiser may call: the C library's scalar functions, so never a
/// vector mathematics library that the user would have to have.
static TargetLibraryInfoImpl libraryInfo(const TargetMachine &machine) {
  return TargetLibraryInfoImpl(machine.getTargetTriple(), VectorLibrary::NoLibrary);
}

Expected<std::unique_ptr<TargetMachine>> dlc::emit::makeTargetMachine(StringRef name) {
  initializeTargets();
  Triple triple(Triple::normalize(name));
  std::string reason;
  const Target *target = TargetRegistry::lookupTarget(triple, reason);
  if (!target)
    return createStringError("unknown target \"" + name + "\": " + reason);
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Standard;
  options.FunctionSections = true;
  options.DataSections = true;
  options.MCOptions.AsmVerbose = true;
  StringRef cpu = triple.isX86() ? "x86-64" : "generic";
  std::unique_ptr<TargetMachine> machine(
      target->createTargetMachine(triple, cpu, /*Features=*/"", options, Reloc::PIC_, std::nullopt,
                                  CodeGenOptLevel::Aggressive));
  if (!machine)
    return makeFault("LLVM cannot generate code for \"" + name + "\"");
  return machine;
}

void dlc::emit::optimise(Module &module, TargetMachine &machine) {
  PipelineTuningOptions tuning;
  tuning.LoopUnrolling = false;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  // A fourth of the pipeline's time, for values that kernels carry in registers already.
  PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback(
      [](StringRef pass, Any) { return pass != LoopLoadEliminationPass::name(); });
  PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager callGraph;
  ModuleAnalysisManager modules;
  functions.registerPass([&] { return TargetLibraryAnalysis(libraryInfo(machine)); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3).run(module, modules);
}

Expected<SmallString<0>> dlc::emit::compileModule(Module &module, TargetMachine &machine,
                                                  CodeGenFileType type) {
  SmallString<0> buffer;
  raw_svector_ostream os(buffer);
  legacy::PassManager passes;
  passes.add(new TargetLibraryInfoWrapperPass(libraryInfo(machine)));
  if (machine.addPassesToEmitFile(passes, os, /*DwoOut=*/nullptr, type))
    return makeFault("LLVM cannot write this kind of file for \"" +
                     machine.getTargetTriple().str() + "\"");
  passes.run(module);
  return buffer;
}

Part dlc::emit::makePart(const Module &module, bool isOptimised) {
  Part part{{}, isOptimised};
  raw_svector_ostream os(part.bitcode);
  WriteBitcodeToFile(module, os);
  return part;
}

/// In a context of its own, for LLVM's contexts are not shared by threads.
static Expected<SmallString<0>> compilePart(const Part &part, StringRef triple) {
  LLVMContext context;
  Expected<std::unique_ptr<Module>> module = parseBitcodeFile(
      MemoryBufferRef(StringRef(part.bitcode.data(), part.bitcode.size()), "part"), context);
  if (!module)
    return makeFault(toString(module.takeError()));
  Expected<std::unique_ptr<TargetMachine>> machine = makeTargetMachine(triple);
  if (!machine)
    return machine.takeError();
  if (!part.isOptimised)
    optimise(**module, **machine);
  return compileModule(**module, **machine, CodeGenFileType::ObjectFile);
}

Expected<std::vector<SmallString<0>>> dlc::emit::compileParts(ArrayRef<Part> parts,
                                                              StringRef triple) {
  std::vector<SmallString<0>> objects(parts.size());
  std::vector<std::string> messages(parts.size());
  DefaultThreadPool pool;
  for (size_t i = 0; i < parts.size(); ++i)
    pool.async([&, i] {
      Expected<SmallString<0>> object = compilePart(parts[i], triple);
      if (object)
        objects[i] = std::move(*object);
      else
        messages[i] = toString(object.takeError());
    });
  pool.wait();
  for (const std::string &message : messages)
    if (!message.empty())
      return makeFault(message);
  return objects;
}
