//===- main.cpp - the command line of dlc -------------------------------------------===//
//
// Only parses: each subcommand's struct goes to the function in its own file. CLI11 throws, so this
// file alone is compiled with exceptions; what it calls does not throw.
//
//===------------------------------------------------------------------------------===//

#include "compiler/CpuVariant.h"
#include "tools/common/Startup.h"
#include "tools/dlc/Commands.h"
#include <CLI/CLI.hpp>

using namespace dlc;
using namespace dlc::tools;

static constexpr const char *kOverview =
    R"(Compiles neural networks, described in JSON, to native libraries.

Examples:
  dlc compile lenet.json -o out          out/liblenet.so, liblenet.a, lenet.h
  dlc run lenet.json --input x.npy       predictions for the samples of x.npy
  dlc bench lenet.json --batch 32        how fast it is
  dlc tune -o tuning.json                measure this machine; compile --tuning tuning.json
  dlc inspect lenet.json                 layers, shapes, parameters, arithmetic
  dlc layers | less                      what a model.json may say
'dlc COMMAND --help' tells more.

Exit codes: 0 done, 1 the input is wrong, 2 the command line is wrong, 3 a fault in dlc.)";

static constexpr const char *kCompileExamples = R"(Examples:
  dlc compile lenet.json -o out
  dlc compile lenet.json -o out --weights trained.safetensors
  dlc compile lenet.json -o out --march x86-64-v2,x86-64-v3,x86-64-v4
  dlc compile lenet.json -o out --march aarch64  for another machine
  dlc compile lenet.json -o out --tuning tuning.json   kernels chosen by what 'dlc tune' measured
  dlc compile lenet.json -o out --weights trained.safetensors --prepare=compile
  dlc compile lenet.json -o out --report          what became of each layer, and its time
  dlc compile lenet.json -o out --report lenet.html
  dlc compile lenet.json --emit fused            the groups that become kernels
  dlc compile lenet.json --emit asm -o lenet.s)";

static constexpr const char *kRunExamples = R"(Examples:
  dlc run lenet.json --input digits.npy
  dlc run out/liblenet.so --weights lenet.safetensors --input digits.npy --output y.npy
  dlc run two_inputs.json --input image.npy --input mask.npy --output y.npy
  dlc run two_inputs.json --input named.npz --output y.npz)";

static constexpr const char *kBenchExamples = R"(Examples:
  dlc bench resnet50.json
  dlc bench resnet50.json --batch 32 --threads 1 --json
  dlc bench resnet50.json --tuning tuning.json   kernels chosen by what 'dlc tune' measured
  dlc bench resnet50.json --layers               the time of each kernel, and whose work it does
  dlc bench out/libresnet50.so --min-time 5)";

static constexpr const char *kTuneExamples = R"(Examples:
  dlc tune                                       what this machine's constants would be
  dlc tune -o tuning.json
  dlc tune -o tuning.json --march x86-64-v4,x86-64-v3
  dlc compile resnet50.json -o out --tuning tuning.json
The cost model chooses between direct sums and the Winograd forms of each 3x3 convolution. Its
constants are prices in half cycles: the time of one vector multiply-add at the peak.)";

static constexpr const char *kInspectExamples = R"(Examples:
  dlc inspect resnet50.json
  dlc inspect resnet50.json --json
  dlc inspect out/libresnet50.so)";

static constexpr const char *kSchemaExamples = R"(Examples:
  dlc schema > dlc-model-1.json          for editors that complete and check JSON)";

static constexpr const char *kLayersExamples = R"(Examples:
  dlc layers > layers.md
  dlc layers --json)";

static constexpr const char *kTargetsExamples = R"(Examples:
  dlc targets
  dlc targets --json)";

// In the order of Stage.
static const std::vector<std::string> kStages = {"json",   "nn",   "fused", "tiled", "linalg",
                                                 "vector", "llvm", "asm",   "obj",   "lib"};

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

static void addWinograd(CLI::App *command, Options &options) {
  command->add_flag_callback(
      "--no-winograd", [&] { options.winograd = Winograd::Never; },
      "convolutions by direct sums only: closer to exact sums, often slower");
}

static void addTuning(CLI::App *command, Options &options) {
  command
      ->add_option("--tuning", options.tuning,
                   "choose kernels by this file's measurements, which 'dlc tune' wrote, instead of "
                   "those that dlc comes with")
      ->type_name("FILE");
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
  command->add_option("--target", args.target, "what to compile for: cpu")
      ->type_name("NAME")
      ->check(CLI::IsMember({"cpu", "cuda"}).description(""));
  addMarch(command, args.options);
  addWinograd(command, args.options);
  addTuning(command, args.options);
  command->add_option("--batch", args.options.batch, "the only batch size; default: any")
      ->type_name("N")
      ->check(kBatches);
  CLI::Option *prepare =
      command
          ->add_option_function<std::string>(
              "--prepare",
              [&](const std::string &when) { args.options.prepare = when == "compile"; },
              "when weights are packed for the CPU: load (default), each time they are loaded; or "
              "compile, once: lib<name>.<variant>.prepared beside the library is mapped by load, "
              "in no time. That is for the variants that this machine can run")
          ->type_name("WHEN")
          ->check(CLI::IsMember({"load", "compile"}).description(""));
  command
      ->add_option_function<std::string>(
          "--emit",
          [&](const std::string &name) {
            args.options.stage =
                Stage(std::find(kStages.begin(), kStages.end(), name) - kStages.begin());
          },
          "stop and print: json, nn, fused, tiled, linalg, vector, llvm, asm, obj, or lib "
          "(default)")
      ->type_name("STAGE")
      ->check(CLI::IsMember(kStages).description(""))
      ->excludes(prepare);
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
  command->add_option("--max-batch", args.maxBatch, "samples of one call at most (default: 32)")
      ->type_name("N")
      ->check(kBatches);
  command->add_option("--variant", args.variant, "CPU variant of the library; default: the best")
      ->type_name("CPU");
  addMarch(command, args.options);
  addWinograd(command, args.options);
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
  command->add_option("--min-time", args.minTime, "seconds to measure at least (default: 1)")
      ->type_name("S")
      ->check(CLI::Range(0.0, 3600.0).description(""));
  command->add_option("--variant", args.variant, "CPU variant of the library; default: the best")
      ->type_name("CPU");
  addMarch(command, args.options);
  addWinograd(command, args.options);
  addTuning(command, args.options);
  command->add_flag("--layers", args.layers,
                    "measure each kernel: its layers, time, arithmetic and share of the peak");
  command->add_flag("--json", args.json, "print the figures as JSON");
  command->callback([&] { code = benchCommand(args); });
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
  TuneArgs tune;
  InspectArgs inspect;
  bool json = false;
  int code = 0;
  addCompile(app, compile, code);
  addRun(app, run, code);
  addBench(app, bench, code);
  addTune(app, tune, code);
  addTables(app, inspect, json, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}
