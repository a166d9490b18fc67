//===- Compile.cpp - read, import, run, emit ----------------------------------------===//

#include "compiler/Compile.h"
#include "compiler/CpuVariant.h"
#include "compiler/Describe.h"
#include "compiler/DescribePlan.h"
#include "compiler/GpuCode.h"
#include "compiler/GpuVariant.h"
#include "compiler/Pipeline.h"
#include "compiler/Registration.h"
#include "compiler/Reproducer.h"
#include "compiler/Tuning.h"
#include "compiler/Weights.h"
#include "compiler/WriteFile.h"
#include "compiler/cpu/Translate.h"
#include "compiler/frontend/Import.h"
#include "compiler/frontend/Inspect.h"
#include "compiler/frontend/Messages.h"
#include "mlir/Parser/Parser.h"
#include "runtime/dlc_runtime.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace dlc;

namespace {

// One compilation, from a model to a stage.
class Compilation {
public:
  explicit Compilation(const Options &options)
      : options(options), context(registry(), MLIRContext::Threading::DISABLED) {
    context.loadAllAvailableDialects();
    context.printOpOnDiagnostic(false); // the line and the caret say enough
  }

  Outcome import();
  Outcome run();
  const frontend::ModelInfo &getInfo() const { return info; }
  const Artifacts &getArtifacts() const { return artifacts; }

private:
  static DialectRegistry registry() {
    DialectRegistry result;
    registerAllDialects(result);
    return result;
  }
  using Phase = llvm::function_ref<void(OpPassManager &)>;
  using Writer = llvm::function_ref<llvm::Error(llvm::raw_ostream &)>;

  Outcome runPhase(ModuleOp module, Phase build);
  struct Step {
    Stage stage;
    std::function<void(OpPassManager &)> build;
  };
  Outcome runSteps(ModuleOp module, ArrayRef<Step> steps, emit::Variant &variant, bool &printed);
  Outcome lower(ModuleOp module, const CpuVariant &cpu, emit::Model &model);
  Outcome lower(ModuleOp module, const schedule::Chip &chip, StringRef arch, emit::Model &model);
  Outcome finish(ModuleOp module, emit::Variant variant, emit::Model &model);
  Outcome lowerAll(ArrayRef<CpuVariant> cpus, ArrayRef<schedule::Chip> chips, StringRef arch,
                   emit::Model &model);
  Outcome checkTargets();
  Outcome emitLibrary(emit::Model model, emit::Options target);
  Outcome emitStage(emit::Model model, StringRef arch);
  Outcome importMlir();
  Outcome differentiate();
  Outcome describe(emit::Model &model);
  Outcome useTuning(ArrayRef<CpuVariant> cpus);
  Outcome probe(emit::Model &model);
  Outcome printModel();
  Outcome write(Writer writer);
  Outcome print(ModuleOp module);

  // Those that the user names, else the model's own, which only a library needs; training may be
  // what makes them.
  std::string weights() const {
    bool isOwn = options.weights.empty() && options.stage == Stage::Lib &&
                 !(options.train && !llvm::sys::fs::exists(info.weights));
    return isOwn ? info.weights : options.weights;
  }

  const Options &options;
  MLIRContext context;
  llvm::LLVMContext llvmContext;
  llvm::SourceMgr sources;
  std::optional<SourceMgrDiagnosticHandler> diagnostics; // of .mlir files
  frontend::ModelInfo info;
  Tuning tuning;
  OwningOpRef<ModuleOp> module;
  Artifacts artifacts;
};

} // namespace

static Outcome report(Outcome outcome, const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "dlc") << message << "\n";
  return outcome;
}

static Outcome report(llvm::Error error) {
  Outcome outcome = error.isA<emit::Fault>() ? Outcome::Fault : Outcome::BadInput;
  return report(outcome, llvm::toString(std::move(error)));
}

static bool isMlir(const Options &options) { return StringRef(options.model).ends_with(".mlir"); }

