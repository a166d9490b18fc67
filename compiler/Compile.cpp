//===- Compile.cpp - read, import, run, emit ----------------------------------------===//

#include "compiler/Compile.h"
#include "compiler/CpuVariant.h"
#include "compiler/Describe.h"
#include "compiler/Pipeline.h"
#include "compiler/Registration.h"
#include "compiler/Weights.h"
#include "compiler/cpu/Translate.h"
#include "compiler/frontend/Import.h"
#include "compiler/frontend/Inspect.h"
#include "compiler/frontend/Messages.h"
#include "mlir/Parser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
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
  Outcome run(Artifacts *artifacts);
  const frontend::ModelInfo &getInfo() const { return info; }

private:
  static DialectRegistry registry() {
    DialectRegistry result;
    registerAllDialects(result);
    return result;
  }
  using Phase = llvm::function_ref<void(OpPassManager &)>;
  using Writer = llvm::function_ref<llvm::Error(llvm::raw_ostream &)>;

  Outcome runPhase(ModuleOp module, Phase build);
  Outcome lower(ModuleOp module, const CpuVariant &cpu, emit::Model &model);
  Outcome emitLibrary(emit::Model model, Artifacts *artifacts);
  Outcome emitStage(emit::Model model, Artifacts *artifacts);
  Outcome importMlir();
  Outcome chooseVariants(std::vector<CpuVariant> &cpus);
  Outcome write(Writer writer);
  Outcome print(ModuleOp module);

  const Options &options;
  MLIRContext context;
  llvm::LLVMContext llvmContext;
  llvm::SourceMgr sources;
  std::optional<SourceMgrDiagnosticHandler> diagnostics; // of .mlir files
  frontend::ModelInfo info;
  OwningOpRef<ModuleOp> module;
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
  sources.AddNewSourceBuffer(std::move(*buffer), {});
  if (isMlir(options))
    return importMlir();
  auto imported = frontend::importModel(sources, context, {options.batch}, info);
  if (failed(imported))
    return Outcome::BadInput;
  module = std::move(*imported);
  return Outcome::Done;
}

namespace {

// The file that a failing phase is kept in.
class Reproducer : public ReproducerStream {
public:
  Reproducer(StringRef path, int file) : path(path), stream(file, /*shouldClose=*/true) {}
  StringRef description() override { return path; }
  llvm::raw_ostream &os() override { return stream; }

private:
  std::string path;
  llvm::raw_fd_ostream stream;
};

} // namespace

// What fails after the import is a fault of ours: the passes and the module before them are kept.
Outcome Compilation::runPhase(ModuleOp module, Phase build) {
  llvm::SmallString<128> path;
  PassManager pm(&context);
  pm.enableCrashReproducerGeneration([&](std::string &error) -> std::unique_ptr<ReproducerStream> {
    int file;
    std::error_code code = llvm::sys::fs::createTemporaryFile("dlc-reproducer", "mlir", file, path);
    if (!code)
      return std::make_unique<Reproducer>(path, file);
    error = code.message();
    path.clear();
    return nullptr;
  });
  build(pm);
  if (succeeded(pm.run(module)))
    return Outcome::Done;
  return report(Outcome::Fault,
                "this is a fault in dlc, not in '" + options.model + "'; please report it with " +
                    (path.empty() ? "the model: no reproducer could be written, see TMPDIR"
                                  : "the reproducer '" + path + "'"));
}

static llvm::Error put(llvm::raw_fd_ostream &os, StringRef text) {
  os << text;
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  return llvm::errorCodeToError(code);
}

// A file gets its text whole or not at all; standard output, a device or a pipe as it comes.
static llvm::Error writeText(const std::string &path, StringRef text) {
  llvm::sys::fs::file_status status;
  bool exists = !llvm::sys::fs::status(path, status);
  if (path == "-" || (exists && !llvm::sys::fs::is_regular_file(status))) {
    std::error_code code;
    llvm::raw_fd_ostream os(path, code);
    return code ? llvm::errorCodeToError(code) : put(os, text);
  }
  auto file = llvm::sys::fs::TempFile::create(path + ".%%%%%%");
  if (!file)
    return file.takeError();
  llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  if (llvm::Error error = put(os, text))
    return llvm::joinErrors(std::move(error), file->discard());
  return file->keep(path);
}

// Writes text or an object to options.output.
Outcome Compilation::write(Writer writer) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (llvm::Error error = writer(stream))
    return report(std::move(error));
  std::string path = options.output.empty() ? "-" : options.output;
  if (llvm::Error error = writeText(path, text))
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

