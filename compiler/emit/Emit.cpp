//===-- Emit.cpp - From LLVM modules to a native library -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Emit.h"

#include "compiler/emit/Check.h"
#include "compiler/emit/Header.h"
#include "compiler/emit/Link.h"
#include "compiler/emit/Names.h"
#include "compiler/emit/Object.h"
#include "compiler/emit/Output.h"
#include "compiler/emit/Parts.h"
#include "compiler/emit/Prepare.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace dlc::emit;

namespace {

/// dlc's own files for one target.
struct Resources {
  std::string runtime; ///< bitcode
  std::string header;  ///< dlc_runtime.h
  std::vector<std::string> stubs;
};

/// A model on its way to a file.
struct Build {
  Names names;
  std::unique_ptr<TargetMachine> machine;
  Parts parts;
};

} // namespace

static Expected<Resources> findResources(const Options &options) {
  SmallString<128> folder(options.resourceDir);
  if (folder.empty()) {
    // Any address in the executable will do.
    folder = sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&findResources));
    sys::path::remove_filename(folder);
    sys::path::append(folder, "..", "lib", "dlc");
  }
  auto file = [&](const Twine &name) {
    SmallString<128> path(folder);
    sys::path::append(path, name);
    return path.str().str();
  };
  std::string arch = Triple::getArchTypeName(Triple(options.triple).getArch()).str();
  Resources resources{file("runtime-" + arch + ".bc"),
                      file("dlc_runtime.h"),
                      {file("stubs-" + arch + "/libc.so"), file("stubs-" + arch + "/libm.so")}};
  SmallVector<std::string> needed = {resources.runtime, resources.header};
  append_range(needed, resources.stubs);
  for (const std::string &path : needed)
    if (!sys::fs::exists(path))
      return createStringError("cannot find dlc's own file \"" + path +
                               "\"; reinstall dlc, or name its folder of resources");
  return resources;
}

static Expected<Build> start(Model &model, const Options &options) {
  if (Error error = checkModel(model))
    return std::move(error);
  if (Error error = checkVariants(model))
    return std::move(error);
  Expected<Names> names = makeNames(model);
  if (!names)
    return names.takeError();
  auto machine = makeTargetMachine(options.triple);
  if (!machine)
    return machine.takeError();
  auto parts = makeParts(model, *names, **machine);
  if (!parts)
    return parts.takeError();
  return Build{std::move(*names), std::move(*machine), std::move(*parts)};
}

/// Compiles everything into the object `path`; `folder` is for its parts.
static Error compileObject(Build build, const Options &options, const Resources &resources,
                           const OutputFolder &folder, StringRef path) {
  if (Error error = linkRuntime(build.parts, build.names, resources.runtime))
    return error;
  // The runtime comes optimised: doing it again would take most of the time of a
  // small model.
  std::vector<Part> parts = {makePart(*build.parts.root, /*isOptimised=*/true)};
  for (const auto &variant : build.parts.variants)
    parts.push_back(makePart(*variant, /*isOptimised=*/false));
  auto objects = compileParts(parts, options.triple);
  if (!objects)
    return objects.takeError();
  std::vector<std::string> files;
  for (auto [i, object] : enumerate(*objects)) {
    files.push_back(folder.temporary("part" + std::to_string(i) + ".o"));
    if (Error error = writeFile(files.back(), object))
      return error;
  }
  return linkObjects(files, path);
}

static std::string weightsFile(const Names &names) { return names.model + ".safetensors"; }

/// Those that already lie in their place are only found there.
static bool areWeightsNew(StringRef weights, StringRef place) {
  return !weights.empty() && !sys::fs::equivalent(weights, place);
}

static Error copyWeights(StringRef weights, const OutputFolder &output, StringRef file) {
  if (!areWeightsNew(weights, output.final(file)))
    return Error::success();
  if (std::error_code code = sys::fs::copy_file(weights, output.temporary(file)))
    return createStringError("cannot copy the weights \"" + weights + "\" to \"" +
                             output.final(file) + "\": " + code.message() +
                             "; free disk space or choose another output folder");
  return Error::success();
}

/// Writes all files into the temporary folder.
static Error writeFiles(Model &model, const Options &options, const Resources &resources,
                        const OutputFolder &output) {
  Expected<Build> build = start(model, options);
  if (!build)
    return build.takeError();
  const Names names = build->names;
  if (Error error = writeFile(output.temporary(names.model + ".h"), makeHeader(model, names)))
    return error;
  std::string runtimeHeader = output.temporary("dlc_runtime.h");
  if (std::error_code code = sys::fs::copy_file(resources.header, runtimeHeader))
    return createStringError("cannot copy \"" + resources.header + "\" to \"" + runtimeHeader +
                             "\": " + code.message());

  if (Error error = copyWeights(options.weights, output, weightsFile(names)))
    return error;

  LinkInputs inputs{output.temporary(names.model + ".o"), resources.stubs,
                    output.temporary("exports.map")};
  if (Error error = compileObject(std::move(*build), options, resources, output, inputs.object))
    return error;
  if (Error error = writeStaticLibrary(inputs.object, output.temporary("lib" + names.model + ".a")))
    return error;
  return linkShared(inputs, names, output.temporary("lib" + names.model + ".so"));
}

