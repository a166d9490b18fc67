//===- main.cpp - the command line of dlc -------------------------------------------===//
//
// Only parses: each subcommand's struct goes to the function in its own file. CLI11 throws, so this
// file alone is compiled with exceptions; what it calls does not throw.
//
//===------------------------------------------------------------------------------===//

#include "compiler/CpuVariant.h"
#include "compiler/GpuVariant.h"
#include "tools/common/Startup.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Examples.h"
#include <CLI/CLI.hpp>

using namespace dlc;
using namespace dlc::tools;

// In the order of Stage.
static const std::vector<std::string> kStages = {
    "json", "nn", "fused", "tiled", "linalg", "vector", "ptx", "llvm", "asm", "obj", "lib"};

static const char *kAnyModel =
    "a model description (.json, or .mlir with an nn @forward), or a library "
    "that dlc compiled (.so)";
static const CLI::Validator kBatches = CLI::Range(1, 1 << 20).description("");
static const CLI::Validator kThreads = CLI::Range(1, 1024).description("");

static CLI::App *addCommand(CLI::App &app, const char *name, const char *text,
                            const char *examples) {
  CLI::App *command = app.add_subcommand(name, text);
  command->footer(examples);
  return command;
}

static void addMarch(CLI::App *command, std::vector<std::string> &march, const char *text) {
  command->add_option("--march", march, text)
      ->type_name("CPU,CPU")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(knownMarch()).description(""));
}

static void addMarch(CLI::App *command, Options &options) {
  addMarch(command, options.march,
           "CPUs to compile for: native (the default: this machine, and others that can do "
           "all it can), x86-64-v2, x86-64-v3, x86-64-v4, aarch64. A library with several "
           "picks the best at run time; to run on all x86-64: x86-64-v2,x86-64-v3,x86-64-v4");
}

// In the order of Target and of Precision.
static const std::vector<std::string> kTargets = {"cpu", "cuda"};
static const std::vector<std::string> kPrecisions = {"fp32", "tf32", "bf16"};

// The value whose name is that of `names`, which was checked.
template <typename T>
static T named(const std::vector<std::string> &names, const std::string &name) {
  return T(std::find(names.begin(), names.end(), name) - names.begin());
}

static void addGpu(CLI::App *command, Options &options) {
  command
      ->add_option("--chip", options.chips,
                   "GPUs to compile for, with --target cuda: " + knownChips() +
                       " (default: " + usualChips() + "). A library picks the best at run time")
      ->type_name("CHIP,CHIP")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option_function<std::string>(
          "--precision",
          [&options](const std::string &name) {
            options.precision = named<Precision>(kPrecisions, name);
          },
          "of matrix products on GPUs: fp32 (default), tf32 (10 bits of mantissa) or "
          "bf16 (7 bits; activations are stored so), which tensor cores multiply faster; sums are "
          "float32")
      ->type_name("NAME")
      ->check(CLI::IsMember(kPrecisions).description(""));
  command->add_flag("--simulate", options.simulated,
                    "with --target cuda: code for the simulator of dlc's tests, not for GPUs");
}

// Of an instance: one target.
static void addDevice(CLI::App *command, Options &options, int &device) {
  command
      ->add_option_function<std::string>(
          "--target",
          [&options](const std::string &name) {
            options.targets = {named<Target>(kTargets, name)};
          },
          "what to run on: cpu (default), or cuda; a library that has only one: that")
      ->type_name("NAME")
      ->check(CLI::IsMember(kTargets).description(""));
  command->add_option("--device", device, "number of the GPU, with --target cuda (default: 0)")
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 16).description(""));
  addGpu(command, options);
}

// What trades a little of the last digit for speed.
static void addForms(CLI::App *command, Options &options) {
  command->add_flag_callback(
      "--no-winograd", [&] { options.winograd = Winograd::Never; },
      "convolutions by direct sums only: closer to exact sums, often slower");
  command->add_flag_callback(
      "--exact-weights", [&] { options.weightPrecision = WeightPrecision::Exact; },
      "keep all weights as they are; else those of large dense layers and of convolutions in "
      "Winograd forms with few tiles are rounded to 20 and 24 bits, relative to each unit's "
      "largest: fewer bytes to read from memory");
}

