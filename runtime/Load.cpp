//===-- Load.cpp - Weights into an instance -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Backend.h"
#include "Prepared.h"
#include "Safetensors.h"
#include "State.h"
#include "Training.h"

#include <string.h>

using namespace dlc::rt;

void dlc::rt::takePrepared(dlc_model &m, const Block &owner, const char *data) {
  m.preparedOwner.release();
  m.preparedOwner = owner;
  m.prepared = data;
  m.ready = true;
}

/// Bytes that pass through the host at a time on their way to a device.
static constexpr int64_t kStage = 1 << 20;

/// The canonical weights of one load. Prepare reads them one by one, so that
/// they never are in memory together.
class dlc::rt::Weights {
public:
  Weights(dlc_model &m, const Source &source) : m(m), source(source) {}

  dlc_status load();

  /// See dlc_rt_read_param.
  dlc_status read(int64_t index, int64_t first, int64_t bytes, char *to);

private:
  dlc_model &m;
  const Source &source;
  Safetensors file;
  ScopedBlock stage; ///< where the host cannot write to what prepare fills
};

dlc_status Weights::read(int64_t index, int64_t first, int64_t bytes, char *to) {
  const FileTensor &tensor = *file.find(m.desc->info.params[index].name);
  if (m.backend->sharesMemory)
    return file.read(tensor, first, bytes, to, m.message());
  for (int64_t done = 0, part; done < bytes; done += part) {
    part = bytes - done < kStage ? bytes - done : kStage;
    if (dlc_status status = file.read(tensor, first + done, part, stage.data, m.message()))
      return status;
    if (dlc_status status =
            m.backend->upload(m, to + done, stage.data, static_cast<uint64_t>(part)))
      return status;
  }
  return DLC_OK;
}

void dlc_rt_read_param(dlc_model *rt, int64_t index, int64_t first, int64_t bytes, void *to) {
  if (rt->reading) // the first failure stays
    return;
  if (rt->weights) {
    rt->reading = rt->weights->read(index, first, bytes, static_cast<char *>(to));
    return;
  }
  const Training &training = *rt->training;
  rt->reading = rt->backend->copy(*rt, to, training.at(training.desc->state[index]) + first,
                                  static_cast<uint64_t>(bytes));
}

dlc_status PrepareMemory::allocate(dlc_model &m) {
  const dlc_rt_variant &variant = *m.variant;
  if (dlc_status status =
          m.backend->allocate(m, "preparing its weights",
                              static_cast<uint64_t>(variant.prepare_scratch_bytes), scratch))
    return status;
  return m.backend->allocate(m, "its prepared weights",
                             static_cast<uint64_t>(variant.prepared_bytes), prepared);
}

dlc_status dlc::rt::runPrepare(dlc_model &m, Weights *weights, char *prepared, char *scratch) {
  const dlc_rt_variant &variant = *m.variant;
  if (!variant.prepare)
    return DLC_OK;
  // The gaps between values too: what save_prepared writes is the same each time.
  if (dlc_status status =
          m.backend->clear(m, prepared, static_cast<uint64_t>(variant.prepared_bytes)))
    return status;
  m.weights = weights;
  m.reading = DLC_OK;
  const dlc_status status = m.backend->prepare(m, prepared, scratch);
  m.weights = nullptr;
  return m.reading ? m.reading : status;
}

/// Until all is well, the weights before stay.
dlc_status dlc::rt::renewPrepared(dlc_model &m, Weights *weights) {
  PrepareMemory memory;
  if (dlc_status status = memory.allocate(m))
    return status;
  if (dlc_status status = runPrepare(m, weights, memory.prepared.data, memory.scratch.data))
    return status;
  takePrepared(m, memory.prepared, memory.prepared.data);
  static_cast<Block &>(memory.prepared) = {};
  return DLC_OK;
}

static bool sameShape(const dlc_tensor_info &param, const FileTensor &tensor) {
  return param.rank == tensor.rank &&
         memcmp(param.shape, tensor.shape, static_cast<size_t>(param.rank) * sizeof(int64_t)) == 0;
}

