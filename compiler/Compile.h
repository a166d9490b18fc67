//===- Compile.h - read, import, run, emit ------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_COMPILE_H
#define DLC_COMPILER_COMPILE_H

#include "compiler/Options.h"
#include "compiler/Plan.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace dlc {

/// How a compilation ended; the values are the exit codes of the command line.
enum class Outcome {
  Done = 0,
  BadInput = 1, ///< the user's input is wrong; a message says why
  Fault = 3     ///< a fault in dlc; a message says where the reproducer is
};

/// What a compilation made. The paths are those of Stage::Lib, else empty; stages before code is
/// made for a CPU have no variants, those up to Stage::Vector the first alone.
struct Artifacts {
  std::string shared, archive, header; ///< lib<name>.so, lib<name>.a, <name>.h
  std::string weights;                 ///< the copy of the weights, or empty
  std::vector<std::string> prepared;   ///< lib<name>.<variant>.prepared, with options.prepare
  std::vector<std::string> variants;   ///< names of the CPUs compiled for, best first, each once
  std::string model;                   ///< its name
  std::vector<Layer> layers;           ///< of a model.json; an .mlir file has none
  int64_t weightsBytes = 0;            ///< of all parameters
  std::vector<Plan> plans;             ///< of each variant
  std::vector<std::vector<std::string>> probes; ///< with Options::probe: the layers of each output
};

/// Compiles options.model to options.stage. Messages go to standard error. Nothing is written
/// unless everything succeeded.
Outcome compile(const Options &options, Artifacts *artifacts = nullptr);

/// Prints the table of the model's layers (shapes, parameters, arithmetic, memory), or the same as
/// JSON.
Outcome inspect(const Options &options, bool json, llvm::raw_ostream &os);

} // namespace dlc

#endif // DLC_COMPILER_COMPILE_H