// An nn module says what a model.json does but for what its layers were called.
Outcome Compilation::importMlir() {
  if (options.batch)
    return report(Outcome::BadInput,
                  "--batch cannot change '" + options.model + "': write the batch into its types");
  if (options.stage == Stage::Json)
    return report(Outcome::BadInput,
                  "'" + options.model + "' has no form as JSON; --emit nn prints it");
  diagnostics.emplace(sources, &context);
  module = parseSourceFile<ModuleOp>(sources, &context);
  return module ? Outcome::Done : Outcome::BadInput;
}

// Files that end in .mlir hold an nn module; all others are model descriptions.
Outcome Compilation::import() {
  auto buffer = llvm::MemoryBuffer::getFile(options.model, /*IsText=*/true);
  if (!buffer)
    return report(Outcome::BadInput, "cannot read '" + options.model +
                                         "': " + buffer.getError().message() + "; check the path");
  if (!options.text.empty())
    buffer = llvm::MemoryBuffer::getMemBufferCopy(options.text, options.model);
  sources.AddNewSourceBuffer(std::move(*buffer), {});
  if (isMlir(options))
    return importMlir();
  auto imported = frontend::importModel(sources, context, {options.batch, options.train}, info);
  if (failed(imported))
    return Outcome::BadInput;
  module = std::move(*imported);
  return Outcome::Done;
}

// What fails after the import is a fault of ours: the passes and the module before them are kept.
Outcome Compilation::runPhase(ModuleOp module, Phase build) {
  std::string reproducer;
  if (succeeded(runPasses(module, build, reproducer)))
    return Outcome::Done;
  return report(Outcome::Fault,
                "this is a fault in dlc, not in '" + options.model + "'; please report it with " +
                    (reproducer.empty() ? "the model: no reproducer could be written, see TMPDIR"
                                        : "the reproducer '" + reproducer + "'"));
}

// Writes text or an object to options.output.
Outcome Compilation::write(Writer writer) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (llvm::Error error = writer(stream))
    return report(std::move(error));
  std::string path = options.output.empty() ? "-" : options.output;
  auto copy = [&](llvm::raw_ostream &os) {
    os << text;
    return llvm::Error::success();
  };
  if (llvm::Error error = writeFile(path, copy))
    return report(Outcome::BadInput,
                  "cannot write " + (path == "-" ? "to standard output" : "'" + path + "'") + ": " +
                      llvm::toString(std::move(error)) + "; choose another file with -o");
  return Outcome::Done;
}

Outcome Compilation::print(ModuleOp module) {
  return write([&](llvm::raw_ostream &os) {
    module.print(os);
    return llvm::Error::success();
  });
}

// Step by step; the stage that is asked for is printed, and the last of it.
Outcome Compilation::runSteps(ModuleOp module, ArrayRef<Step> steps, emit::Variant &variant,
                              bool &printed) {
  for (const Step &step : steps) {
    if (Outcome outcome = runPhase(module, step.build); outcome != Outcome::Done)
      return outcome;
    if (step.stage == Stage::Linalg)
      describeMemory(module, variant);
    if (step.stage == Stage::Linalg && options.isFor(Target::Cpu))
      artifacts.plans.push_back(describePlan(module, variant));
    if (step.stage == options.stage && step.stage != Stage::Llvm) {
      printed = true;
      return print(module);
    }
  }
  return Outcome::Done;
}

// The host's code of a variant, in the LLVM dialect.
Outcome Compilation::finish(ModuleOp module, emit::Variant variant, emit::Model &model) {
  variant.module = cpu::translateToLlvm(module, llvmContext);
  if (!variant.module)
    return report(Outcome::Fault,
                  "this is a fault in dlc: its code could not be translated to LLVM");
  model.variants.push_back(std::move(variant));
  return Outcome::Done;
}

