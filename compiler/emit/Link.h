//===-- Link.h - Shared library and archive from an object -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_LINK_H
#define DLC_COMPILER_EMIT_LINK_H

#include "compiler/emit/Names.h"

namespace dlc::emit {

/// What a link needs beside the object.
struct LinkInputs {
  std::string object;
  /// Stub libraries: symbols with versions and nothing else, so that no C
  /// library need be installed for the target.
  std::vector<std::string> stubs;
  std::string versionScript; ///< where to write it
};

/// Links several objects into the relocatable object `path`.
llvm::Error linkObjects(llvm::ArrayRef<std::string> objects, llvm::StringRef path);

/// Links the object into the shared library `path`, which exports the documented
/// functions and dlc_model_entry. In process, by lld.
llvm::Error linkShared(const LinkInputs &inputs, const Names &names, llvm::StringRef path);

/// Links the object into the shared library `path`, which exports all it has and finds what it
/// lacks where it is loaded.
llvm::Error linkPlugin(const std::string &object, llvm::StringRef path);

/// Writes the archive `path` with the object as its only member.
llvm::Error writeStaticLibrary(llvm::StringRef object, llvm::StringRef path);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_LINK_H
