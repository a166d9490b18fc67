//===- Commands.h - what each subcommand is told and does ---------------*- C++ -*-===//
//
// main.cpp fills these structs from the command line; each function lives in a file of its name and
// returns the exit code.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_TOOLS_DLC_COMMANDS_H
#define DLC_TOOLS_DLC_COMMANDS_H

#include "compiler/Options.h"
#include "tools/train/Request.h"
#include <string>
#include <vector>

namespace dlc::tools {

struct CompileArgs {
  Options options;
  std::string out; ///< -o: the folder, or the file of a stage before the library
  bool report = false;    ///< measure and describe the library
  std::string reportFile; ///< .html, .json or .txt; empty: standard output
  bool json = false;
};

struct RunArgs {
  Options options;
  std::vector<std::string> inputs;  ///< .npy in the model's order, or one .npz
  std::vector<std::string> outputs; ///< .npy in the model's order, or one .npz; none: a summary
  std::string variant;
  int threads = 0;
  int device = 0; ///< of CUDA
  int64_t maxBatch = 32;
};

struct BenchArgs {
  Options options;
  std::string variant;
  int threads = 0;
  int device = 0; ///< of CUDA
  int64_t batch = 1;
  double minTime = 1;
  bool layers = false; ///< times of each launch
  bool json = false;
};

struct TrainArgs {
  train::Request request;
  bool json = false;
};

struct TuneArgs {
  std::vector<std::string> march = {"native"};
  std::string out; ///< the tuning file; empty: print only
  int threads = 1;
  double minTime = 25; ///< seconds for each CPU
  bool json = false;
};

struct InspectArgs {
  Options options;
  bool json = false;
};

int compileCommand(CompileArgs args);
int runCommand(RunArgs args);
int benchCommand(BenchArgs args);
int trainCommand(TrainArgs args);
int tuneCommand(TuneArgs args);
int inspectCommand(InspectArgs args);
int schemaCommand();
int layersCommand(bool json);
int targetsCommand(bool json);

/// The message for a command that does not exist.
std::string unknownCommand(const std::string &word);

/// A line for each augmentation that `dlc train` knows.
std::string augmentationsText();

/// `dlc 0.1.0` with the version of LLVM inside.
std::string versionText();

} // namespace dlc::tools

#endif // DLC_TOOLS_DLC_COMMANDS_H
