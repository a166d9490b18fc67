//===-- Graph.cpp - Running the entries of a model on a GPU -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The first run of an entry for a batch calls the variant's function while a
// stream is captured: its launches become a graph, which that run and all later
// ones launch in one piece. A graph holds addresses, so what a caller gives is
// copied into slots that stay where they are, and results are copied out of them.
//
//===----------------------------------------------------------------------===//

#include "runtime/Training.h"
#include "runtime/cuda/Device.h"

#include <stdio.h>

using namespace dlc::rt;
using namespace dlc::rt::cuda;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

namespace {

/// What an entry reads and writes, group after group; see dlc_rt_variant.
struct Signature {
  Group inputs[4];
  int32_t numInputs;
  Group outputs[2];
  int32_t numOutputs;
};

const Signature &signatureOf(Entry entry) {
  static const Signature signatures[] = {
      {{Inputs}, 1, {Outputs}, 1},                               // Forward
      {{Random, Inputs, Targets}, 3, {Loss}, 1},                 // Gradients
      {{Random, Inputs, Outputs}, 3, {InputGradients}, 1},       // Backward
      {{Hyper}, 1, {Verdict}, 1},                                // Update
      {{Outputs, Targets}, 2, {cuda::Metrics}, 1},               // Metrics
      {{Random, Inputs, Targets, Hyper}, 4, {Loss, Verdict}, 2}, // Step
  };
  return signatures[static_cast<int32_t>(entry)];
}

/// Calls visit(slot, i) for each slot of these groups, until that returns an error.
template <typename Visit>
Result forEachSlot(const Device &d, const Group *groups, int32_t numGroups, Visit visit) {
  int32_t i = 0;
  for (const Group *group = groups; group != groups + numGroups; ++group) {
    const cuda::Range range = d.groups[*group];
    for (const Slot *slot = d.slots + range.first; slot != d.slots + range.first + range.count;
         ++slot)
      if (Result result = visit(*slot, i++))
        return result;
  }
  return kSuccess;
}

template <typename Visit> Result forEachInput(const Device &d, Entry entry, Visit visit) {
  const Signature &signature = signatureOf(entry);
  return forEachSlot(d, signature.inputs, signature.numInputs, visit);
}

template <typename Visit> Result forEachOutput(const Device &d, Entry entry, Visit visit) {
  const Signature &signature = signatureOf(entry);
  return forEachSlot(d, signature.outputs, signature.numOutputs, visit);
}

} // namespace

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// Shared memory that a block may have without being asked for.
static constexpr int64_t kSharedBytes = 48 << 10;

static Result launch(Device &d, Kernel &kernel, const int64_t *geometry, void **params) {
  const int64_t shared = geometry[4];
  if (shared > kSharedBytes && shared > kernel.sharedBytes) {
    if (Result result = d.driver.cuFuncSetAttribute(kernel.function, kDynamicSharedBytes,
                                                    static_cast<int>(shared)))
      return result;
    kernel.sharedBytes = shared;
  }
  auto extent = [=](int i) { return static_cast<unsigned>(geometry[i]); };
  return d.driver.cuLaunchKernel(kernel.function, extent(0), extent(1), extent(2), extent(3), 1, 1,
                                 extent(4), d.launching, params, nullptr);
}

void dlc_rt_launch(dlc_model *rt, int64_t kernel, const int64_t *geometry, void **params) {
  Device &d = deviceOf(*rt);
  if (d.failed) // the first failure stays
    return;
  const Result result = launch(d, d.kernels[kernel], geometry, params);
  if (!result)
    return;
  char call[256];
  snprintf(call, sizeof call,
           "launching kernel %s with %lld x %lld x %lld blocks of %lld threads and %lld bytes of "
           "shared memory",
           Quoted(rt->variant->gpu->kernels[kernel]).text, (long long)geometry[0],
           (long long)geometry[1], (long long)geometry[2], (long long)geometry[3],
           (long long)geometry[4]);
  d.failed = fail(*rt, result, call);
}

