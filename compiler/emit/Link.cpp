//===-- Link.cpp - Shared library and archive from an object -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Link.h"

#include "compiler/emit/Check.h"
#include "compiler/emit/Descriptor.h"
#include "compiler/emit/Output.h"

#include "lld/Common/Driver.h"
#include "llvm/Object/ArchiveWriter.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace llvm;
using namespace dlc::emit;

static std::string versionScript(const Names &names) {
  std::string script = "{\n  global:\n";
  for (const std::string &symbol : documentedSymbols(names))
    script += "    " + symbol + ";\n";
  return script + "    dlc_model_entry;\n  local: *;\n};\n";
}

Error dlc::emit::linkShared(const LinkInputs &inputs, const Names &names, StringRef path) {
  if (Error error = writeFile(inputs.versionScript, versionScript(names)))
    return error;
  std::string soname = "lib" + names.model + ".so";
  std::string entry = "--defsym=dlc_model_entry=" + entrySymbol(names);
  std::string output = path.str();
  std::vector<const char *> args = {"ld.lld",
                                    "-shared",
                                    "-soname",
                                    soname.c_str(),
                                    "-o",
                                    output.c_str(),
                                    "--gc-sections",
                                    "--no-undefined",
                                    "--as-needed",
                                    "-Bsymbolic",
                                    "-z",
                                    "now",
                                    "-z",
                                    "relro",
                                    "-z",
                                    "noexecstack",
                                    "--build-id=none",
                                    "--hash-style=gnu",
                                    "--version-script",
                                    inputs.versionScript.c_str(),
                                    entry.c_str(),
                                    inputs.object.c_str()};
  for (const std::string &stub : inputs.stubs)
    args.push_back(stub.c_str());

  // lld keeps its state in globals.
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  std::string messages;
  raw_string_ostream os(messages);
  lld::Result result = lld::lldMain(args, os, os, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return makeFault("cannot link " + soname + ": " + StringRef(messages).rtrim());
  return Error::success();
}

Error dlc::emit::writeStaticLibrary(MemoryBufferRef object, StringRef path) {
  NewArchiveMember member(object);
  return writeArchive(path, member, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                      /*Deterministic=*/true, /*Thin=*/false);
}
