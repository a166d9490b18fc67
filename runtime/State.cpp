//===-- State.cpp - Weights and training state in files -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"

#include "Random.h"
#include "Schedule.h"
#include "Training.h"

#include <string.h>

using namespace dlc::rt;

dlc_status HostState::open() {
  const Block &state = m.training->state;
  data = state.data;
  if (m.backend->sharesMemory)
    return DLC_OK;
  if (!block.allocate(m.self.allocator, state.bytes))
    return m.message().set(DLC_ERROR_RESOURCE,
                           "model \"%s\": no memory for a copy of its state (%llu bytes)",
                           m.desc->info.name, (unsigned long long)state.bytes);
  data = block.data;
  return m.backend->download(m, data, state.data, state.bytes);
}

dlc_status HostState::commit() {
  const Block &state = m.training->state;
  return data == state.data ? DLC_OK : m.backend->upload(m, state.data, data, state.bytes);
}

//===----------------------------------------------------------------------===//
// First values
//===----------------------------------------------------------------------===//

namespace {

struct FirstValues {
  const dlc_rt_state_tensor &tensor;
  uint64_t seed;
  int64_t index;
  float *to;
};

} // namespace

static int64_t bytesOf(const dlc_tensor_info &info) {
  int64_t bytes = 0;
  tensorBytes(info.shape, info.rank, info.dtype, &bytes);
  return bytes;
}

void dlc::rt::setFirstValues(dlc_model &m, int32_t role, char *state) {
  const Training &t = *m.training;
  for (int64_t i = 0; i < t.desc->num_state; ++i) {
    const dlc_rt_state_tensor &tensor = t.desc->state[i];
    if (tensor.role != role || tensor.info.dtype != DLC_FLOAT32)
      continue;
    FirstValues values{tensor, t.seed, i, reinterpret_cast<float *>(state + tensor.offset)};
    auto make = [](void *context, int64_t lo, int64_t hi) {
      auto &v = *static_cast<FirstValues *>(context);
      initialise(v.tensor, v.seed, v.index, lo, hi, v.to);
    };
    dlc_rt_parallel_for(&m, make, &values, bytesOf(tensor.info) / 4, 4096);
  }
}

//===----------------------------------------------------------------------===//
// Reading parameters
//===----------------------------------------------------------------------===//

namespace {

/// A state that becomes the instance's when all of it is there.
class FreshState {
public:
  FreshState(dlc_model &m, const Message &message) : m(m), message(message) {}

  dlc_status allocate(const char *label) {
    const auto bytes = static_cast<uint64_t>(m.training->desc->state_bytes);
    if (!block.allocate(m.self.allocator, bytes))
      return message.set(DLC_ERROR_RESOURCE, "%s: no memory to read it (%llu bytes)", label,
                         (unsigned long long)bytes);
    if (bytes)
      memset(block.data, 0, bytes);
    return DLC_OK;
  }

  /// Reads the tensors of `role`, which the file has.
  dlc_status read(const Safetensors &file, int32_t role) {
    const dlc_rt_training &desc = *m.training->desc;
    for (int64_t i = 0; i < desc.num_state; ++i)
      if (desc.state[i].role == role)
        if (dlc_status status = file.read(*file.find(desc.state[i].info.name),
                                          block.data + desc.state[i].offset, message))
          return status;
    return DLC_OK;
  }

  dlc_status commit() {
    m.training->stale = true;
    return m.backend->upload(m, m.training->state.data, block.data, block.bytes);
  }

  ScopedBlock block;

private:
  dlc_model &m;
  const Message message;
};

} // namespace