// One variant from fused nn to LLVM IR.
Outcome Compilation::lower(ModuleOp fused, const CpuVariant &cpu, emit::Model &model) {
  schedule::TargetFacts facts = *schedule::lookupTarget(cpu.level);
  if (auto tuned = tuning.find(cpu.level); tuned != tuning.end())
    facts.costs = tuned->second;
  // What training changes each step stays as it is.
  WeightPrecision weightPrecision =
      model.training ? WeightPrecision::Exact : options.weightPrecision;
  const Step steps[] = {
      {Stage::Tiled,
       [&](OpPassManager &pm) {
         if (options.probe == Probe::Exact)
           buildExactPhase(pm);
         else
           buildSchedulePhase(pm, facts, options.naive, options.winograd, weightPrecision);
       }},
      // A profile times each launch once a call.
      {Stage::Linalg,
       [&](OpPassManager &pm) {
         buildMemoryPhase(pm, options.profiled ? 0 : int64_t(facts.costs.l3));
       }},
      {Stage::Vector, [&](OpPassManager &pm) { buildVectorPhase(pm, facts, options.profiled); }},
      {Stage::Llvm, [&](OpPassManager &pm) { buildLlvmPhase(pm, facts); }}};
  OwningOpRef<ModuleOp> variantModule(cast<ModuleOp>(fused->clone()));
  emit::Variant variant;
  variant.name = cpu.name;
  variant.targetCpu = cpu.cpu;
  variant.tuneCpu = cpu.tune;
  variant.features = cpu.features;
  variant.cpuFeatures = cpu.required;
  bool printed = false;
  Outcome outcome = runSteps(*variantModule, steps, variant, printed);
  return outcome != Outcome::Done || printed ? outcome
                                             : finish(*variantModule, std::move(variant), model);
}

// One GPU variant: its kernels as images, and its host's code, which any CPU of `arch` runs.
Outcome Compilation::lower(ModuleOp fused, const schedule::Chip &chip, StringRef arch,
                           emit::Model &model) {
  const Step steps[] = {{Stage::Tiled,
                         [&](OpPassManager &pm) {
                           buildGpuSchedulePhase(pm, chip.name, options.precision, options.naive);
                         }},
                        {Stage::Linalg, buildGpuMemoryPhase},
                        {Stage::Vector, buildGpuPhase}};
  OwningOpRef<ModuleOp> variantModule(cast<ModuleOp>(fused->clone()));
  emit::Variant variant;
  variant.name = chip.name.str();
  variant.targetCpu = arch == "x86_64" ? "x86-64" : "generic";
  bool printed = false;
  if (Outcome outcome = runSteps(*variantModule, steps, variant, printed);
      outcome != Outcome::Done || printed)
    return outcome;
  if (Outcome outcome = runPhase(*variantModule, buildDevicePhase); outcome != Outcome::Done)
    return outcome;
  llvm::Expected<GpuKernels> kernels = makeGpuKernels(*variantModule, chip, options.simulated);
  if (!kernels)
    return report(Outcome::Fault, llvm::toString(kernels.takeError()));
  if (options.stage == Stage::Ptx)
    return write([&](llvm::raw_ostream &os) {
      os << kernels->ptx;
      return llvm::Error::success();
    });
  if (!kernels->warning.empty())
    llvm::WithColor::warning(llvm::errs(), "dlc") << kernels->warning << "\n";
  variant.gpu = std::move(kernels->code);
  if (Outcome outcome = runPhase(*variantModule, buildGpuHostPhase); outcome != Outcome::Done)
    return outcome;
  return finish(*variantModule, std::move(variant), model);
}

Outcome Compilation::emitLibrary(emit::Model model, emit::Options target) {
  target.outputDir = options.outputDir;
  target.weights = weights();
  target.prepare = options.prepare;
  llvm::Expected<emit::Library> library = emit::emitLibrary(std::move(model), target);
  if (!library)
    return report(library.takeError());
  artifacts.shared = library->shared;
  artifacts.archive = library->archive;
  artifacts.header = library->header;
  artifacts.weights = library->weights;
  artifacts.prepared = library->prepared;
  for (const std::string &warning : library->warnings)
    llvm::WithColor::warning(llvm::errs(), "dlc") << warning << "\n";
  return Outcome::Done;
}

