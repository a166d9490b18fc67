//===- Simulator.cpp - runs kernels for GPUs on this machine ------------------------===//

#include "test/simulator/Simulator.h"
#include "test/simulator/Block.h"
#include "test/simulator/Memory.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <mutex>
#include <unistd.h>

using namespace dlc::simulator;

Settings &dlc::simulator::settings() {
  static Settings values = [] {
    const char *seed = getenv("DLC_SIM_SEED"), *eager = getenv("DLC_SIM_EAGER");
    Settings initial;
    initial.seed = seed ? strtoull(seed, nullptr, 10) : 0;
    initial.eagerCopies = eager && *eager == '1';
    return initial;
  }();
  return values;
}

static std::string checkGeometry(const Launch &launch) {
  uint64_t threads = 1;
  for (uint32_t extent : launch.threads) {
    if (extent == 0 || extent > maxThreads)
      return "a block of " + std::to_string(extent) + " threads";
    threads *= extent;
  }
  if (threads > maxThreads)
    return "a block of " + std::to_string(threads) + " threads";
  for (int d = 0; d < 3; ++d)
    if (launch.blocks[d] == 0 || launch.blocks[d] > (d == 0 ? 0x7fffffffu : 0xffffu))
      return "a grid of " + std::to_string(launch.blocks[d]) + " blocks";
  if (launch.sharedBytes > maxSharedBytes)
    return std::to_string(launch.sharedBytes) + " bytes of shared memory";
  return {};
}

namespace {

/// While it lives, an access of a kernel to memory that faults ends the block with an error.
class FaultHandler {
public:
  FaultHandler() {
    stack_t handlerStack = {};
    handlerStack.ss_sp = memory;
    handlerStack.ss_size = sizeof(memory);
    sigaltstack(&handlerStack, &oldStack);
    struct sigaction action = {};
    action.sa_sigaction = onFault;
    // The handler does not return: it switches to the scheduler.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigaction(SIGSEGV, &action, &oldSegv);
    sigaction(SIGBUS, &action, &oldBus);
  }
  ~FaultHandler() {
    sigaction(SIGSEGV, &oldSegv, nullptr);
    sigaction(SIGBUS, &oldBus, nullptr);
    sigaltstack(&oldStack, nullptr);
  }

private:
  static void onFault(int signal, siginfo_t *info, void *) {
    if (running && running->isThreadRunning())
      running->fail(nullptr, "access out of bounds: " + describeAddress(info->si_addr));
    // Not a kernel's: let it happen again without a handler.
    ::signal(signal, SIG_DFL);
  }

  alignas(16) static inline char memory[64 << 10];
  stack_t oldStack;
  struct sigaction oldSegv, oldBus;
};

} // namespace

static std::string runBlocks(Block &block, const Launch &launch) {
  for (uint32_t z = 0; z < launch.blocks[2]; ++z)
    for (uint32_t y = 0; y < launch.blocks[1]; ++y)
      for (uint32_t x = 0; x < launch.blocks[0]; ++x) {
        poisonSharedMemory(launch.sharedBytes);
        std::string error = block.run(x, y, z);
        if (error.empty())
          error = checkSharedMemory(launch.sharedBytes);
        if (!error.empty())
          return error;
      }
  return {};
}

std::string dlc::simulator::run(void (*kernel)(void **params), const Launch &launch,
                                void **params) {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  Dl_info info;
  bool isNamed = dladdr(reinterpret_cast<void *>(kernel), &info) && info.dli_sname;
  std::string name = isNamed ? info.dli_sname : "kernel";
  std::string error = checkGeometry(launch);
  if (!error.empty())
    return name + ": cannot launch " + error;
  openSharedMemory(launch.sharedBytes);
  FaultHandler handler;
  Block block(kernel, launch, params);
  running = &block;
  error = runBlocks(block, launch);
  running = nullptr;
  if (error.empty())
    error = checkRedZones();
  return error.empty() ? error : name + ": " + error;
}

/// Where the file ends that starts at `image`: behind its last section or the table of them.
static size_t imageBytes(const char *image) {
  const auto *header = reinterpret_cast<const Elf64_Ehdr *>(image);
  const auto *sections = reinterpret_cast<const Elf64_Shdr *>(image + header->e_shoff);
  size_t end = header->e_shoff + size_t(header->e_shnum) * header->e_shentsize;
  for (int i = 0; i < header->e_shnum; ++i)
    if (sections[i].sh_type != SHT_NOBITS)
      end = std::max<size_t>(end, sections[i].sh_offset + sections[i].sh_size);
  return end;
}

/// Makes the functions dlc_sim_* known to images, however this library was loaded itself.
static void makeSelfGlobal() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void *>(&makeSelfGlobal), &info))
    dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
}

static bool writeAll(int file, const char *data, size_t size) {
  while (size > 0) {
    ssize_t written = write(file, data, size);
    if (written <= 0)
      return false;
    data += written;
    size -= written;
  }
  return true;
}

void *dlc::simulator::loadImage(const void *image, std::string &error) {
  const char *bytes = static_cast<const char *>(image);
  if (memcmp(bytes, ELFMAG, SELFMAG) != 0) {
    error = "the image is not a simulated one (an ELF file)";
    return nullptr;
  }
  makeSelfGlobal();
  // A file of its own name: dlopen takes what it has loaded from a name for what the name is now.
  const char *folder = getenv("TMPDIR");
  std::string path = std::string(folder ? folder : "/tmp") + "/dlc-simulated-image-XXXXXX";
  int file = mkstemp(path.data());
  if (file < 0 || !writeAll(file, bytes, imageBytes(bytes))) {
    error = "cannot write the image to " + path + ": " + strerror(errno);
    if (file >= 0) {
      unlink(path.c_str());
      close(file);
    }
    return nullptr;
  }
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    error = dlerror();
  unlink(path.c_str());
  close(file);
  return handle;
}
