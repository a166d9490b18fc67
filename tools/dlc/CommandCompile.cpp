//===- CommandCompile.cpp - dlc compile ---------------------------------------------===//

#include "compiler/Compile.h"
#include "compiler/WriteFile.h"
#include "tools/common/Errors.h"
#include "tools/common/Library.h"
#include "tools/common/Timing.h"
#include "tools/dlc/Commands.h"
#include "tools/report/Measure.h"
#include "tools/report/Write.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

static uint64_t sizeOf(StringRef path) {
  uint64_t bytes = 0;
  return sys::fs::file_size(path, bytes) ? 0 : bytes;
}

static std::string readable(uint64_t bytes) {
  std::string text;
  raw_string_ostream os(text);
  if (bytes >= 10 << 20)
    os << format("%.1f MiB", bytes / double(1 << 20));
  else
    os << format("%.1f KiB", bytes / 1024.0);
  return text;
}

static std::string joined(ArrayRef<std::string> words) {
  std::string text;
  raw_string_ostream os(text);
  interleaveComma(words, os);
  return text;
}

static void summarise(const CompileArgs &args, ArrayRef<std::string> files,
                      ArrayRef<std::string> variants, double seconds) {
  if (args.json) {
    json::OStream json(outs(), 2);
    json.object([&] {
      json.attributeArray("files", [&] {
        for (const std::string &file : files)
          json.object([&] {
            json.attribute("path", file);
            json.attribute("bytes", sizeOf(file));
          });
      });
      json.attribute("march", json::Array(variants));
      json.attribute("seconds", seconds);
    });
    outs() << "\n";
    return;
  }
  for (const std::string &file : files)
    outs() << format("%11s  ", readable(sizeOf(file)).c_str()) << file << "\n";
  outs() << (variants.empty() ? "written" : "compiled for " + joined(variants))
         << format(" in %.2f s\n", seconds);
}

static Error writeReport(const CompileArgs &args, const Artifacts &artifacts) {
  MeasureArgs measure{args.options, "", 1, std::max<int64_t>(args.options.batch, 1), 1};
  measure.options.targets = {Target::Cpu};
  Report report = makeReport(measure, artifacts);
  StringRef kind = sys::path::extension(args.reportFile);
  auto write = kind == ".html"                                  ? writeHtml
               : kind == ".json" || (kind.empty() && args.json) ? writeJson
                                                                : writeText;
  if (args.reportFile.empty()) {
    write(outs(), report);
    return Error::success();
  }
  auto fill = [&](raw_ostream &os) {
    write(os, report);
    return Error::success();
  };
  if (Error error = writeFile(args.reportFile, fill))
    return cannotWrite("the report", args.reportFile, toString(std::move(error)), "--report");
  return Error::success();
}

int tools::compileCommand(CompileArgs args) {
  Options &options = args.options;
  if (args.report && !options.isFor(Target::Cpu))
    return tools::report(
        createStringError("--report measures CPUs; leave it out, or add --target cpu"));
  bool library = options.stage == Stage::Lib;
  if (library)
    options.outputDir = args.out.empty() ? "." : args.out;
  else
    options.output = args.out;
  if (Error error = checkPlace("the report", args.reportFile, "--report"))
    return tools::report(std::move(error));
  Stopwatch watch;
  Artifacts artifacts;
  if (Error error = fromOutcome(compile(options, &artifacts)))
    return tools::report(std::move(error));
  std::vector<std::string> files;
  if (library)
    files = {artifacts.shared, artifacts.archive, artifacts.header};
  else if (!args.out.empty() && args.out != "-")
    files = {args.out};
  if (!artifacts.weights.empty())
    files.push_back(artifacts.weights);
  append_range(files, artifacts.prepared);
  // One stream holds one JSON value.
  bool reportsHere = args.report && args.reportFile.empty();
  if (!files.empty() && !(reportsHere && args.json))
    summarise(args, files, artifacts.variants, watch.seconds());
  if (reportsHere && !args.json)
    outs() << "\n";
  return args.report ? tools::report(writeReport(args, artifacts)) : 0;
}