dlc_status dlc::rt::loadParameters(dlc_model &m, const Safetensors &file, const Message &message) {
  FreshState fresh(m, message);
  if (dlc_status status = fresh.allocate(file.label()))
    return status;
  if (dlc_status status = fresh.read(file, DLC_RT_PARAMETER))
    return status;
  setFirstValues(m, DLC_RT_SLOT, fresh.block.data);
  if (dlc_status status = fresh.commit())
    return status;
  m.training->step = 0;
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// The training state
//===----------------------------------------------------------------------===//

namespace {

constexpr int64_t kStateVersion = 1;

/// What a file of a training state holds beside parameters and slots, as
/// kNumbersTensor. All little-endian.
struct Numbers {
  int64_t version, step;
  uint64_t seed;
  dlc_schedule schedule;
};
static_assert(sizeof(Numbers) == 80, "written as ten int64");

/// The tensors of a training state's file.
class Checkpoint {
public:
  /// Parameters and slots, with their data in `state`; then, unless it is of weights
  /// alone, "dlc.model" with the model's name and "dlc.training".
  dlc_status build(dlc_model &m, char *state, bool isWhole);

  const dlc_tensor *begin() const { return tensors; }
  int64_t size() const { return count; }
  /// Checks that `file` has these tensors and no others.
  dlc_status check(const dlc_model &m, const Safetensors &file, const Message &message);

  Numbers numbers = {};

private:
  ScopedBlock block, infos;
  dlc_tensor *tensors = nullptr;
  int64_t count = 0;
};

} // namespace

static constexpr char kModelTensor[] = "dlc.model";

dlc_status Checkpoint::build(dlc_model &m, char *state, bool isWhole) {
  const Training &t = *m.training;
  const char *name = m.desc->info.name;
  const auto most = static_cast<uint64_t>(t.desc->num_state + 2);
  if (!block.allocate(m.self.allocator, most * sizeof(dlc_tensor)) ||
      !infos.allocate(m.self.allocator, most * sizeof(dlc_tensor_info)))
    return m.message().set(DLC_ERROR_RESOURCE, "model \"%s\": no memory to list its state", name);
  tensors = reinterpret_cast<dlc_tensor *>(block.data);
  for (int64_t i = 0; i < t.desc->num_state; ++i) {
    const dlc_rt_state_tensor &tensor = t.desc->state[i];
    if (tensor.role == DLC_RT_PARAMETER || (isWhole && tensor.role == DLC_RT_SLOT))
      tensors[count++] = {tensor.info, state + tensor.offset};
  }
  if (!isWhole)
    return DLC_OK;
  numbers = {kStateVersion, t.step, t.seed, t.schedule};
  const auto length = static_cast<int64_t>(strlen(name));
  tensors[count++] = {{kModelTensor, DLC_UINT8, 1, {length}}, const_cast<char *>(name)};
  tensors[count++] = {{kNumbersTensor, DLC_INT64, 1, {sizeof numbers / 8}}, &numbers};
  return DLC_OK;
}

/// Whether the file is a training state of this model; the tensors come later.
static dlc_status checkModel(const dlc_model &m, const Safetensors &file, const Message &message) {
  const FileTensor *model = file.find(kModelTensor), *numbers = file.find(kNumbersTensor);
  if (!model || !numbers)
    return message.set(DLC_ERROR_MISMATCH, "%s: holds no training state; load reads weights alone",
                       file.label());
  char name[256];
  const int64_t length = model->end - model->begin;
  const int64_t shown = length < int64_t(sizeof name) ? length : int64_t(sizeof name);
  if (dlc_status status = file.read(*model, 0, shown, name, message))
    return status;
  const char *due = m.desc->info.name;
  if (static_cast<uint64_t>(length) == strlen(due) &&
      memcmp(name, due, static_cast<size_t>(shown)) == 0)
    return DLC_OK;
  return message.set(DLC_ERROR_MISMATCH,
                     "%s: a training state of model %s, this is \"%s\"; load one of this model",
                     file.label(), Quoted(name, static_cast<uint64_t>(shown)).text, due);
}

dlc_status Checkpoint::check(const dlc_model &m, const Safetensors &file, const Message &message) {
  if (dlc_status status = checkModel(m, file, message))
    return status;
  auto *list = reinterpret_cast<dlc_tensor_info *>(infos.data);
  for (int64_t i = 0; i < count; ++i)
    list[i] = tensors[i].info;
  dlc_model_info due = m.desc->info;
  due.params = list;
  due.num_params = static_cast<int32_t>(count);
  return checkTensors(file, file.label(), due, message);
}

static dlc_status checkNumbers(const Numbers &numbers, const char *label, const Message &message) {
  if (numbers.version != kStateVersion)
    return message.set(DLC_ERROR_FORMAT,
                       "%s: a training state of format %lld, this library reads format %lld", label,
                       (long long)numbers.version, (long long)kStateVersion);
  const char *fault = faultOf(numbers.schedule);
  if (!fault && numbers.step < 0)
    fault = "the step is negative";
  if (fault)
    return message.set(DLC_ERROR_FORMAT, "%s: tensor \"%s\" is damaged: %s; load another state",
                       label, kNumbersTensor, fault);
  return DLC_OK;
}

static dlc_status loadState(dlc_model &m, const char *path, const Message &message) {
  Source source;
  if (dlc_status status = source.open(path, message))
    return status;
  Safetensors file;
  if (dlc_status status = file.open(source, m.self.allocator, message))
    return status;
  Checkpoint checkpoint;
  if (dlc_status status = checkpoint.build(m, m.training->state.data, /*isWhole=*/true))
    return status;
  if (dlc_status status = checkpoint.check(m, file, message))
    return status;
  Numbers &numbers = checkpoint.numbers;
  if (dlc_status status = file.read(*file.find(kNumbersTensor), &numbers, message))
    return status;
  if (dlc_status status = checkNumbers(numbers, path, message))
    return status;
  FreshState fresh(m, message);
  if (dlc_status status = fresh.allocate(path))
    return status;
  if (dlc_status status = fresh.read(file, DLC_RT_PARAMETER))
    return status;
  if (dlc_status status = fresh.read(file, DLC_RT_SLOT))
    return status;
  if (dlc_status status = fresh.commit())
    return status;
  m.training->step = numbers.step;
  m.training->seed = numbers.seed;
  m.training->schedule = numbers.schedule;
  return DLC_OK;
}

static dlc_status save(dlc_model *rt, const char *path, bool isWhole) {
  return train(rt, [=](dlc_model &m, Training &) {
    HostState state(m);
    if (dlc_status status = state.open())
      return status;
    Checkpoint checkpoint;
    if (dlc_status status = checkpoint.build(m, state.data, isWhole))
      return status;
    return dlc_rt_save(path, checkpoint.begin(), checkpoint.size(), m.error, sizeof m.error);
  });
}

dlc_status dlc_rt_save_weights(dlc_model *m, const char *path) {
  return save(m, path, /*isWhole=*/false);
}

dlc_status dlc_rt_save_state(dlc_model *m, const char *path) {
  return save(m, path, /*isWhole=*/true);
}

dlc_status dlc_rt_load_state(dlc_model *m, const char *path) {
  return train(
      m, [=](dlc_model &model, Training &) { return loadState(model, path, model.message()); });
}