dlc_status dlc::rt::cuda::prepare(dlc_model &m, char *prepared, char *scratch) {
  Device &d = deviceOf(m);
  const Current current(d);
  d.failed = DLC_OK;
  d.launching = d.stream;
  m.variant->prepare(&m, prepared, scratch);
  if (d.failed || !m.weights)
    return d.failed;
  // A load tells all that went wrong.
  if (Result result = d.driver.cuStreamSynchronize(d.stream))
    return fail(m, result, "preparing the weights");
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// Recording
//===----------------------------------------------------------------------===//

static void drop(const Device &d, Recording &recording) {
  if (!recording.executable)
    return;
  d.driver.cuStreamSynchronize(d.stream); // it may still run
  d.driver.cuGraphExecDestroy(recording.executable);
  recording = {};
}

void dlc::rt::cuda::dropRecordings(Device &device) {
  for (Recording &recording : device.recordings)
    drop(device, recording);
}

/// Calls the variant's function on slots.
static void callOnSlots(dlc_model &m, Entry entry, int64_t batch) {
  Device &d = deviceOf(m);
  forEachInput(d, entry, [&](const Slot &slot, int32_t i) {
    d.inputs[i] = slot.data;
    return kSuccess;
  });
  forEachOutput(d, entry, [&](const Slot &slot, int32_t i) {
    d.outputs[i] = slot.data;
    return kSuccess;
  });
  callEntry(m, entry, batch, d.inputs, d.outputs);
}

/// An update by itself looks at the learning rate, which is finite, in the place of a loss.
static void callUpdate(dlc_model &m, Group loss) {
  Device &d = deviceOf(m);
  auto slot = [&](Group group) { return d.slots[d.groups[group].first].data; };
  d.inputs[0] = slot(Hyper);
  d.inputs[1] = slot(loss);
  d.outputs[0] = slot(Verdict);
  d.outputs[1] = slot(Parts);
  callEntry(m, Entry::Update, 0, d.inputs, d.outputs);
}

static void call(dlc_model &m, Entry entry, int64_t batch) {
  if (entry == Entry::Update)
    return callUpdate(m, Hyper);
  if (entry != Entry::Step)
    return callOnSlots(m, entry, batch);
  callOnSlots(m, Entry::Gradients, batch);
  callUpdate(m, Loss);
}

/// Calls the entry while the device's own stream is captured.
static dlc_status capture(dlc_model &m, Entry entry, int64_t batch, Graph *&graph) {
  Device &d = deviceOf(m);
  if (Result result = d.driver.cuStreamBeginCapture_v2(d.own, kRelaxedCapture))
    return fail(m, result, "beginning to record a graph");
  d.failed = DLC_OK;
  d.launching = d.own;
  call(m, entry, batch);
  // Ends the capture even where a launch failed: the stream must be free again.
  const Result result = d.driver.cuStreamEndCapture(d.own, &graph);
  if (d.failed)
    return d.failed;
  return result ? fail(m, result, "recording a graph") : DLC_OK;
}

static const void *blockOf(const dlc_model &m, Entry entry) {
  if (entry == Entry::Forward)
    return m.prepared;
  return entry == Entry::Metrics ? nullptr : m.training->state.data;
}

/// The recording of an entry for a batch, made now if there is none.
static dlc_status findRecording(dlc_model &m, Entry entry, int64_t batch, Recording *&found) {
  Device &d = deviceOf(m);
  Recording *place = d.recordings; // free, or used longest ago
  found = nullptr;
  for (Recording &r : d.recordings) {
    if (r.executable && r.entry == entry && r.batch == batch)
      found = &r;
    if (r.used < place->used)
      place = &r;
  }
  if (found && found->block == blockOf(m, entry)) {
    found->used = ++d.clock;
    return DLC_OK;
  }
  found = found ? found : place;
  drop(d, *found);
  Graph *graph = nullptr;
  dlc_status status = capture(m, entry, batch, graph);
  if (!status)
    if (Result result = d.driver.cuGraphInstantiateWithFlags(&found->executable, graph, 0)) {
      found->executable = nullptr;
      status = fail(m, result, "making a graph");
    }
  if (graph)
    d.driver.cuGraphDestroy(graph);
  if (!status)
    *found = {found->executable, entry, batch, blockOf(m, entry), ++d.clock};
  return status;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

dlc_status dlc::rt::cuda::warm(dlc_model &m, Entry entry, int64_t batch) {
  const Current current(deviceOf(m));
  Recording *recording;
  return findRecording(m, entry, batch, recording);
}

/// Whether a call returns when the device is done: where the caller's memory is
/// read or written until then, or where the caller has no stream to wait on.
static bool mustWait(const Device &d, Entry entry, const void *const *inputs,
                     void *const *outputs) {
  if (d.stream == d.own)
    return true;
  // From pageable memory the driver has copied when the copy returns.
  bool wait = false;
  forEachInput(d, entry, [&](const Slot &, int32_t i) {
    wait |= placeOf(d, inputs[i]) == Place::Pinned;
    return kSuccess;
  });
  forEachOutput(d, entry, [&](const Slot &, int32_t i) {
    wait |= placeOf(d, outputs[i]) != Place::OnDevice;
    return kSuccess;
  });
  return wait;
}

dlc_status dlc::rt::cuda::run(dlc_model &m, Entry entry, int64_t batch, const void *const *inputs,
                              void *const *outputs) {
  Device &d = deviceOf(m);
  const Current current(d);
  Recording *recording;
  if (dlc_status status = findRecording(m, entry, batch, recording))
    return status;
  auto address = [](const void *pointer) { return reinterpret_cast<Address>(pointer); };
  Result result = forEachInput(d, entry, [&](const Slot &slot, int32_t i) {
    return d.driver.cuMemcpyAsync(address(slot.data), address(inputs[i]),
                                  static_cast<size_t>(slot.bytes(batch)), d.stream);
  });
  if (result)
    return fail(m, result, "copying an input");
  if ((result = d.driver.cuGraphLaunch(recording->executable, d.stream)))
    return fail(m, result, "launching a graph");
  result = forEachOutput(d, entry, [&](const Slot &slot, int32_t i) {
    return d.driver.cuMemcpyAsync(address(outputs[i]), address(slot.data),
                                  static_cast<size_t>(slot.bytes(batch)), d.stream);
  });
  if (result)
    return fail(m, result, "copying an output");
  if (mustWait(d, entry, inputs, outputs) && (result = d.driver.cuStreamSynchronize(d.stream)))
    return fail(m, result, "running the model");
  return DLC_OK;
}
