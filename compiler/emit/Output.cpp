//===-- Output.cpp - All files or none -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Output.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace dlc::emit;

static std::string inFolder(StringRef folder, StringRef file) {
  SmallString<128> path(folder);
  sys::path::append(path, file);
  return path.str().str();
}

Error dlc::emit::cannotWrite(StringRef path, const Twine &reason) {
  return createStringError("cannot write \"" + path + "\": " + reason +
                           "; choose another output folder or free this one");
}

Error dlc::emit::writeFile(StringRef path, StringRef content) {
  std::error_code code;
  raw_fd_ostream os(path, code);
  if (code)
    return cannotWrite(path, code.message());
  os << content;
  os.close();
  code = os.error();
  os.clear_error();
  return code ? cannotWrite(path, code.message()) : Error::success();
}

Expected<std::unique_ptr<OutputFolder>> OutputFolder::open(StringRef path) {
  std::unique_ptr<OutputFolder> output(new OutputFolder());
  output->folder = path.empty() ? "." : path.str();
  SmallVector<std::string> missing;
  for (StringRef folder = output->folder; !folder.empty() && !sys::fs::exists(folder);
       folder = sys::path::parent_path(folder))
    missing.push_back(folder.str());
  for (const std::string &folder : reverse(missing)) {
    if (std::error_code code =
            sys::fs::create_directory(folder, /*IgnoreExisting=*/false, sys::fs::all_all))
      return cannotWrite(folder, code.message());
    output->madeFolders.push_back(folder);
  }
  // A relative prefix would go into the system's temporary folder.
  SmallString<128> prefix(inFolder(output->folder, ".dlc")), temporary;
  if (std::error_code code = sys::fs::make_absolute(prefix))
    return cannotWrite(output->folder, code.message());
  if (std::error_code code = sys::fs::createUniqueDirectory(prefix, temporary))
    return cannotWrite(output->folder, code.message());
  output->temporaryFolder = temporary.str().str();
  return output;
}

OutputFolder::~OutputFolder() {
  if (!temporaryFolder.empty())
    (void)sys::fs::remove_directories(temporaryFolder);
  for (const std::string &made : reverse(madeFolders))
    (void)sys::fs::remove(made);
}

std::string OutputFolder::temporary(StringRef file) const {
  return inFolder(temporaryFolder, file);
}

std::string OutputFolder::final(StringRef file) const { return inFolder(folder, file); }

Error OutputFolder::commit(ArrayRef<std::string> files, function_ref<bool(StringRef)> obsolete) {
  // What could fail half-way is looked at before the first rename.
  for (const std::string &file : files)
    if (sys::fs::is_directory(final(file)))
      return cannotWrite(final(file), std::make_error_code(std::errc::is_a_directory).message());
  for (const std::string &file : files)
    if (std::error_code code = sys::fs::rename(temporary(file), final(file)))
      return cannotWrite(final(file), code.message());
  madeFolders.clear();
  std::error_code code;
  for (sys::fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    StringRef file = sys::path::filename(it->path());
    if (!is_contained(files, file) && obsolete(file))
      if (std::error_code failure = sys::fs::remove(it->path()))
        return cannotWrite(it->path(), failure.message());
  }
  return Error::success();
}