static void addTuning(CLI::App *command, Options &options) {
  command
      ->add_option("--tuning", options.tuning,
                   "choose kernels by this file's measurements, which 'dlc tune' wrote, instead of "
                   "those that dlc comes with")
      ->type_name("FILE");
}

// MIB, or MIB/BATCH.
static std::string parseMemoryBudget(const std::string &text, Options &options) {
  auto [mib, batch] = llvm::StringRef(text).split('/');
  int64_t size = 0, samples = 32;
  if (mib.getAsInteger(10, size) || size < 1 || size > (int64_t(1) << 40) ||
      (!batch.empty() && (batch.getAsInteger(10, samples) || samples < 1)))
    return "expected MIB or MIB/BATCH, such as 512 or 512/32, not '" + text + "'";
  options.activationBytes = std::max<int64_t>(1, (size << 20) / samples);
  return "";
}

static void addMemoryBudget(CLI::App *command, Options &options) {
  command
      ->add_option(
          "--memory-budget",
          [&options](const CLI::results_t &values) {
            std::string error = parseMemoryBudget(values.front(), options);
            if (!error.empty())
              throw CLI::ValidationError("--memory-budget", error);
            return true;
          },
          "with --train: what the activations of a step of BATCH samples (default: 32) may "
          "take; above it some are computed again instead of kept")
      ->type_name("MIB[/BATCH]");
}

static void addWeights(CLI::App *command, Options &options, const char *text) {
  command->add_option("--weights", options.weights, text)->type_name("FILE");
}

// A value that may be missing: the report then goes to standard output.
static void addReport(CLI::App *command, CompileArgs &args) {
  static const CLI::Validator kinds(
      [](std::string &file) {
        for (std::string end : {".html", ".json", ".txt"})
          if (file.empty() || (file.size() > end.size() &&
                               file.compare(file.size() - end.size(), end.size(), end) == 0))
            return std::string();
        return "'" + file + "' is no report: its file ends in .html, .json or .txt";
      },
      "");
  command
      ->add_option_function<std::string>(
          "--report",
          [&](const std::string &file) {
            args.report = true;
            args.reportFile = file;
          },
          "measure the library on one thread and tell what became of each layer: kernel, time, "
          "share "
          "of the peak, error, memory. A file ends in .html, .json or .txt; without one print it "
          "(--json: as JSON)")
      ->type_name("[FILE]")
      ->expected(0, 1)
      ->check(kinds)
      ->excludes("--emit");
}

static void addTargets(CLI::App *command, Options &options) {
  command
      ->add_option_function<std::vector<std::string>>(
          "--target",
          [&options](const std::vector<std::string> &names) {
            for (const std::string &name : names)
              options.targets.push_back(named<Target>(kTargets, name));
          },
          "what to compile for: cpu (default), cuda (NVIDIA GPUs), or both: cpu,cuda")
      ->type_name("NAME,NAME")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(kTargets).description(""));
}

// How far to go.
static void addStages(CLI::App *command, Options &options) {
  CLI::Option *prepare =
      command
          ->add_option_function<std::string>(
              "--prepare", [&](const std::string &when) { options.prepare = when == "compile"; },
              "when weights are packed for the CPU: load (default), each time they are loaded; or "
              "compile, once: lib<name>.<variant>.prepared beside the library is mapped by load, "
              "in no time. That is for the variants that this machine can run")
          ->type_name("WHEN")
          ->check(CLI::IsMember({"load", "compile"}).description(""));
  command
      ->add_option_function<std::string>(
          "--emit", [&](const std::string &name) { options.stage = named<Stage>(kStages, name); },
          "stop and print: json, nn, fused, tiled, linalg, vector, ptx (of the first GPU), llvm, "
          "asm, obj, or lib (default)")
      ->type_name("STAGE")
      ->check(CLI::IsMember(kStages).description(""))
      ->excludes(prepare);
}

