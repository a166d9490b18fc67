//===-- Device.h - An instance on a GPU -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_CUDA_DEVICE_H
#define DLC_RUNTIME_CUDA_DEVICE_H

#include "runtime/Backend.h"
#include "runtime/cuda/Driver.h"

namespace dlc::rt::cuda {

struct Kernel {
  Function *function;
  int64_t sharedBytes; ///< that its launches may take
};

/// Where an argument of an entry lies whenever the entry runs, so that a graph
/// holds for all calls: memory of the device for the largest batch.
struct Slot {
  char *data;
  int64_t sampleBytes, fixedBytes;

  int64_t bytes(int64_t batch) const { return batch * sampleBytes + fixedBytes; }
};

/// Slots that entries share, each a range of Device::slots.
enum Group : int32_t {
  Random,         ///< one: see dlc_rt_variant
  Hyper,          ///< one: learning rate and step
  Inputs,         ///< of the model
  Outputs,        ///< of the model, or their gradients
  Targets,        ///< of a trainable instance, as those that follow
  InputGradients, ///< one per float32 input
  Loss,           ///< one
  Metrics,        ///< one
  Verdict,        ///< one: see dlc_rt_variant
  Parts,          ///< one
  kNumGroups
};
struct Range {
  int32_t first, count;
};

/// An entry for one batch, as the driver launches it in one piece.
struct Recording {
  Executable *executable; ///< null: this place is free
  Entry entry;
  int64_t batch;
  const void *block; ///< the weights or state whose addresses are in it
  uint64_t used;     ///< when it was last
};
constexpr int32_t kRecordings = 64;

/// What an instance on a GPU has besides. Plain: lives in zeroed memory of its own
/// block, which also holds the arrays.
struct Device {
  Block self;
  Driver driver;
  int32_t ordinal;
  int device; ///< CUdevice
  int32_t capability;
  char name[64];
  Context *context;
  Module *module;
  Stream *own;       ///< where graphs are recorded
  Stream *stream;    ///< where all runs: the caller's, or `own`
  Stream *launching; ///< where dlc_rt_launch launches

  Kernel *kernels; ///< of the variant, by their numbers
  Block slotMemory;
  Slot *slots;
  Range groups[kNumGroups];
  const void **inputs; ///< of the function that is being recorded
  void **outputs;

  dlc_status failed; ///< how the launches of the present call went; the reason is in m.error
  Recording recordings[kRecordings];
  uint64_t clock;
};

inline Device &deviceOf(const dlc_model &m) { return *static_cast<Device *>(m.device); }

/// Makes the device's context the calling thread's while it lives.
class Current {
public:
  explicit Current(Device &device) : device(device) {
    device.driver.cuCtxPushCurrent_v2(device.context);
  }
  ~Current() {
    Context *popped;
    device.driver.cuCtxPopCurrent_v2(&popped);
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

private:
  Device &device;
};

/// The sentence and status of a failed call of the driver: `call` is what was tried.
dlc_status fail(dlc_model &m, Result result, const char *call);

/// Sets m.variant to the one with the best image for the device, which becomes `image`.
dlc_status chooseImage(dlc_model &m, const dlc_rt_gpu_image *&image);

/// Makes the slots, for m.maxBatch.
dlc_status allocateSlots(dlc_model &m, bool training);

// Of dlc_rt_backend; see there.
dlc_status allocate(dlc_model &m, const char *what, uint64_t bytes, Block &block);
dlc_status transfer(dlc_model &m, void *to, const void *from, uint64_t bytes);
dlc_status copy(dlc_model &m, void *to, const void *from, uint64_t bytes);
dlc_status clear(dlc_model &m, void *data, uint64_t bytes);
bool isReadable(dlc_model &m, const void *data);
dlc_status prepare(dlc_model &m, char *prepared, char *scratch);
dlc_status run(dlc_model &m, Entry entry, int64_t batch, const void *const *inputs,
               void *const *outputs);
dlc_status warm(dlc_model &m, Entry entry, int64_t batch);

/// Ends all recordings.
void dropRecordings(Device &device);

/// Where a caller's data lie.
enum class Place { Pageable, Pinned, OnDevice };
Place placeOf(const Device &device, const void *data);

} // namespace dlc::rt::cuda

#endif // DLC_RUNTIME_CUDA_DEVICE_H
