//===- Transfer.h - weights of another model ----------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_TRANSFER_H
#define DLC_TOOLS_TRAIN_TRANSFER_H

#include "tools/train/Network.h"

namespace dlc::tools::train {

/// Gives a network the tensors of a safetensors file whose name, type and shape are its own, and
/// leaves the others as they are; names those in `left`. An error where none fits.
llvm::Error transferWeights(Network &network, llvm::StringRef path, std::vector<std::string> &left);

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_TRANSFER_H