static void addCompile(CLI::App &app, CompileArgs &args, int &code) {
  CLI::App *command = addCommand(
      app, "compile", "Compile a model to a library or to a stage before", kCompileExamples);
  command->add_option("model", args.options.model, "the model description (.json, or .mlir)")
      ->required();
  command
      ->add_option(
          "-o,--out", args.out,
          "folder of the library (default: .); with --emit a file (default: standard output)")
      ->type_name("PATH");
  addWeights(command, args.options,
             "safetensors file, copied beside the library; default: the one the model names. With "
             "--emit it is only checked against the model");
  addTargets(command, args.options);
  addGpu(command, args.options);
  addMarch(command, args.options);
  addForms(command, args.options);
  addTuning(command, args.options);
  command->add_option("--batch", args.options.batch, "the only batch size; default: any")
      ->type_name("N")
      ->check(kBatches);
  command->add_flag("--train", args.options.train,
                    "with the functions that train the network: the model's \"train\" says how");
  addMemoryBudget(command, args.options);
  addStages(command, args.options);
  addReport(command, args);
  command->add_flag("--json", args.json, "print what was written as JSON");
  command->callback([&] { code = compileCommand(args); });
}

static void addRun(CLI::App &app, RunArgs &args, int &code) {
  CLI::App *command = addCommand(app, "run", "Run a model forward on arrays", kRunExamples);
  command->add_option("model", args.options.model, kAnyModel)->required();
  addWeights(
      command, args.options,
      "safetensors file, or one prepared for this library; default: a prepared one beside the "
      "library, else the model's own");
  command
      ->add_option("--input", args.inputs,
                   "samples: an .npy for each input in the model's order, or an .npz by names")
      ->type_name("FILE")
      ->required()
      ->allow_extra_args(false);
  command
      ->add_option("--output", args.outputs,
                   "an .npy for each output, or an .npz for all; default: print a summary")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->add_option("--threads", args.threads, "threads; default: one for each core")
      ->type_name("N")
      ->check(kThreads);
  addDevice(command, args.options, args.device);
  command->add_option("--max-batch", args.maxBatch, "samples of one call at most (default: 32)")
      ->type_name("N")
      ->check(kBatches);
  command->add_option("--variant", args.variant, "CPU variant of the library; default: the best")
      ->type_name("CPU");
  addMarch(command, args.options);
  addForms(command, args.options);
  addTuning(command, args.options);
  command->callback([&] { code = runCommand(args); });
}

static void addBench(CLI::App &app, BenchArgs &args, int &code) {
  CLI::App *command =
      addCommand(app, "bench", "Measure a model's speed on random inputs", kBenchExamples);
  command->add_option("model", args.options.model, kAnyModel)->required();
  addWeights(
      command, args.options,
      "safetensors file, or one prepared for this library; default: a prepared one beside the "
      "library, else the model's own, else random numbers");
  command->add_option("--batch", args.batch, "samples of one call (default: 1)")
      ->type_name("N")
      ->check(kBatches);
  command->add_option("--threads", args.threads, "threads; default: one for each core")
      ->type_name("N")
      ->check(kThreads);
  addDevice(command, args.options, args.device);
  command->add_option("--min-time", args.minTime, "seconds to measure at least (default: 1)")
      ->type_name("S")
      ->check(CLI::Range(0.0, 3600.0).description(""));
  command->add_option("--variant", args.variant, "CPU variant of the library; default: the best")
      ->type_name("CPU");
  addMarch(command, args.options);
  addForms(command, args.options);
  addTuning(command, args.options);
  command->add_flag("--layers", args.layers,
                    "measure each kernel: its layers, time, arithmetic and share of the peak");
  command->add_flag("--json", args.json, "print the figures as JSON");
  command->callback([&] { code = benchCommand(args); });
}

