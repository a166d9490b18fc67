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
#include "llvm/ADT/STLExtras.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/Path.h"

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

/// Why lld could not write its output, or nothing where it failed for another reason. A full disk
/// shows when the output is opened: lld reserves its space then.
static StringRef writeFailure(StringRef messages, StringRef output) {
  for (const char *what : {"cannot open output file ", "failed to open "}) {
    auto [before, reason] = messages.split((what + output + ": ").str());
    if (before.size() < messages.size())
      return reason.take_until([](char c) { return c == '\n'; });
  }
  auto [before, reason] = messages.split(("failed to write output '" + output + "': ").str());
  return reason.take_until([](char c) { return c == '\n'; });
}

/// Runs lld in this process.
static Error runLinker(ArrayRef<std::string> arguments, StringRef output) {
  std::vector<const char *> argv = {"ld.lld"};
  for (const std::string &argument : arguments)
    argv.push_back(argument.c_str());
  // lld keeps its state in globals.
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  std::string messages;
  raw_string_ostream os(messages);
  lld::Result result = lld::lldMain(argv, os, os, {{lld::Gnu, &lld::elf::link}});
  StringRef unwritten = writeFailure(messages, output);
  if (!unwritten.empty())
    return cannotWrite(output, unwritten);
  if (result.retCode != 0)
    return makeFault("cannot link " + sys::path::filename(output) + ": " +
                     StringRef(messages).rtrim());
  return Error::success();
}

Error dlc::emit::linkObjects(ArrayRef<std::string> objects, StringRef path) {
  std::vector<std::string> arguments = {"-r", "-o", path.str()};
  append_range(arguments, objects);
  return runLinker(arguments, path);
}

Error dlc::emit::linkShared(const LinkInputs &inputs, const Names &names, StringRef path) {
  if (Error error = writeFile(inputs.versionScript, versionScript(names)))
    return error;
  // clang-format off
  std::vector<std::string> arguments = {
      "-shared", "-soname", "lib" + names.model + ".so", "-o", path.str(),
      "--gc-sections", "--as-needed", "--no-undefined", "-Bsymbolic",
      "-z", "now", "-z", "relro", "-z", "noexecstack",
      "--build-id=none", "--hash-style=gnu",
      "--version-script", inputs.versionScript,
      "--defsym=dlc_model_entry=" + entrySymbol(names),
      inputs.object};
  // clang-format on
  append_range(arguments, inputs.stubs);
  return runLinker(arguments, path);
}

Error dlc::emit::linkPlugin(const std::string &object, StringRef path) {
  return runLinker(
      {"-shared", "-o", path.str(), "-z", "now", "-z", "noexecstack", "--build-id=none", object},
      path);
}

Error dlc::emit::writeStaticLibrary(StringRef object, StringRef path) {
  Expected<NewArchiveMember> member = NewArchiveMember::getFile(object, /*Deterministic=*/true);
  if (!member)
    return member.takeError();
  member->MemberName = sys::path::filename(object);
  // Not writeArchive: it ends the process when the disk is full.
  auto archive =
      writeArchiveToBuffer(*member, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                           /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return archive.takeError();
  return writeFile(path, (*archive)->getBuffer());
}
