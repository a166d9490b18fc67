//===- CommandTables.cpp - dlc schema, layers and targets ---------------------------===//

#include "compiler/CpuVariant.h"
#include "compiler/GpuVariant.h"
#include "compiler/frontend/Reference.h"
#include "compiler/schedule/Target.h"
#include "tools/dlc/Commands.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

int tools::schemaCommand() {
  frontend::printSchema(outs());
  return 0;
}

int tools::layersCommand(bool json) {
  frontend::printLayers(outs(), json);
  return 0;
}

static void printTargetsJson(StringRef native) {
  json::OStream json(outs(), 2);
  json.array([&] {
    for (const schedule::TargetFacts &facts : schedule::allTargets()) {
      json.object([&] {
        json.attribute("target", "cpu");
        json.attribute("march", facts.march);
        json.attribute("arch", facts.arch);
        json.attribute("lanes", facts.lanes);
        json.attribute("registers", facts.registers);
        json.attribute("fma", facts.fma);
        json.attribute("runs_here", runsHere(*lookupVariant(facts.march)));
        json.attribute("native", facts.march == native);
      });
    }
    for (const schedule::Chip &chip : schedule::allChips()) {
      json.object([&] {
        json.attribute("target", "cuda");
        json.attribute("chip", chip.name);
        json.attribute("compute_capability", chip.capability);
        json.attribute("multiprocessors", chip.multiprocessors);
        json.attribute("shared_bytes_of_block", chip.blockSharedBytes);
        json.attribute("only_itself", chip.exact);
      });
    }
  });
  outs() << "\n";
}

static void printChips() {
  outs() << "\ntarget  chip    compute capability  multiprocessors  shared memory of a block\n";
  for (const schedule::Chip &chip : schedule::allChips())
    outs() << "cuda    " << left_justify(chip.name, 6) << "  "
           << format("%16d.%d%s  %15d  %20d KiB\n", int(chip.capability / 10),
                     int(chip.capability % 10), chip.exact ? " " : "+", int(chip.multiprocessors),
                     int(chip.blockSharedBytes >> 10));
  outs() << "\n+ means: and later ones, as PTX that the driver compiles\n";
}

int tools::targetsCommand(bool json) {
  std::optional<CpuVariant> native = lookupVariant("native");
  StringRef nativeLevel = native ? StringRef(native->level) : "";
  if (json) {
    printTargetsJson(nativeLevel);
    return 0;
  }
  outs() << "target  march       lanes  registers  fma  runs here\n";
  for (const schedule::TargetFacts &facts : schedule::allTargets()) {
    outs() << "cpu     " << left_justify(facts.march, 10) << "  "
           << format("%5d  %9d  ", int(facts.lanes), int(facts.registers))
           << (facts.fma ? "yes  " : "no   ")
           << (runsHere(*lookupVariant(facts.march)) ? "yes" : "no")
           << (facts.march == nativeLevel ? ", native" : "") << "\n";
  }
  if (native)
    outs() << "\nnative is " << native->level << " for " << native->tune
           << (native->features.empty() ? "" : " with " + native->features) << "\n";
  printChips();
  return 0;
}

std::string tools::unknownCommand(const std::string &word) {
  std::string text = "unknown command '" + word + "'";
  for (StringRef known :
       {"compile", "run", "bench", "tune", "inspect", "schema", "layers", "targets"})
    if (StringRef(word).edit_distance(known, true, 2) <= 2)
      return text + "; did you mean '" + known.str() + "'?";
  return text;
}

std::string tools::versionText() { return "dlc " DLC_VERSION " (LLVM " LLVM_VERSION_STRING ")"; }