Outcome Compilation::emitStage(emit::Model model, StringRef arch) {
  emit::Options target;
  target.triple = (arch + "-unknown-linux-gnu").str();
  target.resourceDir = options.resourceDir;
  switch (options.stage) {
  case Stage::Llvm:
    return write(
        [&](llvm::raw_ostream &os) { return emit::emitLlvm(std::move(model), target, os); });
  case Stage::Asm:
    return write(
        [&](llvm::raw_ostream &os) { return emit::emitAssembly(std::move(model), target, os); });
  case Stage::Obj:
    return write(
        [&](llvm::raw_ostream &os) { return emit::emitObject(std::move(model), target, os); });
  default:
    return emitLibrary(std::move(model), std::move(target));
  }
}

// A model that trains brings a loss. What has no gradient is for its author to change.
Outcome Compilation::differentiate() {
  if (!module->lookupSymbol("loss"))
    return Outcome::Done;
  PassManager pm(&context);
  buildTrainingPhase(pm, options.activationBytes);
  return succeeded(pm.run(*module)) ? Outcome::Done : Outcome::BadInput;
}

// What emit has to know of the model, checked; and its weights, which are checked at any stage.
Outcome Compilation::describe(emit::Model &model) {
  FailureOr<emit::Model> description = describeModel(*module);
  if (failed(description))
    return Outcome::BadInput;
  model = std::move(*description);
  model.profiled = options.profiled;
  if (llvm::Error error = emit::checkModel(model))
    return report(std::move(error));
  if (!weights().empty())
    if (llvm::Error error = checkWeights(weights(), model))
      return report(std::move(error));
  return Outcome::Done;
}

// A tuning file that is named has to decide for all that is compiled.
Outcome Compilation::useTuning(ArrayRef<CpuVariant> cpus) {
  if (options.tuning.empty())
    return Outcome::Done;
  FailureOr<Tuning> read = readTuning(options.tuning);
  if (failed(read))
    return Outcome::BadInput;
  tuning = std::move(*read);
  for (const CpuVariant &cpu : cpus)
    if (!tuning.contains(cpu.level)) {
      SmallVector<StringRef> held(llvm::make_first_range(tuning));
      return report(Outcome::BadInput, "the tuning file '" + options.tuning + "' is for " +
                                           llvm::join(held, ", ") + " and not for " + cpu.level +
                                           "; measure that with 'dlc tune --march " + cpu.level +
                                           "', or name another --march");
    }
  return Outcome::Done;
}

// The stages before the passes.
Outcome Compilation::printModel() {
  if (options.stage == Stage::Nn)
    return print(*module);
  return write([&](llvm::raw_ostream &os) {
    os << info.json;
    return llvm::Error::success();
  });
}

// The model then has other outputs, and perhaps inputs.
Outcome Compilation::probe(emit::Model &model) {
  auto build = [&](OpPassManager &pm) { buildProbePhase(pm, options.probe == Probe::Exact); };
  if (Outcome outcome = runPhase(*module, build); outcome != Outcome::Done)
    return outcome;
  auto forward = module->lookupSymbol<func::FuncOp>("forward");
  for (Value result : forward.getBody().front().getTerminator()->getOperands())
    artifacts.probes.push_back(layersOf(result.getDefiningOp()));
  return describe(model);
}

Outcome Compilation::checkTargets() {
  if (options.isFor(Target::Cuda)) {
    if (options.stage == Stage::Ptx && options.simulated)
      return report(Outcome::BadInput, "simulated kernels have no PTX; leave out --simulate");
    if (options.isFor(Target::Cpu))
      return Outcome::Done;
    if (options.prepare)
      return report(Outcome::BadInput,
                    "--prepare=compile is for CPUs; leave it out, or add --target cpu");
    if (options.profiled || options.probe != Probe::None)
      return report(Outcome::BadInput,
                    "launches and layers are measured on CPUs only; leave out --target cuda");
    return Outcome::Done;
  }
  if (options.stage == Stage::Ptx)
    return report(Outcome::BadInput, "--emit ptx is for GPUs; add --target cuda");
  if (!options.chips.empty() || options.precision != Precision::Fp32 || options.simulated)
    return report(Outcome::BadInput,
                  "--chip, --precision and --simulate are for GPUs; add --target cuda");
  return Outcome::Done;
}

