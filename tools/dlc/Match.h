//===- Match.h - arrays of files as inputs of a model -------------------*- C++ -*-===//
#ifndef DLC_TOOLS_DLC_MATCH_H
#define DLC_TOOLS_DLC_MATCH_H

#include "tools/common/Library.h"

namespace dlc::tools {

/// Puts arrays in the order of the library's inputs: those with names by name, else as they come.
/// `samples` gets their common number of samples. Errors say which file holds what, what is needed,
/// and how to make it so.
llvm::Expected<std::vector<Array>> matchInputs(std::vector<Array> arrays, const Library &library,
                                               int64_t &samples);

} // namespace dlc::tools

#endif // DLC_TOOLS_DLC_MATCH_H
