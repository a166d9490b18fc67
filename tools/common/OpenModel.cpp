//===- OpenModel.cpp - MODEL.json or LIB.so, ready to be created --------------------===//

#include "tools/common/OpenModel.h"
#include "compiler/CpuVariant.h"
#include "tools/common/Errors.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

Expected<TemporaryFolder> TemporaryFolder::create() {
  SmallString<128> path;
  if (std::error_code failure = sys::fs::createUniqueDirectory("dlc", path))
    return createStringError("cannot make a temporary folder: " + failure.message());
  TemporaryFolder folder;
  folder.path = path.str().str();
  return folder;
}

TemporaryFolder::~TemporaryFolder() {
  if (!path.empty())
    sys::fs::remove_directories(path);
}

std::string TemporaryFolder::file(StringRef name) const {
  SmallString<128> file(path);
  sys::path::append(file, name);
  return file.str().str();
}

bool tools::isLibrary(StringRef path) {
  if (sys::path::extension(path) == ".so")
    return true;
  file_magic magic;
  return !identify_magic(path, magic) && magic >= file_magic::elf && magic <= file_magic::elf_core;
}

// Where `dlc compile` puts the weights of lib<name>.so, if they are there.
static std::string weightsBeside(StringRef path, const Library &library) {
  StringRef name = sys::path::stem(path);
  name.consume_front("lib");
  SmallString<256> weights = sys::path::parent_path(path);
  sys::path::append(weights, name + ".safetensors");
  return library.info().num_params && sys::fs::exists(weights) ? weights.str().str() : "";
}

// Code for another architecture can be compiled here, but not loaded.
static Error checkArchitecture(const Options &options) {
  Expected<std::vector<CpuVariant>> cpus = chooseVariants(options.march);
  if (!cpus)
    return cpus.takeError();
  if (cpus->front().arch == hostArch())
    return Error::success();
  return createStringError("--march " + cpus->front().name + " is not for this machine's " +
                           hostArch() + "; 'dlc compile' makes a library to run elsewhere");
}

static std::string preparedBeside(const Library &library, StringRef variant) {
  SmallString<256> path = sys::path::parent_path(library.path);
  sys::path::append(path, sys::path::stem(library.path) + "." + variant + ".prepared");
  return library.info().num_params && sys::fs::exists(path) ? path.str().str() : "";
}

std::vector<std::string> tools::preparedBeside(const Library &library) {
  std::vector<std::string> paths;
  for (StringRef variant : library.variants())
    if (std::string path = ::preparedBeside(library, variant); !path.empty())
      paths.push_back(path);
  return paths;
}

std::string OpenedModel::weightsFor(const Instance &instance) const {
  std::string prepared = areNamed ? "" : ::preparedBeside(*library, instance.variant());
  return prepared.empty() ? weights : prepared;
}

dlc_target tools::targetOf(const Options &options) {
  if (options.targets.empty())
    return DLC_TARGET_ONLY;
  return options.targets.front() == Target::Cuda ? DLC_TARGET_CUDA : DLC_TARGET_CPU;
}

Expected<OpenedModel> tools::openModel(Options options) {
  OpenedModel opened;
  std::string path = options.model;
  opened.weights = options.weights;
  opened.areNamed = !options.weights.empty();
  if (!isLibrary(path)) {
    if (Error error = checkArchitecture(options))
      return error;
    Expected<TemporaryFolder> folder = TemporaryFolder::create();
    if (!folder)
      return folder.takeError();
    opened.folder = std::make_unique<TemporaryFolder>(std::move(*folder));
    options.outputDir = opened.folder->folder();
    options.stage = Stage::Lib;
    if (Error error = fromOutcome(compile(options, &opened.artifacts)))
      return error;
    path = opened.artifacts.shared;
    // The user's own path, where there is one, is what messages about the weights should name.
    if (opened.weights.empty())
      opened.weights = opened.artifacts.weights;
  }
  Expected<std::unique_ptr<Library>> library = Library::open(path);
  if (!library)
    return library.takeError();
  opened.library = std::move(*library);
  if (opened.weights.empty())
    opened.weights = weightsBeside(path, *opened.library);
  return opened;
}