// Where samples come from and what becomes of them.
static void addTrainData(CLI::App *command, train::Request &request) {
  command
      ->add_option("--data", request.data,
                   "the data set: a file or a folder; twice: the inputs, then the targets")
      ->type_name("PATH")
      ->required()
      ->allow_extra_args(false);
  command
      ->add_option("--validation", request.validation,
                   "a data set to validate with, instead of the one that comes with --data")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command
      ->add_option("--validation-split", request.validationSplit,
                   "the share of samples, chosen by the seed, that validates instead")
      ->type_name("PART")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->excludes("--validation");
  command
      ->add_option("--label-column", request.csv.labelColumn,
                   "of a .csv: first, last (default), its name, or its index from 0")
      ->type_name("COLUMN");
  command
      ->add_option("--scale", request.fit.scale,
                   "factor of the inputs; default: 1/255 for bytes that become float32, else 1")
      ->type_name("X");
  command
      ->add_option_function<std::string>(
          "--resize",
          [&](const std::string &how) {
            request.fit.resize = how == "pad" ? train::Resize::Pad : train::Resize::Bilinear;
          },
          "images of another size than the model's: pad (zeros around, or cut), or bilinear")
      ->type_name("HOW")
      ->check(CLI::IsMember({"pad", "bilinear"}).description(""));
  command
      ->add_option("--augment", request.augment,
                   "a change of the training images, one after the other; none: not even the "
                   "model's")
      ->type_name("CHANGE")
      ->allow_extra_args(false);
  command
      ->add_option("--class-weight", request.classWeights,
                   "weights of the classes in the loss, W0,W1,...; auto: the rarer, the heavier")
      ->type_name("WEIGHTS");
}

// How long and with which numbers.
static void addTrainLoop(CLI::App *command, train::Request &request) {
  command->add_option("--epochs", request.epochs, "passes over the data (default: 10)")
      ->type_name("N")
      ->check(kBatches);
  command->add_option("--batch-size", request.batchSize, "samples of a step (default: 32)")
      ->type_name("N")
      ->check(kBatches);
  command
      ->add_option("--shards", request.shards,
                   "parts that a batch is cut into, one after the other and on the processes of "
                   "mpirun, with the same bits (default: 1, or the number of processes)")
      ->type_name("N")
      ->check(kBatches);
  command->add_option("--seed", request.seed, "of the weights, the order and all that is random")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""));
  command->add_flag("--no-shuffle", request.keepsOrder, "take samples in their order");
  command
      ->add_option("--monitor", request.monitor,
                   "the figure that tells the best epoch: loss, val_loss, val_accuracy...")
      ->type_name("NAME");
  command
      ->add_option("--patience", request.patience,
                   "stop after so many epochs that brought nothing better")
      ->type_name("N")
      ->check(kBatches);
  command->add_option("--min-delta", request.minDelta, "what counts as better (default: 0)")
      ->type_name("X")
      ->check(CLI::NonNegativeNumber.description(""));
  command
      ->add_option("--set", request.assignments,
                   "a number of the model: optimizer.learning_rate=0.05, layers.c1.filters=8")
      ->type_name("PATH=X")
      ->allow_extra_args(false);
  command->add_option("--threads", request.threads, "threads; default: one for each core")
      ->type_name("N")
      ->check(kThreads);
}

static void addTrainFiles(CLI::App *command, train::Request &request) {
  addWeights(command, request.options, "safetensors file to begin with; default: random weights");
  command
      ->add_option("--transfer", request.transfer,
                   "likewise, but of another model: what fits by name and shape is taken")
      ->type_name("FILE")
      ->excludes("--weights");
  command
      ->add_option("-o,--out", request.out,
                   "the weights of the best epoch (default: the model's name .safetensors)")
      ->type_name("FILE");
  command
      ->add_option("--checkpoint", request.checkpoint,
                   "folder for the whole state, after each epoch and on Ctrl-C (default: the "
                   "weights' name .checkpoint, on Ctrl-C only)")
      ->type_name("FOLDER");
  command->add_flag("--resume", request.resumes, "go on from the checkpoint");
  command->add_option("--log", request.log, "a file of JSON lines, one for each epoch or trial")
      ->type_name("FILE");
  command
      ->add_option("--plots", request.plots,
                   "folder for curves.svg (learning curves) and confusion.svg")
      ->type_name("FOLDER");
}

static void addTrainSearch(CLI::App *command, train::Request &request) {
  static const std::vector<std::string> strategies = {"grid", "random", "bayes"};
  command
      ->add_option_function<std::string>(
          "--search",
          [&](const std::string &name) {
            request.strategy = train::Strategy(
                std::find(strategies.begin(), strategies.end(), name) - strategies.begin());
          },
          "train again and again with other numbers, and keep the best weights: grid, random, or "
          "bayes (a Gaussian process proposes)")
      ->type_name("HOW")
      ->check(CLI::IsMember(strategies).description(""))
      ->excludes("--resume")
      ->excludes("--checkpoint")
      ->excludes("--plots");
  command
      ->add_option("--param", request.parameters,
                   "a number of the model to search: PATH=LOW:HIGH, PATH=LOW:HIGH:log or "
                   "PATH=A,B,C")
      ->type_name("PATH=...")
      ->allow_extra_args(false);
  command
      ->add_option("--trials", request.trials,
                   "trainings of a search (default: 20); a grid takes no more, where it can")
      ->type_name("N")
      ->check(kBatches);
}

