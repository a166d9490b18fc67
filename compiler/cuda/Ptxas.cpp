//===- Ptxas.cpp - NVIDIA's assembler ------------------------------------------------===//

#include "compiler/cuda/Ptxas.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"

using namespace dlc;
using namespace dlc::cuda;
using llvm::StringRef;
using llvm::Twine;

static llvm::Error fail(const Twine &message) { return llvm::createStringError(message); }

std::string cuda::findPtxas() {
  llvm::SmallVector<std::string> folders;
  for (const char *variable : {"CUDA_HOME", "CUDA_ROOT"})
    if (const char *root = std::getenv(variable))
      folders.push_back(std::string(root) + "/bin");
  folders.push_back("/usr/local/cuda/bin");
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  llvm::SmallVector<StringRef> paths(folders.begin(), folders.end());
  if (auto found = llvm::sys::findProgramByName("ptxas", paths))
    return *found;
  return "";
}

//===----------------------------------------------------------------------===//
// What ptxas -v prints
//===----------------------------------------------------------------------===//

// The number before `unit` in a line, or 0.
static int64_t numberBefore(StringRef line, StringRef unit) {
  llvm::SmallVector<StringRef> groups;
  int64_t number = 0;
  if (llvm::Regex(("([0-9]+) " + unit).str()).match(line, &groups))
    groups[1].getAsInteger(10, number);
  return number;
}

// ptxas info    : Compiling entry function 'exp_0' for 'sm_80'
// ptxas info    : Function properties for exp_0
//     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
// ptxas info    : Used 10 registers, 376 bytes cmem[0], 1024 bytes smem
llvm::Expected<std::vector<Resources>> cuda::parseResources(StringRef output,
                                                            llvm::ArrayRef<std::string> kernels) {
  llvm::StringMap<Resources> found;
  Resources *current = nullptr;
  for (StringRef line : llvm::split(output, '\n')) {
    llvm::SmallVector<StringRef> groups;
    if (llvm::Regex("Compiling entry function '([^']+)'").match(line, &groups)) {
      current = &found[groups[1]];
      current->kernel = groups[1].str();
    }
    if (!current)
      continue;
    if (line.contains("bytes stack frame")) {
      current->stackBytes = numberBefore(line, "bytes stack frame");
      current->spillBytes =
          numberBefore(line, "bytes spill stores") + numberBefore(line, "bytes spill loads");
    }
    if (line.contains("Used ")) {
      current->registers = numberBefore(line, "registers");
      current->sharedBytes = numberBefore(line, "bytes smem");
    }
  }
  std::vector<Resources> resources;
  for (const std::string &kernel : kernels) {
    auto entry = found.find(kernel);
    if (entry == found.end())
      return fail("ptxas does not say what kernel '" + kernel + "' takes");
    resources.push_back(entry->second);
  }
  return resources;
}

//===----------------------------------------------------------------------===//
// Running it
//===----------------------------------------------------------------------===//

static llvm::Expected<std::string> readFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return fail("cannot read '" + path + "': " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

namespace {
// A file that goes with the object.
struct TemporaryFile {
  TemporaryFile() = default;
  TemporaryFile(const TemporaryFile &) = delete;
  ~TemporaryFile() {
    if (!path.empty())
      llvm::sys::fs::remove(path);
  }
  llvm::Error create(StringRef suffix) {
    if (std::error_code error = llvm::sys::fs::createTemporaryFile("dlc", suffix, path))
      return fail("cannot make a temporary file for ptxas: " + error.message() +
                  "; TMPDIR names the folder for them");
    return llvm::Error::success();
  }
  llvm::SmallString<128> path;
};
} // namespace

llvm::Error cuda::runPtxas(StringRef ptxas, const Target &target, Image &image) {
  TemporaryFile ptx, cubin, log;
  for (auto [file, suffix] : {std::pair(&ptx, "ptx"), {&cubin, "cubin"}, {&log, "log"}})
    if (llvm::Error error = file->create(suffix))
      return error;
  std::error_code code;
  {
    llvm::raw_fd_ostream stream(ptx.path, code);
    if (!code)
      stream << image.ptx;
  }
  if (code)
    return fail("cannot write '" + ptx.path + "': " + code.message());
  std::string arch = "-arch=" + target.chip;
  StringRef arguments[] = {ptxas, "-v", "-O3", arch, ptx.path, "-o", cubin.path};
  std::optional<StringRef> streams[] = {StringRef(), log.path.str(), log.path.str()};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt, streams, 0, 0, &message);
  llvm::Expected<std::string> output = readFile(log.path);
  if (!output)
    return output.takeError();
  if (status != 0)
    return fail("'" + ptxas + "' failed for " + target.chip + ": " +
                (message.empty() ? StringRef(*output).trim() : StringRef(message)));
  auto machine = readFile(cubin.path);
  if (!machine)
    return machine.takeError();
  image.cubin = std::move(*machine);
  auto resources = parseResources(*output, image.kernels);
  if (!resources)
    return resources.takeError();
  image.resources = std::move(*resources);
  return llvm::Error::success();
}