// One variant from fused nn to LLVM IR. Stages in between print the first variant and end there.
Outcome Compilation::lower(ModuleOp fused, const CpuVariant &cpu, emit::Model &model) {
  struct Step {
    Stage stage;
    std::function<void(OpPassManager &)> build;
  };
  const Step steps[] = {
      {Stage::Tiled, [&](OpPassManager &pm) { buildSchedulePhase(pm, cpu.level, options.naive); }},
      {Stage::Linalg, [&](OpPassManager &pm) { buildMemoryPhase(pm); }},
      {Stage::Vector, [&](OpPassManager &pm) { buildVectorPhase(pm, cpu.level); }},
      {Stage::Llvm, [&](OpPassManager &pm) { buildLlvmPhase(pm, cpu.level); }}};
  OwningOpRef<ModuleOp> variantModule(cast<ModuleOp>(fused->clone()));
  emit::Variant variant;
  for (const Step &step : steps) {
    if (Outcome outcome = runPhase(*variantModule, step.build); outcome != Outcome::Done)
      return outcome;
    if (step.stage == Stage::Linalg)
      describeMemory(*variantModule, variant);
    if (step.stage == options.stage && step.stage != Stage::Llvm)
      return print(*variantModule);
  }
  variant.name = cpu.name;
  variant.targetCpu = cpu.level;
  variant.tuneCpu = cpu.tune;
  variant.features = cpu.features;
  variant.cpuFeatures = cpu.required;
  variant.module = cpu::translateToLlvm(*variantModule, llvmContext);
  if (!variant.module)
    return report(Outcome::Fault,
                  "this is a fault in dlc: its code could not be translated to LLVM");
  model.variants.push_back(std::move(variant));
  return Outcome::Done;
}

Outcome Compilation::emitLibrary(emit::Model model, Artifacts *artifacts) {
  std::string weights = options.weights.empty() ? info.weights : options.weights;
  if (!weights.empty())
    if (llvm::Error error = checkWeights(weights, model))
      return report(std::move(error));
  emit::Options target;
  target.outputDir = options.outputDir;
  target.resourceDir = options.resourceDir;
  llvm::Expected<emit::Library> library = emit::emitLibrary(std::move(model), target);
  if (!library)
    return report(library.takeError());
  Artifacts result{library->shared, library->archive, library->header, {}};
  if (!weights.empty()) {
    llvm::SmallString<128> copy(library->header);
    llvm::sys::path::replace_extension(copy, "safetensors");
    if (llvm::Error error = copyWeights(weights, copy))
      return report(std::move(error));
    result.weights = copy.str();
  }
  if (artifacts)
    *artifacts = result;
  return Outcome::Done;
}

Outcome Compilation::emitStage(emit::Model model, Artifacts *artifacts) {
  emit::Options target;
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
    return emitLibrary(std::move(model), artifacts);
  }
}

// The variants that --march names, each once.
Outcome Compilation::chooseVariants(std::vector<CpuVariant> &cpus) {
  for (const std::string &march : options.march) {
    std::optional<CpuVariant> cpu = lookupVariant(march);
    if (!cpu)
      return report(Outcome::BadInput,
                    "unknown CPU '" + march + "'; `dlc targets` lists the known ones");
    cpus.push_back(*cpu);
  }
  // The best first, as `create` tries them; a superset of features is the larger number.
  llvm::sort(cpus, [](const CpuVariant &a, const CpuVariant &b) {
    return std::tie(a.level, a.required, a.name) > std::tie(b.level, b.required, b.name);
  });
  auto sameName = [](const CpuVariant &a, const CpuVariant &b) { return a.name == b.name; };
  cpus.erase(std::unique(cpus.begin(), cpus.end(), sameName), cpus.end());
  return Outcome::Done;
}

Outcome Compilation::run(Artifacts *artifacts) {
  if (options.stage == Stage::Json)
    return write([&](llvm::raw_ostream &os) {
      os << info.json;
      return llvm::Error::success();
    });
  if (options.stage == Stage::Nn)
    return print(*module);
  std::vector<CpuVariant> cpus;
  if (Outcome outcome = chooseVariants(cpus); outcome != Outcome::Done)
    return outcome;
  FailureOr<emit::Model> model = describeModel(*module);
  if (failed(model))
    return Outcome::BadInput;
  if (llvm::Error error = emit::checkModel(*model))
    return report(std::move(error));
  if (!options.naive)
    if (Outcome outcome = runPhase(*module, buildFusionPhase); outcome != Outcome::Done)
      return outcome;
  if (options.stage == Stage::Fused)
    return print(*module);
  for (const CpuVariant &cpu : cpus) {
    Outcome outcome = lower(*module, cpu, *model);
    if (outcome != Outcome::Done || options.stage < Stage::Llvm)
      return outcome;
  }
  return emitStage(std::move(*model), artifacts);
}

Outcome dlc::compile(const Options &options, Artifacts *artifacts) {
  Compilation compilation(options);
  Outcome outcome = compilation.import();
  return outcome == Outcome::Done ? compilation.run(artifacts) : outcome;
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
