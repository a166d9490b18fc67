//===- Memory.cpp - device and shared memory ----------------------------------------===//

#include "test/simulator/Memory.h"
#include "test/simulator/Block.h"

#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>

using namespace dlc::simulator;

static constexpr size_t pageBytes = 4096, alignment = 256;

alignas(pageBytes) char dlc::simulator::dlc_sim_shared[maxSharedBytes + pageBytes];

/// Of sizes that kernels fix themselves: the most that the hardware lets them have.
static constexpr size_t fixedSharedBytes = 48 << 10;
extern "C" {
alignas(16) char dlc_sim_fixed_shared[fixedSharedBytes];
}

static size_t roundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

static std::string checkPoison(const char *begin, const char *end) {
  for (const char *byte = begin; byte != end; ++byte)
    if (*byte != static_cast<char>(poison))
      return std::to_string(byte - begin) + " bytes past the end of ";
  return {};
}

void dlc::simulator::openSharedMemory(uint64_t bytes) {
  size_t open = roundUp(bytes, pageBytes);
  mprotect(dlc_sim_shared, open, PROT_READ | PROT_WRITE);
  mprotect(dlc_sim_shared + open, sizeof(dlc_sim_shared) - open, PROT_NONE);
}

void dlc::simulator::poisonSharedMemory(uint64_t bytes) {
  memset(dlc_sim_shared, poison, roundUp(bytes, pageBytes));
  memset(dlc_sim_fixed_shared, poison, fixedSharedBytes);
}

std::string dlc::simulator::checkSharedMemory(uint64_t bytes) {
  std::string place =
      checkPoison(dlc_sim_shared + bytes, dlc_sim_shared + roundUp(bytes, pageBytes));
  return place.empty() ? place
                       : "written " + place + std::to_string(bytes) + " bytes of shared memory";
}

bool dlc::simulator::isShared(const void *address, uint64_t bytes) {
  uint64_t offset = static_cast<const char *>(address) - dlc_sim_shared;
  uint64_t size = running->launchGeometry().sharedBytes;
  return offset <= size && bytes <= size - offset;
}

bool dlc::simulator::isOfBlock(const void *address) {
  const char *byte = static_cast<const char *>(address);
  return (byte >= dlc_sim_shared && byte < dlc_sim_shared + sizeof(dlc_sim_shared)) ||
         (byte >= dlc_sim_fixed_shared && byte < dlc_sim_fixed_shared + fixedSharedBytes);
}

namespace {

struct Allocation {
  size_t bytes;
  void *pages;
  size_t mappedBytes;
  /// After the rounded size: the page that faults.
  const char *guard() const { return static_cast<char *>(pages) + mappedBytes - pageBytes; }
};

} // namespace

static std::mutex mutex;

/// By address.
static std::map<const char *, Allocation> &allocations() {
  static std::map<const char *, Allocation> map;
  return map;
}

void *dlc::simulator::allocate(size_t bytes) {
  if (bytes > SIZE_MAX / 2)
    return nullptr;
  size_t rounded = roundUp(std::max<size_t>(bytes, 1), alignment);
  Allocation allocation{bytes, nullptr, roundUp(rounded, pageBytes) + 2 * pageBytes};
  void *pages = mmap(nullptr, allocation.mappedBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED)
    return nullptr;
  allocation.pages = pages;
  char *address = static_cast<char *>(pages) + allocation.mappedBytes - pageBytes - rounded;
  memset(address, poison, rounded);
  mprotect(pages, pageBytes, PROT_NONE);
  mprotect(static_cast<char *>(pages) + allocation.mappedBytes - pageBytes, pageBytes, PROT_NONE);
  std::lock_guard lock(mutex);
  allocations()[address] = allocation;
  return address;
}

bool dlc::simulator::release(void *address) {
  std::lock_guard lock(mutex);
  auto it = allocations().find(static_cast<char *>(address));
  if (it == allocations().end())
    return false;
  munmap(it->second.pages, it->second.mappedBytes);
  allocations().erase(it);
  return true;
}

bool dlc::simulator::contains(const void *address, size_t bytes) {
  const char *begin = static_cast<const char *>(address);
  std::lock_guard lock(mutex);
  auto it = allocations().upper_bound(begin);
  if (it == allocations().begin())
    return false;
  auto [start, allocation] = *--it;
  size_t offset = begin - start;
  return offset <= allocation.bytes && bytes <= allocation.bytes - offset;
}

std::string dlc::simulator::checkRedZones() {
  std::lock_guard lock(mutex);
  for (auto &[start, allocation] : allocations()) {
    std::string place = checkPoison(start + allocation.bytes, allocation.guard());
    if (!place.empty())
      return "written " + place + "an allocation of " + std::to_string(allocation.bytes) + " bytes";
  }
  return {};
}

std::string dlc::simulator::describeAddress(const void *address) {
  const char *byte = static_cast<const char *>(address);
  if (byte >= dlc_sim_shared && byte < dlc_sim_shared + sizeof(dlc_sim_shared))
    return "byte " + std::to_string(byte - dlc_sim_shared) + " of shared memory";
  if (isOfBlock(address))
    return "byte " + std::to_string(byte - dlc_sim_fixed_shared) + " of arrays in shared memory";
  std::lock_guard lock(mutex);
  for (auto &[start, allocation] : allocations()) {
    std::string what = "an allocation of " + std::to_string(allocation.bytes) + " bytes";
    if (byte >= allocation.pages && byte < start)
      return std::to_string(start - byte) + " bytes before " + what;
    if (byte >= start && byte < allocation.guard() + pageBytes)
      return std::to_string(byte - start) + " bytes after the start of " + what;
  }
  return "no allocation";
}
