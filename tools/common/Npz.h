//===- Npz.h - several arrays in one file -------------------------------*- C++ -*-===//
//
// An .npz file is a zip archive of .npy files, stored or deflated. Archives above 4 GiB (zip64),
// split or encrypted ones are not read.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_TOOLS_COMMON_NPZ_H
#define DLC_TOOLS_COMMON_NPZ_H

#include "tools/common/Npy.h"

namespace dlc::tools {

/// Reads all arrays in the order of the archive; each gets its name without ".npy".
llvm::Expected<std::vector<Array>> parseNpz(llvm::StringRef content, llvm::StringRef file);

/// Writes arrays by their names, stored. Equal arrays give equal bytes.
llvm::Error writeNpz(llvm::raw_ostream &os, llvm::ArrayRef<const Array *> arrays);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_NPZ_H
