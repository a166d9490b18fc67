//===- Summary.h - outputs for people -----------------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_DLC_SUMMARY_H
#define DLC_TOOLS_DLC_SUMMARY_H

#include "tools/common/Npy.h"

namespace dlc::tools {

/// Prints name, type and shape of an output, then of the first samples the largest values and their
/// places (vectors), or the range (all else).
void printSummary(llvm::raw_ostream &os, const Array &output);

} // namespace dlc::tools

#endif // DLC_TOOLS_DLC_SUMMARY_H
