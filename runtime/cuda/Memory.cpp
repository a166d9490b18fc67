//===-- Memory.cpp - Memory of a GPU -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cuda/Device.h"

#include <stdio.h>

using namespace dlc::rt;
using namespace dlc::rt::cuda;

static Address addressOf(const void *pointer) { return reinterpret_cast<Address>(pointer); }

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// Of a Block; what uses the memory has ended then.
static void releaseMemory(void *user, void *pointer, uint64_t) {
  Device &d = *static_cast<Device *>(user);
  const Current current(d);
  d.driver.cuStreamSynchronize(d.stream);
  d.driver.cuMemFree_v2(addressOf(pointer));
}

dlc_status dlc::rt::cuda::allocate(dlc_model &m, const char *what, uint64_t bytes, Block &block) {
  Device &d = deviceOf(m);
  block = {{nullptr, releaseMemory, &d}, nullptr, bytes};
  if (bytes == 0)
    return DLC_OK;
  const Current current(d);
  Address address = 0;
  if (Result result = d.driver.cuMemAlloc_v2(&address, bytes)) {
    char call[192];
    snprintf(call, sizeof call, "allocating %llu bytes of device memory for %s",
             (unsigned long long)bytes, what);
    return fail(m, result, call);
  }
  block.data = reinterpret_cast<char *>(address);
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

Place dlc::rt::cuda::placeOf(const Device &device, const void *data) {
  unsigned type = 0;
  // Fails for memory that the driver knows nothing of.
  if (device.driver.cuPointerGetAttribute(&type, kMemoryType, addressOf(data)))
    return Place::Pageable;
  return type == kHostMemory ? Place::Pinned : Place::OnDevice;
}

bool dlc::rt::cuda::isReadable(dlc_model &m, const void *data) {
  Device &d = deviceOf(m);
  const Current current(d);
  return placeOf(d, data) != Place::OnDevice;
}

dlc_status dlc::rt::cuda::copy(dlc_model &m, void *to, const void *from, uint64_t bytes) {
  if (bytes == 0)
    return DLC_OK;
  Device &d = deviceOf(m);
  const Current current(d);
  if (Result result = d.driver.cuMemcpyAsync(addressOf(to), addressOf(from), bytes, d.stream))
    return fail(m, result, "a copy");
  return DLC_OK;
}

dlc_status dlc::rt::cuda::transfer(dlc_model &m, void *to, const void *from, uint64_t bytes) {
  if (dlc_status status = copy(m, to, from, bytes))
    return status;
  Device &d = deviceOf(m);
  const Current current(d);
  if (Result result = d.driver.cuStreamSynchronize(d.stream))
    return fail(m, result, "a copy");
  return DLC_OK;
}

dlc_status dlc::rt::cuda::clear(dlc_model &m, void *data, uint64_t bytes) {
  if (bytes == 0)
    return DLC_OK;
  Device &d = deviceOf(m);
  const Current current(d);
  if (Result result = d.driver.cuMemsetD8Async(addressOf(data), 0, bytes, d.stream))
    return fail(m, result, "clearing memory");
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

namespace {

/// Puts slots one after the other, first their sizes and then their places.
class SlotLayout {
public:
  explicit SlotLayout(dlc_model &m) : m(m), d(deviceOf(m)) {}

  void begin(Group group) { d.groups[current = group] = {count, 0}; }
  void add(int64_t sampleBytes, int64_t fixedBytes) {
    d.slots[count++] = {nullptr, sampleBytes, fixedBytes};
    ++d.groups[current].count;
    int64_t bytes;
    fits &= mulAdd(sampleBytes, m.maxBatch, fixedBytes, &bytes) && roundUp(bytes, &bytes) &&
            !__builtin_add_overflow(total, bytes, &total);
  }
  void addTensors(Group group, const dlc_tensor_info *tensors, int32_t number, bool floatsOnly) {
    begin(group);
    for (int32_t i = 0; i < number; ++i) {
      int64_t bytes = 0;
      if (floatsOnly && tensors[i].dtype != DLC_FLOAT32)
        continue;
      fits &= sampleBytes(tensors + i, 1, m.maxBatch, &bytes);
      add(bytes, 0);
    }
  }
  void addNumbers(Group group, int64_t bytes) {
    begin(group);
    add(0, bytes);
  }

  dlc_status allocate() {
    if (!fits)
      return m.message().set(DLC_ERROR_ARGUMENT,
                             "dlc_options.max_batch: the tensors of batch %lld are beyond 63 bits",
                             (long long)m.maxBatch);
    if (dlc_status status =
            cuda::allocate(m, "inputs and outputs", static_cast<uint64_t>(total), d.slotMemory))
      return status;
    int64_t place = 0, bytes = 0;
    for (int32_t i = 0; i < count; ++i, place += bytes) {
      d.slots[i].data = d.slotMemory.data + place;
      roundUp(d.slots[i].bytes(m.maxBatch), &bytes);
    }
    return DLC_OK;
  }

private:
  dlc_model &m;
  Device &d;
  Group current = Random;
  int32_t count = 0;
  int64_t total = 0;
  bool fits = true;
};

} // namespace

dlc_status dlc::rt::cuda::allocateSlots(dlc_model &m, bool training) {
  const dlc_model_info &info = m.desc->info;
  SlotLayout layout(m);
  layout.addTensors(Inputs, info.inputs, info.num_inputs, /*floatsOnly=*/false);
  layout.addTensors(Outputs, info.outputs, info.num_outputs, /*floatsOnly=*/false);
  if (training) {
    layout.addTensors(Targets, info.targets, info.num_targets, /*floatsOnly=*/false);
    layout.addTensors(InputGradients, info.inputs, info.num_inputs, /*floatsOnly=*/true);
    layout.addNumbers(Random, 4 * sizeof(int32_t));
    layout.addNumbers(Hyper, 2 * sizeof(float));
    layout.addNumbers(Loss, sizeof(float));
    layout.addNumbers(Metrics, info.num_metrics * int64_t(sizeof(float)));
    layout.addNumbers(Verdict, sizeof(int32_t));
    layout.addNumbers(Parts, DLC_RT_VERDICT_PARTS * sizeof(int32_t));
  }
  return layout.allocate();
}