static void addTrain(CLI::App &app, TrainArgs &args, int &code) {
  static const std::string examples = kTrainExamples + augmentationsText();
  CLI::App *command = addCommand(app, "train", "Train a model on a data set", examples.c_str());
  command->add_option("model", args.request.options.model, "the model description (.json)")
      ->required();
  addTrainData(command, args.request);
  addTrainLoop(command, args.request);
  addTrainFiles(command, args.request);
  addTrainSearch(command, args.request);
  addDevice(command, args.request.options, args.request.device);
  addMarch(command, args.request.options);
  addForms(command, args.request.options);
  addTuning(command, args.request.options);
  command->add_flag("--json", args.json, "print the result as JSON");
  command->callback([&] { code = trainCommand(args); });
}

static void addTune(CLI::App &app, TuneArgs &args, int &code) {
  CLI::App *command =
      addCommand(app, "tune", "Measure this machine for the cost model", kTuneExamples);
  command->add_option("-o,--out", args.out, "the file for --tuning; default: print only")
      ->type_name("FILE");
  addMarch(command, args.march,
           "CPUs to measure as: native (default), or levels that this machine can run");
  command->add_option("--threads", args.threads, "threads (default: 1)")
      ->type_name("N")
      ->check(kThreads);
  command
      ->add_option("--min-time", args.minTime,
                   "seconds to measure at least, for each CPU (default: 25)")
      ->type_name("S")
      ->check(CLI::Range(0.0, 3600.0).description(""));
  command->add_flag("--json", args.json, "print JSON");
  command->callback([&] { code = tuneCommand(args); });
}

static void addTables(CLI::App &app, InspectArgs &inspect, bool &json, int &code) {
  CLI::App *command = addCommand(
      app, "inspect", "Show a model's layers, shapes, parameters and arithmetic", kInspectExamples);
  command->add_option("model", inspect.options.model, kAnyModel)->required();
  command->add_flag("--json", inspect.json, "print JSON");
  command->callback([&] { code = inspectCommand(inspect); });

  command =
      addCommand(app, "schema", "Print the JSON Schema of model descriptions", kSchemaExamples);
  command->callback([&] { code = schemaCommand(); });

  command = addCommand(app, "layers", "Print the reference of all layers", kLayersExamples);
  command->add_flag("--json", json, "print JSON");
  command->callback([&] { code = layersCommand(json); });

  command = addCommand(app, "targets", "List what dlc compiles for", kTargetsExamples);
  command->add_flag("--json", json, "print JSON");
  command->callback([&] { code = targetsCommand(json); });
}

// CLI11 does not say which word it took for a command.
static std::string describeError(const CLI::App *app, const CLI::Error &error) {
  std::string text = error.what();
  if (!app->remaining().empty() && app->get_parent() == nullptr)
    text = unknownCommand(app->remaining().front());
  return "dlc: error: " + text + "\n'dlc --help' and 'dlc COMMAND --help' tell more\n";
}

int main(int argc, char **argv) {
  initialise(argc, argv);
  CLI::App app("dlc: an ahead-of-time compiler for neural networks", "dlc");
  app.footer(kOverview);
  app.set_version_flag("--version", versionText());
  app.require_subcommand(1);
  app.failure_message(describeError);
  app.get_formatter()->column_width(28);
  CompileArgs compile;
  RunArgs run;
  BenchArgs bench;
  TrainArgs train;
  TuneArgs tune;
  InspectArgs inspect;
  bool json = false;
  int code = 0;
  addCompile(app, compile, code);
  addRun(app, run, code);
  addBench(app, bench, code);
  addTrain(app, train, code);
  addTune(app, tune, code);
  addTables(app, inspect, json, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}