// Stages before code for the CPU are those of the first variant that has them.
Outcome Compilation::lowerAll(ArrayRef<CpuVariant> cpus, ArrayRef<schedule::Chip> chips,
                              StringRef arch, emit::Model &model) {
  if (options.isFor(Target::Cpu) && options.stage != Stage::Ptx)
    for (const CpuVariant &cpu : cpus) {
      artifacts.variants.push_back(cpu.name);
      Outcome outcome = lower(*module, cpu, model);
      if (outcome != Outcome::Done || options.stage < Stage::Llvm)
        return outcome;
    }
  if (options.isFor(Target::Cuda))
    for (const schedule::Chip &chip : chips) {
      artifacts.variants.push_back(chip.name.str());
      Outcome outcome = lower(*module, chip, arch, model);
      if (outcome != Outcome::Done || options.stage < Stage::Llvm)
        return outcome;
    }
  return Outcome::Done;
}

Outcome Compilation::run() {
  if (Outcome outcome = checkTargets(); outcome != Outcome::Done)
    return outcome;
  bool isModel = options.stage <= Stage::Nn;
  emit::Model model;
  if (!isModel)
    if (Outcome outcome = differentiate(); outcome != Outcome::Done)
      return outcome;
  if (!isModel || !weights().empty())
    if (Outcome outcome = describe(model); outcome != Outcome::Done)
      return outcome;
  if (isModel)
    return printModel();
  llvm::Expected<std::vector<CpuVariant>> cpus = chooseVariants(options.march);
  if (!cpus)
    return report(cpus.takeError());
  const std::string arch = cpus->front().arch;
  if (options.prepare && cpus->front().arch != hostArch())
    return report(Outcome::BadInput,
                  "--prepare=compile runs the library's code, and this machine's " + hostArch() +
                      " does not run " + cpus->front().name +
                      "; leave it out, and call save_prepared where the library runs");
  if (Outcome outcome = useTuning(*cpus); outcome != Outcome::Done)
    return outcome;
  if (!options.naive)
    if (Outcome outcome = runPhase(*module, buildFusionPhase); outcome != Outcome::Done)
      return outcome;
  if (options.probe != Probe::None)
    if (Outcome outcome = probe(model); outcome != Outcome::Done)
      return outcome;
  if (options.stage == Stage::Fused)
    return print(*module);
  llvm::Expected<std::vector<schedule::Chip>> chips = chooseChips(options.chips);
  if (!chips)
    return report(chips.takeError());
  if (Outcome outcome = lowerAll(*cpus, *chips, arch, model); outcome != Outcome::Done)
    return outcome;
  if (options.stage < Stage::Llvm)
    return Outcome::Done;
  artifacts.model = model.name;
  for (const emit::TensorInfo &param : model.params)
    artifacts.weightsBytes += dlc_dtype_bytes(param.dtype) * llvm::product_of(param.shape);
  for (const frontend::LayerInfo &layer : info.layers)
    artifacts.layers.push_back({layer.name, layer.type, layer.flops, layer.parameters});
  return emitStage(std::move(model), arch);
}

Outcome dlc::compile(const Options &options, Artifacts *artifacts) {
  Compilation compilation(options);
  Outcome outcome = compilation.import();
  if (outcome == Outcome::Done)
    outcome = compilation.run();
  if (outcome == Outcome::Done && artifacts)
    *artifacts = compilation.getArtifacts();
  return outcome;
}

Outcome dlc::inspect(const Options &options, bool json, llvm::raw_ostream &os) {
  if (isMlir(options))
    return report(Outcome::BadInput,
                  "'" + options.model +
                      "' names no layers to inspect; compile it and inspect the library");
  Compilation compilation(options);
  Outcome outcome = compilation.import();
  if (outcome == Outcome::Done)
    frontend::printInspection(os, compilation.getInfo(), json);
  return outcome;
}
