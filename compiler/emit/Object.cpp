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
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetOptions.h"

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
  module.setPICLevel(PICLevel::BigPIC);
  PipelineTuningOptions tuning;
  tuning.LoopUnrolling = false;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  PassBuilder builder(&machine, tuning);
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
