//===- Random.h - random inputs and weights -----------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_RANDOM_H
#define DLC_TOOLS_COMMON_RANDOM_H

#include "tools/common/Library.h"

namespace dlc::tools {

/// An array for each input: floats in [-1, 1), bytes of any value, integers below 10. The same on
/// every machine for the same names, shapes and seed.
llvm::Expected<std::vector<Array>> randomInputs(const Library &library, int64_t batch,
                                                uint64_t seed = 1);

/// The image of a safetensors file with every parameter. Kernels are scaled by their fan-in (He et
/// al., "Delving Deep into Rectifiers", 2015), variances are positive: deep networks neither
/// overflow nor fade.
llvm::Expected<std::unique_ptr<llvm::WritableMemoryBuffer>> randomWeights(const Library &library,
                                                                          uint64_t seed = 1);

/// Loads random weights, if the model has any.
llvm::Error loadRandomWeights(const Library &library, Instance &instance);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_RANDOM_H
