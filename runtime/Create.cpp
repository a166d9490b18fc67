//===-- Create.cpp - Making and ending instances -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Backend.h"
#include "Training.h"

#include <string.h>

using namespace dlc::rt;

static constexpr int32_t kMaxThreads = 1024;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

static bool arenaBytes(int64_t fixed, int64_t perBatch, int64_t perThread, int64_t batch,
                       int64_t threads, int64_t *out) {
  int64_t sum;
  return mulAdd(batch, perBatch, fixed, &sum) && mulAdd(threads, perThread, sum, out);
}

int64_t dlc_rt_arena_bytes(const dlc_rt_model_desc *desc, int64_t max_batch, int64_t threads) {
  const dlc_model_info &info = desc->info;
  int64_t bytes;
  const bool fits = max_batch >= 1 && threads >= 1 &&
                    arenaBytes(info.arena_const_bytes, info.arena_batch_bytes,
                               info.arena_thread_bytes, max_batch, threads, &bytes);
  return fits ? bytes : -1;
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

namespace {

/// One create, step by step. Each step needs those before it.
class Creation {
public:
  Creation(const dlc_rt_model_desc *desc) : desc(desc), info(desc->info) {}

  dlc_status readOptions(const dlc_options *given);
  dlc_status build(dlc_model **out);

private:
  dlc_status checkOptions();
  dlc_status chooseBackend();
  dlc_status allocateModel();
  dlc_status allocateArena();
  dlc_status takeMemory();
  dlc_status fill();

  const dlc_rt_model_desc *const desc;
  const dlc_model_info &info;
  dlc_options options = {};
  Message message = {};
  Allocator allocator = systemAllocator();
  const dlc_rt_backend *backend = nullptr;
  dlc_model *m = nullptr;
};

} // namespace

dlc_status Creation::readOptions(const dlc_options *given) {
  if (given) {
    // Another size comes from another version of dlc_runtime.h. A longer one
    // is fine as long as it asks for nothing that is unknown here.
    if (given->size < sizeof options || given->size > 4096)
      return DLC_ERROR_ARGUMENT;
    memcpy(&options, given, sizeof options);
    message = {options.error, options.error_size};
    auto *bytes = reinterpret_cast<const char *>(given);
    for (uint64_t i = sizeof options; i < given->size; ++i)
      if (bytes[i])
        return message.set(DLC_ERROR_ARGUMENT, "dlc_options has fields that this library is too "
                                               "old for; compile the model again");
  }
  if (options.max_batch == 0)
    options.max_batch = info.static_batch ? info.static_batch : 1;
  if (options.threads == 0) {
    cpu_set_t cores;
    options.threads = usableCores(cores);
  }
  if (options.allocate)
    allocator = {options.allocate, options.release, options.allocator_user};
  return checkOptions();
}

dlc_status Creation::checkOptions() {
  if (options.max_batch < 0)
    return message.set(DLC_ERROR_ARGUMENT,
                       "dlc_options.max_batch is %lld; it must be at least 1, "
                       "or 0 for the default",
                       (long long)options.max_batch);
  if (info.static_batch && options.max_batch != info.static_batch)
    return message.set(DLC_ERROR_ARGUMENT,
                       "dlc_options.max_batch is %lld, but model \"%s\" was "
                       "compiled for batch %lld alone",
                       (long long)options.max_batch, info.name, (long long)info.static_batch);
  if (options.threads < 0 || options.threads > kMaxThreads)
    return message.set(DLC_ERROR_ARGUMENT,
                       "dlc_options.threads is %d; it must be within 1 and %d, "
                       "or 0 for one per core",
                       options.threads, kMaxThreads);
  if (options.training && !desc->training)
    return message.set(DLC_ERROR_UNSUPPORTED,
                       "model \"%s\" was compiled for inference; compile it "
                       "with --train",
                       info.name);
  if (!options.allocate != !options.release)
    return message.set(DLC_ERROR_ARGUMENT, "dlc_options.allocate and release belong together; set "
                                           "both or neither");
  return DLC_OK;
}

dlc_status Creation::chooseBackend() {
  const bool hasCpu = !desc->variants->gpu;
  switch (options.target) {
  case DLC_TARGET_ONLY:
    if (hasCpu && desc->gpu)
      return message.set(DLC_ERROR_ARGUMENT,
                         "model \"%s\" was compiled for the CPU and for CUDA; set "
                         "dlc_options.target to DLC_TARGET_CPU or DLC_TARGET_CUDA",
                         info.name);
    backend = hasCpu ? &host : desc->gpu;
    return DLC_OK;
  case DLC_TARGET_CPU:
    if (!hasCpu)
      return message.set(DLC_ERROR_UNSUPPORTED,
                         "model \"%s\" was compiled for CUDA alone; compile it with --target "
                         "cpu,cuda",
                         info.name);
    backend = &host;
    return DLC_OK;
  case DLC_TARGET_CUDA:
    if (!desc->gpu)
      return message.set(DLC_ERROR_UNSUPPORTED,
                         "model \"%s\" was compiled for CPUs alone; compile it with --target "
                         "cpu,cuda",
                         info.name);
    backend = desc->gpu;
    return DLC_OK;
  }
  return message.set(DLC_ERROR_ARGUMENT, "dlc_options.target is %d; it must be a dlc_target",
                     options.target);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

dlc_status Creation::allocateModel() {
  const auto inputs = static_cast<uint64_t>(info.num_inputs);
  const auto outputs = static_cast<uint64_t>(info.num_outputs);
  // A call takes each at most once, and its gradient.
  const uint64_t taken = 2 * (inputs + outputs) + static_cast<uint64_t>(info.num_targets);
  const uint64_t bytes = sizeof(dlc_model) + 16 * (inputs + outputs) + taken * sizeof(Taken);
  Block block;
  if (!block.allocate(allocator, bytes))
    return message.set(DLC_ERROR_RESOURCE, "model \"%s\": no memory for the instance (%llu bytes)",
                       info.name, (unsigned long long)bytes);
  memset(block.data, 0, bytes);
  m = reinterpret_cast<dlc_model *>(block.data);
  m->self = block;
  m->desc = desc;
  m->backend = backend;
  m->maxBatch = options.max_batch;
  m->inputs = reinterpret_cast<const void **>(m + 1);
  m->outputs = const_cast<void **>(m->inputs + inputs);
  m->inputBytes = reinterpret_cast<int64_t *>(m->outputs + outputs);
  m->outputBytes = m->inputBytes + inputs;
  m->taken = reinterpret_cast<Taken *>(m->outputBytes + outputs);
  return DLC_OK;
}

dlc_status Creation::takeMemory() {
  const Message reason = m->message();
  if (reinterpret_cast<uintptr_t>(options.memory) % kAlignment)
    return reason.set(DLC_ERROR_ARGUMENT, "dlc_options.memory must lie at a multiple of 64 bytes");
  if (options.memory_size < static_cast<uint64_t>(m->arenaBytes))
    return reason.set(DLC_ERROR_ARGUMENT,
                      "dlc_options.memory_size is %llu; max_batch %lld and %d "
                      "threads take %lld bytes",
                      (unsigned long long)options.memory_size, (long long)m->maxBatch,
                      m->threads.count, (long long)m->arenaBytes);
  m->arena = static_cast<char *>(options.memory);
  return DLC_OK;
}

dlc_status Creation::allocateArena() {
  const dlc_rt_variant &variant = *m->variant;
  const int32_t threads = m->threads.count;
  // Larger batches pass through in steps.
  const int64_t step = variant.batch_step;
  const int64_t batch = step > 0 && step < m->maxBatch ? step : m->maxBatch;
  int64_t training = 0;
  if (!arenaBytes(variant.arena_const_bytes, variant.arena_batch_bytes, variant.arena_thread_bytes,
                  batch, threads, &m->arenaBytes) ||
      (options.training &&
       !arenaBytes(variant.train_arena_const_bytes, variant.train_arena_batch_bytes,
                   variant.train_arena_thread_bytes, m->maxBatch, threads, &training)))
    return m->message().set(DLC_ERROR_ARGUMENT,
                            "dlc_options.max_batch: the arena of batch %lld is beyond 63 bits",
                            (long long)m->maxBatch);
  m->arenaBytes = training > m->arenaBytes ? training : m->arenaBytes;
  if (options.memory)
    return takeMemory();
  if (dlc_status status =
          m->backend->allocate(*m, "the arena", static_cast<uint64_t>(m->arenaBytes), m->ownArena))
    return status;
  m->arena = m->ownArena.data;
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// create and destroy
//===----------------------------------------------------------------------===//

/// What the instance consists of besides itself; reasons of failures go to m->error.
dlc_status Creation::fill() {
  if (!sampleBytes(info.inputs, info.num_inputs, m->maxBatch, m->inputBytes) ||
      !sampleBytes(info.outputs, info.num_outputs, m->maxBatch, m->outputBytes))
    return m->message().set(DLC_ERROR_ARGUMENT,
                            "dlc_options.max_batch: a tensor of batch %lld is beyond 63 bits",
                            (long long)m->maxBatch);
  if (dlc_status status = m->backend->open(*m, options))
    return status;
  if (dlc_status status = allocateArena())
    return status;
  if (options.training)
    return createTraining(*m, options);
  // Without parameters there is nothing to wait for.
  return info.num_params == 0 ? renewPrepared(*m, nullptr) : DLC_OK;
}

dlc_status Creation::build(dlc_model **out) {
  if (dlc_status status = chooseBackend())
    return status;
  if (dlc_status status = allocateModel())
    return status;
  const dlc_status status = fill();
  if (status) {
    message.set(status, "%s", m->error);
    dlc_rt_destroy(m);
  } else {
    *out = m;
  }
  return status;
}

dlc_status dlc_rt_create(const dlc_rt_model_desc *desc, const dlc_options *options,
                         dlc_model **out) {
  if (!out)
    return DLC_ERROR_ARGUMENT;
  *out = nullptr;
  Creation creation(desc);
  if (dlc_status status = creation.readOptions(options))
    return status;
  return creation.build(out);
}

void dlc_rt_destroy(dlc_model *m) {
  if (!m)
    return;
  destroyTraining(*m);
  m->preparedOwner.release();
  m->ownArena.release();
  m->backend->close(*m);
  Block self = m->self;
  self.release();
}