static dlc_status checkParam(const Safetensors &file, const char *label, const dlc_model_info &info,
                             const dlc_tensor_info &param, const Message &message) {
  const FileTensor *tensor = file.find(param.name);
  if (!tensor)
    return message.set(DLC_ERROR_MISMATCH,
                       "%s: tensor \"%s\" is missing, one of the %d that model "
                       "\"%s\" needs; the file has %lld, the first is %s",
                       label, param.name, info.num_params, info.name, (long long)file.size(),
                       file.size() ? Quoted(file.begin()->name.data, file.begin()->name.size).text
                                   : "none");
  if (!sameShape(param, *tensor))
    return message.set(DLC_ERROR_MISMATCH,
                       "%s: tensor \"%s\": its shape is %s, model \"%s\" needs "
                       "%s; export the weights in the layout of model.json",
                       label, param.name, ShapeText(tensor->shape, tensor->rank).text, info.name,
                       ShapeText(param.shape, param.rank).text);
  if (param.dtype != tensor->dtype)
    return message.set(DLC_ERROR_MISMATCH,
                       "%s: tensor \"%s\": its dtype is %s, model \"%s\" needs "
                       "%s; convert it",
                       label, param.name, dtypeName(tensor->dtype), info.name,
                       dtypeName(param.dtype));
  return DLC_OK;
}

/// All parameters are there; is anything else?
static dlc_status checkExtra(const Safetensors &file, const char *label, const dlc_model_info &info,
                             const Message &message) {
  for (const FileTensor &tensor : file) {
    bool known = false;
    for (int32_t i = 0; i < info.num_params && !known; ++i)
      known = compare(tensor.name, {info.params[i].name, strlen(info.params[i].name)}) == 0;
    if (!known)
      return message.set(DLC_ERROR_MISMATCH, "%s: tensor %s is no parameter of model \"%s\"; %s",
                         label, Quoted(tensor.name.data, tensor.name.size).text, info.name,
                         file.find(kNumbersTensor)
                             ? "this is a training state, load the weights that save writes"
                             : "remove it, or load the weights of this model");
  }
  return DLC_OK;
}

dlc_status dlc::rt::checkTensors(const Safetensors &file, const char *label,
                                 const dlc_model_info &info, const Message &message) {
  for (int32_t i = 0; i < info.num_params; ++i)
    if (dlc_status status = checkParam(file, label, info, info.params[i], message))
      return status;
  return checkExtra(file, label, info, message);
}

dlc_status Weights::load() {
  const Message message = m.message();
  if (dlc_status failed = file.open(source, m.self.allocator, message))
    return failed;
  if (dlc_status failed = checkTensors(file, source.label, m.desc->info, message))
    return failed;
  if (m.training)
    return loadParameters(m, file, message);
  if (!m.backend->sharesMemory && !stage.allocate(m.self.allocator, kStage))
    return message.set(DLC_ERROR_RESOURCE, "%s: no memory to read it (%lld bytes)", source.label,
                       (long long)kStage);
  return renewPrepared(m, this);
}

/// Weights of either kind, from where `open(source)` finds them; on failure those before stay.
template <typename Open> static dlc_status loadFrom(dlc_model *m, Open open) {
  if (!m)
    return DLC_ERROR_ARGUMENT;
  const Call call(m);
  if (!call.entered())
    return DLC_ERROR_BUSY;
  Source source;
  if (dlc_status status = open(source))
    return status;
  if (!isPrepared(source))
    return Weights(*m, source).load();
  if (m->training)
    return m->message().set(DLC_ERROR_UNSUPPORTED,
                            "%s: prepared weights cannot be trained; load the safetensors file",
                            source.label);
  if (!m->backend->sharesMemory)
    return m->message().set(
        DLC_ERROR_UNSUPPORTED,
        "%s: prepared weights are for CPUs, this instance runs \"%s\"; load the "
        "safetensors file",
        source.label, m->variant->name);
  return loadPrepared(*m, source);
}

dlc_status dlc_rt_load(dlc_model *m, const char *path) {
  return loadFrom(m, [=](Source &source) { return source.open(path, m->message()); });
}

dlc_status dlc_rt_load_memory(dlc_model *m, const void *data, uint64_t size) {
  return loadFrom(m, [=](Source &source) { return source.open(data, size, m->message()); });
}
