//===-- Output.h - All files or none -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_OUTPUT_H
#define DLC_COMPILER_EMIT_OUTPUT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace dlc::emit {

/// A path that could not be written, and the cure. No fault of dlc.
llvm::Error cannotWrite(llvm::StringRef path, const llvm::Twine &reason);

/// Writes a whole file.
llvm::Error writeFile(llvm::StringRef path, llvm::StringRef content);

/// A folder that gets all files at once: they are written into a temporary
/// folder within it and renamed by commit(). Without a commit the destructor
/// leaves nothing behind, not even the folders that open() made.
class OutputFolder {
public:
  static llvm::Expected<std::unique_ptr<OutputFolder>> open(llvm::StringRef path);
  ~OutputFolder();
  OutputFolder(const OutputFolder &) = delete;
  OutputFolder &operator=(const OutputFolder &) = delete;

  /// Where to write a file for now.
  std::string temporary(llvm::StringRef file) const;
  /// Where commit() puts it.
  std::string final(llvm::StringRef file) const;
  /// Moves these files to their places, over what is there; then removes from
  /// the folder what they make `obsolete`.
  llvm::Error commit(llvm::ArrayRef<std::string> files,
                     llvm::function_ref<bool(llvm::StringRef)> obsolete);

private:
  OutputFolder() = default;
  std::string folder, temporaryFolder;
  llvm::SmallVector<std::string> madeFolders; ///< outermost first
};

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_OUTPUT_H
