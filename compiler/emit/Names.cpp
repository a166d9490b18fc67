//===-- Names.cpp - C names of a model -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace dlc::emit;

/// A file name holds 255 bytes; leaves room for `lib`, `.so` and suffixes.
static constexpr size_t maxNameLength = 200;

static StringSet<> wordSet(StringRef words) {
  SmallVector<StringRef> list;
  words.split(list, ' ');
  StringSet<> set;
  for (StringRef word : list)
    set.insert(word);
  return set;
}

/// Keywords of C and C++, macros that compilers predefine or C headers define,
/// `main`, and the types that the header uses.
static bool isReserved(StringRef name) {
  static constexpr StringLiteral words(
      "I NULL alignas alignof and and_eq asm auto bitand bitor bool break case catch char "
      "char16_t char32_t char8_t class co_await co_return co_yield compl complex concept const "
      "const_cast consteval constexpr constinit continue decltype default delete do double "
      "dynamic_cast else enum errno explicit export extern false float for friend goto i386 if "
      "inline int int16_t int32_t int64_t int8_t linux long main mutable namespace new "
      "noexcept not not_eq nullptr operator or or_eq private protected public register "
      "reinterpret_cast requires restrict return short signed size_t sizeof static "
      "static_assert static_cast stderr stdin stdout struct switch template this thread_local "
      "throw true try "
      "typedef typeid typename typeof typeof_unqual uint16_t uint32_t uint64_t uint8_t "
      "union unix unsigned using virtual void volatile wchar_t while xor xor_eq");
  static const StringSet<> reserved = wordSet(words);
  return reserved.contains(name);
}

/// Headers and libraries of C and POSIX: with -I and the library's folder,
/// `#include <math.h>` would find that of a model called math, and with -L `-lm`
/// the library of one called m.
static bool isSystemFile(StringRef name) {
  static constexpr StringLiteral files(
      "aio alloca anl assert c complex cpio crypt ctype dirent dl dlfcn endian err errno fcntl "
      "features fenv float fmtmsg fnmatch ftw getopt glob grp iconv inttypes iso646 langinfo "
      "libgen limits locale m malloc math memory monetary mqueue ndbm netdb nl_types poll pthread "
      "pwd regex resolv rt sched search semaphore setjmp signal spawn stdalign stdarg stdatomic "
      "stdbit stdbool stdckdint stddef "
      "stdint stdio stdlib stdnoreturn string strings stropts syslog tar termios tgmath threads "
      "time trace uchar ulimit unistd util utime utmpx values wchar wctype wordexp");
  static const StringSet<> reserved = wordSet(files);
  return reserved.contains(name);
}

std::string dlc::emit::makeIdentifier(StringRef text) {
  std::string name;
  for (char c : text)
    name += isAlnum(c) ? c : '_';
  StringRef view = name;
  // The libraries' types and files begin with dlc_.
  if (view.empty() || isDigit(view.front()) || view.front() == '_' || isReserved(view) ||
      view.equals_insensitive("dlc") || view.starts_with_insensitive("dlc_"))
    return "m_" + name;
  return name;
}

namespace {

/// Hands out the names of `<model>_run`'s parameters, each once.
class ParameterNames {
public:
  explicit ParameterNames(const Model &model) : model(model) {}

  Error add(const TensorInfo &tensor, StringRef kind, std::vector<std::string> &names) {
    std::string name = makeIdentifier(tensor.name);
    // Parameters of the wrapper beside the tensors.
    if (name == "m" || name == "batch")
      name = "m_" + name;
    // Macros are in upper case, so names must differ in more than case.
    auto [it, isNew] = taken.try_emplace(StringRef(name).upper(), describe(kind, tensor));
    if (!isNew)
      return createStringError(formatv("model \"{0}\": {1} and {2} would both be \"{3}\" in C; "
                                       "rename one of them",
                                       model.name, it->second, describe(kind, tensor), name)
                                   .str());
    names.push_back(std::move(name));
    return Error::success();
  }

private:
  static std::string describe(StringRef kind, const TensorInfo &tensor) {
    return formatv("{0} \"{1}\"", kind, tensor.name).str();
  }

  const Model &model;
  StringMap<std::string> taken;
};

} // namespace

Expected<Names> dlc::emit::makeNames(const Model &model) {
  if (model.name.empty())
    return createStringError("the model has no name; give it one with \"name\"");
  if (model.name.size() > maxNameLength)
    return createStringError(
        formatv("the model's name has {0} characters, too many for a file name; use at most {1}",
                model.name.size(), maxNameLength)
            .str());
  Names names;
  names.model = makeIdentifier(model.name);
  if (isSystemFile(names.model))
    names.model = "m_" + names.model;
  names.prefix = StringRef(names.model).upper();
  names.trains = model.training.has_value();
  names.hasGpuCode = any_of(model.variants, [](const Variant &v) { return v.gpu.has_value(); });
  names.profiled = model.profiled;
  ParameterNames parameters(model);
  for (const TensorInfo &input : model.inputs)
    if (Error error = parameters.add(input, "input", names.inputs))
      return std::move(error);
  for (const TensorInfo &output : model.outputs)
    if (Error error = parameters.add(output, "output", names.outputs))
      return std::move(error);
  if (model.training)
    for (const TargetTensor &target : model.training->targets) {
      TensorInfo tensor = target.tensor;
      tensor.name += "_target";
      if (Error error = parameters.add(tensor, "target", names.targets))
        return std::move(error);
    }
  return names;
}
