//===- WriteFile.h - outputs that the user names ------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_WRITEFILE_H
#define DLC_COMPILER_WRITEFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace dlc {

/// Writes what `writer` prints to `path`. A file, or the one a symbolic link leads to, gets it
/// whole or not at all. Standard output ("-"), a device or a pipe gets it as it comes and is never
/// replaced. Errors are the writer's, or the system's reason alone.
llvm::Error writeFile(llvm::StringRef path,
                      llvm::function_ref<llvm::Error(llvm::raw_ostream &)> writer);

} // namespace dlc

#endif // DLC_COMPILER_WRITEFILE_H
