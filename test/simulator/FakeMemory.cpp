//===- FakeMemory.cpp - a CUDA driver over the simulator: memory --------------------===//

#include "test/simulator/FakeDriver.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

using namespace dlc::fake;
using dlc::simulator::contains;

using Address = uint64_t;

static void *pointerTo(Address address) { return reinterpret_cast<void *>(address); }

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// Opens the pages of an allocation, or closes them to all but the driver.
static void protect(void *start, uint64_t bytes, bool isOpen) {
  constexpr uintptr_t page = 4096;
  auto begin = reinterpret_cast<uintptr_t>(start) & -page;
  auto end = (reinterpret_cast<uintptr_t>(start) + bytes + page - 1) & -page;
  mprotect(pointerTo(begin), end - begin, isOpen ? PROT_READ | PROT_WRITE : PROT_NONE);
}

static int numOpen = 0; // under the driver's lock

OpenMemory::OpenMemory() {
  if (numOpen++ == 0)
    for (auto [start, bytes] : driver().allocations)
      protect(start, bytes, /*isOpen=*/true);
}

OpenMemory::~OpenMemory() {
  if (--numOpen == 0)
    for (auto [start, bytes] : driver().allocations)
      protect(start, bytes, /*isOpen=*/false);
}

DLC_FAKE_CUDA int cuMemAlloc_v2(Address *address, size_t bytes) {
  return call("cuMemAlloc_v2", NoCapture, [=] {
    Driver &d = driver();
    if (bytes == 0)
      return invalidValue;
    if (bytes > d.faults.memory || d.allocatedBytes > d.faults.memory - bytes)
      return outOfMemory;
    void *block = dlc::simulator::allocate(bytes);
    if (!block)
      return outOfMemory;
    d.allocatedBytes += bytes;
    d.allocations[block] = bytes;
    protect(block, bytes, /*isOpen=*/false);
    *address = reinterpret_cast<Address>(block);
    return success;
  });
}

DLC_FAKE_CUDA int cuMemFree_v2(Address address) {
  return call("cuMemFree_v2", NoCapture, [=] {
    Driver &d = driver();
    auto it = d.allocations.find(pointerTo(address));
    if (it == d.allocations.end())
      return d.complain("memory is freed that is not allocated", invalidValue);
    {
      OpenMemory open;
      for (Stream *stream : d.streams)
        if (int result = stream->drain())
          return result;
      std::string error = dlc::simulator::checkRedZones();
      if (!error.empty())
        d.complain(error, success);
    }
    d.allocatedBytes -= it->second;
    d.allocations.erase(it);
    dlc::simulator::release(pointerTo(address));
    return success;
  });
}

DLC_FAKE_CUDA int cuMemAllocHost_v2(void **address, size_t bytes) {
  return call("cuMemAllocHost_v2", NoCapture, [=] {
    *address = malloc(bytes);
    driver().pinned[*address] = bytes;
    return success;
  });
}

DLC_FAKE_CUDA int cuMemFreeHost(void *address) {
  return call("cuMemFreeHost", NoCapture, [=] {
    if (!driver().pinned.erase(address))
      return driver().complain("pinned memory is freed that is not allocated", invalidValue);
    free(address);
    return success;
  });
}

//===----------------------------------------------------------------------===//
// Where memory lies
//===----------------------------------------------------------------------===//

static bool isPinned(const void *address) {
  for (auto [start, bytes] : driver().pinned)
    if (address >= start && address < static_cast<char *>(start) + bytes)
      return true;
  return false;
}

DLC_FAKE_CUDA int cuPointerGetAttribute(void *value, int attribute, Address address) {
  return call("cuPointerGetAttribute", Context, [=] {
    constexpr int memoryType = 2;
    constexpr unsigned ofHost = 1, ofDevice = 2;
    if (attribute != memoryType)
      return driver().complain(
          "the fake driver knows no pointer attribute " + std::to_string(attribute), invalidValue);
    bool isOnDevice = contains(pointerTo(address), 1);
    if (!isOnDevice && !isPinned(pointerTo(address)))
      return invalidValue;
    *static_cast<unsigned *>(value) = isOnDevice ? ofDevice : ofHost;
    return success;
  });
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// All of it on the device, or nothing.
static int checkRange(const char *what, Address address, size_t bytes) {
  const void *pointer = pointerTo(address);
  if (contains(pointer, 1) && !contains(pointer, bytes))
    return driver().complain(std::string(what) + " of " + std::to_string(bytes) +
                                 " bytes passes the end of an allocation",
                             invalidValue);
  return success;
}

static int copyNow(Address to, Address from, size_t bytes) {
  OpenMemory open;
  memmove(pointerTo(to), pointerTo(from), bytes);
  return success;
}

static int copy(Address to, Address from, size_t bytes, Stream *stream) {
  if (int result = checkRange("a copy", to, bytes))
    return result;
  if (int result = checkRange("a copy", from, bytes))
    return result;
  if (stream->captured)
    return driver().complain("the fake driver captures launches of kernels only",
                             captureUnsupported);
  const bool toDevice = contains(pointerTo(to), 1), fromDevice = contains(pointerTo(from), 1);
  if (!fromDevice && !isPinned(pointerTo(from))) { // the driver has it when it returns
    auto *bytesOf = static_cast<const char *>(pointerTo(from));
    auto staged = std::make_shared<std::vector<char>>(bytesOf, bytesOf + bytes);
    stream->queue.push_back(
        [=] { return copyNow(to, reinterpret_cast<Address>(staged->data()), bytes); });
  } else {
    stream->queue.push_back([=] { return copyNow(to, from, bytes); });
  }
  // To memory that is not pinned a copy is complete when it returns.
  return toDevice || isPinned(pointerTo(to)) ? success : stream->drain();
}

DLC_FAKE_CUDA int cuMemcpyAsync(Address to, Address from, size_t bytes, Stream *stream) {
  return call("cuMemcpyAsync", Context, [=] { return copy(to, from, bytes, stream); });
}

DLC_FAKE_CUDA int cuMemsetD8Async(Address to, unsigned char value, size_t bytes, Stream *stream) {
  return call("cuMemsetD8Async", Context, [=] {
    if (!contains(pointerTo(to), bytes))
      return driver().complain("memory is cleared that is not allocated", invalidValue);
    if (stream->captured)
      return driver().complain("the fake driver captures launches of kernels only",
                               captureUnsupported);
    stream->queue.push_back([=] {
      OpenMemory open;
      memset(pointerTo(to), value, bytes);
      return success;
    });
    return success;
  });
}

// For programs under test that have data on the device: they wait for everything.

static int copyInOrder(Address to, Address from, size_t bytes) {
  for (Stream *stream : driver().streams)
    if (int result = stream->drain())
      return result;
  return copyNow(to, from, bytes);
}

DLC_FAKE_CUDA int cuMemcpyHtoD_v2(Address to, const void *from, size_t bytes) {
  return call("cuMemcpyHtoD_v2", NoCapture,
              [=] { return copyInOrder(to, reinterpret_cast<Address>(from), bytes); });
}

DLC_FAKE_CUDA int cuMemcpyDtoH_v2(void *to, Address from, size_t bytes) {
  return call("cuMemcpyDtoH_v2", NoCapture,
              [=] { return copyInOrder(reinterpret_cast<Address>(to), from, bytes); });
}
