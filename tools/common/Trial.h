//===- Trial.h - a model ready to run on random numbers -----------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_TRIAL_H
#define DLC_TOOLS_COMMON_TRIAL_H

#include "tools/common/Library.h"

namespace dlc::tools {

/// An instance with random inputs and arrays for its outputs. The library outlives it.
struct Trial {
  const Library &library;
  Instance instance;
  int64_t batch;
  std::vector<Array> inputs, outputs;

  /// Of options.maxBatch samples.
  static llvm::Expected<Trial> make(const Library &library, const InstanceOptions &options);

  /// Loads a weights file; without one, random weights.
  llvm::Error load(llvm::StringRef weights);

  /// One call on all samples.
  llvm::Error run() { return instance.forward(batch, inputs, outputs); }
};

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_TRIAL_H
