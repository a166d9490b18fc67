//===- main.cpp - the command line of dlc-bench -------------------------------------===//
//
// Only parses. CLI11 throws, so this file alone is compiled with exceptions.
//
//===------------------------------------------------------------------------------===//

#include "compiler/CpuVariant.h"
#include "tools/common/Startup.h"
#include "tools/dlc-bench/Bench.h"
#include <CLI/CLI.hpp>

using namespace dlc;
using namespace dlc::tools;

static constexpr const char *kOverview = R"(Examples:
  dlc-bench conv3x3.mlir                       GFLOP/s and the share of the machine's FMA peak
  dlc-bench conv3x3.mlir --batch 1,32 --threads 1,2
  dlc-bench --check conv3x3.mlir               optimised against naive, on random numbers
  dlc-bench --check lenet.json --march x86-64-v3,x86-64-v4
An .mlir file holds func @forward on nn ops, as 'dlc compile --emit nn' prints it. Arithmetic is counted
as if padding were computed too; a kernel that leaves it out may exceed the peak.

Exit codes: 0 done, 1 wrong input or results that do not agree, 2 a wrong command line, 3 a fault in dlc.)";

// An option whose words stand for values.
template <typename T>
static CLI::Option *addChoice(CLI::App &app, const std::string &name, T &value,
                              const std::map<std::string, T> &choices, const std::string &help) {
  auto choose = [&value, choices](const std::string &word) { value = choices.at(word); };
  return app.add_option_function<std::string>(name, choose, help)
      ->check(CLI::IsMember(choices).description(""));
}

// What kernels run with.
static void addRuns(CLI::App &app, BenchArgs &args) {
  app.add_option("--batch", args.batches, "batch sizes (default: 1, and 3 with --check)")
      ->type_name("N,N")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1 << 20).description(""));
  app.add_option("--threads", args.threads, "numbers of threads (default: 1, and 2 with --check)")
      ->type_name("N,N")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024).description(""));
  app.add_option("--march", args.options.march, "CPUs to compile for (default: native)")
      ->type_name("CPU,CPU")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(knownMarch()).description(""));
}

// Which kernels there are.
static void addForms(CLI::App &app, Options &options) {
  addChoice<Winograd>(
      app, "--winograd", options.winograd,
      {{"auto", Winograd::Auto},
       {"never", Winograd::Never},
       {"f2", Winograd::F2},
       {"f3", Winograd::F3},
       {"f4", Winograd::F4},
       {"f5", Winograd::F5},
       {"f6", Winograd::F6}},
      "where convolutions take a Winograd form: auto (default), never, f2, f3, f4, f5 "
      "or f6")
      ->type_name("WHERE");
  addChoice<WeightPrecision>(app, "--weight-precision", options.weightPrecision,
                             {{"auto", WeightPrecision::Auto},
                              {"exact", WeightPrecision::Exact},
                              {"fixed", WeightPrecision::Fixed}},
                             "how weights of dense layers and Winograd products are kept: auto "
                             "(default), exact, or fixed point")
      ->type_name("HOW");
  app.add_option("--tuning", options.tuning, "choose kernels by this file of 'dlc tune'")
      ->type_name("FILE");
}

int main(int argc, char **argv) {
  initialise(argc, argv);
  BenchArgs args;
  bool checking = false;
  CLI::App app("dlc-bench: checks and measures kernels", "dlc-bench");
  app.footer(kOverview);
  app.add_option("model", args.options.model,
                 "an .mlir file with an nn @forward, or a model description")
      ->required();
  app.add_flag("--check", checking, "compare the optimised with the naive lowering");
  app.add_option(
         "--tolerance", args.tolerance,
         "with --check: allowed difference, relative to the largest output or 1 (default: 1e-4)")
      ->type_name("R")
      ->check(CLI::Range(0.0, 1.0).description(""));
  addRuns(app, args);
  addForms(app, args.options);
  app.add_option("--min-time", args.minTime, "seconds to measure at least (default: 1)")
      ->type_name("S")
      ->check(CLI::Range(0.0, 3600.0).description(""));
  app.add_flag("--json", args.json, "print JSON");
  app.failure_message([](const CLI::App *, const CLI::Error &error) {
    return "dlc-bench: error: " + std::string(error.what()) + "\n'dlc-bench --help' tells more\n";
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return checking ? check(args) : measure(args);
}
