//===- Tuning.h - cost tables in files ----------------------------------*- C++ -*-===//
//
//   { "dlc_tuning": 1,
//     "targets": { "x86-64-v4": { "l2": 1048576, "l3": 16777216, "direct": 1, "product": 1,
//                                 "vector": 11, "byte": 0.15, "launch": 2000 } } }
//
// Each row of the target facts may be there; a row has all numbers of CostTable (Target.h tells
// their units).
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_COMPILER_TUNING_H
#define DLC_COMPILER_TUNING_H

#include "compiler/schedule/Target.h"
#include "mlir/Support/LLVM.h"
#include <map>
#include <string>

namespace dlc {

/// Cost tables by the names of their rows of the target facts.
using Tuning = std::map<std::string, schedule::CostTable>;

/// Reads a tuning file. What is wrong with it is printed with its place.
mlir::FailureOr<Tuning> readTuning(llvm::StringRef path);

/// Writes a tuning file.
void writeTuning(llvm::raw_ostream &os, const Tuning &tuning);

} // namespace dlc

#endif // DLC_COMPILER_TUNING_H