static Error checkPrepare(const Model &model, const Options &options) {
  if (!options.prepare || model.params.empty() || !options.weights.empty())
    return Error::success();
  return createStringError("model \"" + model.name +
                           "\": --prepare=compile needs the weights; name them with --weights, or "
                           "in the model");
}

/// Into the temporary folder, as everything; a model without parameters has none.
static Error writePrepared(const Options &options, const OutputFolder &output, StringRef name,
                           Library &library, SmallVectorImpl<std::string> &files) {
  return prepareWeights(
      output.temporary(files[0]), options.weights,
      [&](StringRef variant) { return output.temporary(preparedFile(name, variant)); },
      [&](StringRef variant) {
        files.push_back(preparedFile(name, variant));
        library.prepared.push_back(output.final(files.back()));
      },
      [&](std::string reason) { library.warnings.push_back(std::move(reason)); });
}

Expected<Library> dlc::emit::emitLibrary(Model model, const Options &options) {
  Expected<Names> names = makeNames(model);
  if (!names)
    return names.takeError();
  if (Error error = checkPrepare(model, options))
    return std::move(error);
  Expected<Resources> resources = findResources(options);
  if (!resources)
    return resources.takeError();
  const bool prepare = options.prepare && !model.params.empty();
  // Opened first: a folder that cannot be written is known before the work.
  Expected<std::unique_ptr<OutputFolder>> output = OutputFolder::open(options.outputDir);
  if (!output)
    return output.takeError();
  if (Error error = writeFiles(model, options, *resources, **output))
    return std::move(error);
  SmallVector<std::string> files = {"lib" + names->model + ".so", "lib" + names->model + ".a",
                                    names->model + ".h", "dlc_runtime.h"};
  Library library;
  library.shared = (*output)->final(files[0]);
  library.archive = (*output)->final(files[1]);
  library.header = (*output)->final(files[2]);
  library.runtimeHeader = (*output)->final(files[3]);
  if (!options.weights.empty())
    library.weights = (*output)->final(weightsFile(*names));
  if (areWeightsNew(options.weights, library.weights))
    files.push_back(weightsFile(*names));
  if (prepare)
    if (Error error = writePrepared(options, **output, names->model, library, files))
      return std::move(error);
  // Weights prepared by an earlier compilation are none of this library's.
  auto obsolete = [&](StringRef file) { return isPreparedFile(file, names->model); };
  if (Error error = (*output)->commit(files, obsolete))
    return std::move(error);
  return library;
}

Error dlc::emit::emitObject(Model model, const Options &options, raw_ostream &os) {
  Expected<Resources> resources = findResources(options);
  if (!resources)
    return resources.takeError();
  Expected<Build> build = start(model, options);
  if (!build)
    return build.takeError();
  SmallString<128> temporary;
  sys::path::system_temp_directory(/*erasedOnReboot=*/true, temporary);
  auto folder = OutputFolder::open(temporary);
  if (!folder)
    return folder.takeError();
  std::string path = (*folder)->temporary("object.o");
  if (Error error = compileObject(std::move(*build), options, *resources, **folder, path))
    return error;
  auto object = MemoryBuffer::getFile(path);
  if (!object)
    return createStringError("cannot read \"" + path + "\": " + object.getError().message());
  os << (*object)->getBuffer();
  return Error::success();
}

Error dlc::emit::emitAssembly(Model model, const Options &options, raw_ostream &os) {
  Expected<Build> build = start(model, options);
  if (!build)
    return build.takeError();
  auto module = mergeParts(std::move(build->parts));
  if (!module)
    return module.takeError();
  optimise(**module, *build->machine);
  auto text = compileModule(**module, *build->machine, CodeGenFileType::AssemblyFile);
  if (!text)
    return text.takeError();
  os << *text;
  return Error::success();
}

Error dlc::emit::emitLlvm(Model model, const Options &options, raw_ostream &os) {
  Expected<Build> build = start(model, options);
  if (!build)
    return build.takeError();
  auto module = mergeParts(std::move(build->parts));
  if (!module)
    return module.takeError();
  (*module)->print(os, /*AAW=*/nullptr);
  return Error::success();
}
