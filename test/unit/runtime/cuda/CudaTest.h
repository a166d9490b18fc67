//===-- CudaTest.h - Tests on the fake driver -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_TEST_UNIT_RUNTIME_CUDA_CUDATEST_H
#define DLC_TEST_UNIT_RUNTIME_CUDA_CUDATEST_H

#include "GpuModel.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The functions of the fake driver that tests call themselves.
class FakeDriver {
public:
  FakeDriver() : library(dlopen("libcuda.so.1", RTLD_NOW)) {
    find(resetFunction, "dlc_fake_cuda_reset");
    find(callsFunction, "dlc_fake_cuda_calls");
    find(reportFunction, "dlc_fake_cuda_report");
  }
  explicit operator bool() const { return reportFunction; }

  void reset(const char *words) const { resetFunction(words); }
  uint64_t calls(const char *function) const { return callsFunction(function); }
  std::string report() const { return reportFunction(); }

  template <typename F> void find(F &function, const char *name) const {
    function = library ? reinterpret_cast<F>(dlsym(library, name)) : nullptr;
  }

private:
  void *library;
  void (*resetFunction)(const char *);
  uint64_t (*callsFunction)(const char *);
  const char *(*reportFunction)();
};

/// Each test begins with a sound driver and leaves nothing on it.
class Cuda : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_TRUE(fake) << "run with LD_LIBRARY_PATH at the folder of the simulator";
    gpu::wrongBlocks = gpu::sharedBytes = 0;
    gpu::duringForward = nullptr;
    fake.reset(nullptr);
  }
  void TearDown() override {
    if (fake)
      EXPECT_EQ(fake.report(), "");
  }

  FakeDriver fake;
};

/// Memory of the device that a caller has, and a context and stream as a caller's.
class CallersData {
public:
  explicit CallersData(const FakeDriver &fake) {
    fake.find(retain, "cuDevicePrimaryCtxRetain");
    fake.find(release, "cuDevicePrimaryCtxRelease_v2");
    fake.find(push, "cuCtxPushCurrent_v2");
    fake.find(pop, "cuCtxPopCurrent_v2");
    fake.find(allocateFunction, "cuMemAlloc_v2");
    fake.find(freeFunction, "cuMemFree_v2");
    fake.find(toDevice, "cuMemcpyHtoD_v2");
    fake.find(toHost, "cuMemcpyDtoH_v2");
    fake.find(allocateHost, "cuMemAllocHost_v2");
    fake.find(freeHost, "cuMemFreeHost");
    fake.find(createStream, "cuStreamCreate");
    fake.find(destroyStream, "cuStreamDestroy_v2");
    fake.find(waitForStream, "cuStreamSynchronize");
    fake.find(start, "cuInit");
    start(0);
    retain(&context, 0);
    push(context);
    createStream(&stream, 0);
  }
  ~CallersData() {
    for (uint64_t address : allocations)
      freeFunction(address);
    for (void *address : pinned)
      freeHost(address);
    destroyStream(stream);
    pop(&context);
    release(0);
  }
  CallersData(const CallersData &) = delete;

  template <typename T> T *copy(const std::vector<T> &data) {
    uint64_t address = 0;
    allocateFunction(&address, sizeof(T) * data.size());
    toDevice(address, data.data(), sizeof(T) * data.size());
    allocations.push_back(address);
    return reinterpret_cast<T *>(address);
  }
  template <typename T> std::vector<T> read(const T *from, size_t count) {
    std::vector<T> data(count);
    toHost(data.data(), reinterpret_cast<uint64_t>(from), sizeof(T) * count);
    return data;
  }
  float *pin(const std::vector<float> &data) {
    void *address = nullptr;
    allocateHost(&address, sizeof(float) * data.size());
    pinned.push_back(address);
    std::copy(data.begin(), data.end(), static_cast<float *>(address));
    return static_cast<float *>(address);
  }
  void wait() { waitForStream(stream); }

  void *context = nullptr, *stream = nullptr;

private:
  int (*start)(unsigned);
  int (*retain)(void **, int), (*release)(int), (*push)(void *), (*pop)(void **);
  int (*allocateFunction)(uint64_t *, size_t), (*freeFunction)(uint64_t);
  int (*toDevice)(uint64_t, const void *, size_t), (*toHost)(void *, uint64_t, size_t);
  int (*allocateHost)(void **, size_t), (*freeHost)(void *);
  int (*createStream)(void **, unsigned), (*destroyStream)(void *), (*waitForStream)(void *);
  std::vector<uint64_t> allocations;
  std::vector<void *> pinned;
};

#endif // DLC_TEST_UNIT_RUNTIME_CUDA_CUDATEST_H
