//===-- Load.cpp - Weights into an instance -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cpu.h"
#include "Model.h"
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

/// The canonical weights of one load. Prepare reads them one by one, so that
/// they never are in memory together.
class dlc::rt::Weights {
public:
  Weights(dlc_model &m, const Source &source) : m(m), source(source) {}

  dlc_status load();

  /// See dlc_rt_read_param; the first failure stays in `status`.
  void read(int64_t index, int64_t first, int64_t bytes, void *to) {
    if (!status)
      status =
          file.read(*file.find(m.desc->info.params[index].name), first, bytes, to, m.message());
  }

  dlc_status status = DLC_OK;

private:
  dlc_model &m;
  const Source &source;
  Safetensors file;
};

void dlc_rt_read_param(dlc_model *rt, int64_t index, int64_t first, int64_t bytes, void *to) {
  if (rt->weights)
    return rt->weights->read(index, first, bytes, to);
  const Training &training = *rt->training;
  memcpy(to, training.at(training.desc->state[index]) + first, static_cast<size_t>(bytes));
}

dlc_status PrepareMemory::allocate(const dlc_model &m, const Message &message) {
  const dlc_rt_variant &variant = *m.variant;
  if (scratch.allocate(m.self.allocator, static_cast<uint64_t>(variant.prepare_scratch_bytes)) &&
      prepared.allocate(m.self.allocator, static_cast<uint64_t>(variant.prepared_bytes)))
    return DLC_OK;
  return message.set(DLC_ERROR_RESOURCE,
                     "model \"%s\": no memory to prepare its weights (%lld "
                     "bytes)",
                     m.desc->info.name,
                     (long long)(variant.prepare_scratch_bytes + variant.prepared_bytes));
}

void dlc::rt::runPrepare(dlc_model &m, Weights *weights, char *prepared, char *scratch) {
  const dlc_rt_variant &variant = *m.variant;
  if (!variant.prepare)
    return;
  // The gaps between values too: what save_prepared writes is the same each time.
  memset(prepared, 0, static_cast<size_t>(variant.prepared_bytes));
  const FloatEnvironment environment;
  m.weights = weights;
  variant.prepare(&m, prepared, scratch);
  m.weights = nullptr;
}

/// Until all is well, the weights before stay.
dlc_status dlc::rt::renewPrepared(dlc_model &m, Weights *weights, const Message &message) {
  PrepareMemory memory;
  if (dlc_status status = memory.allocate(m, message))
    return status;
  runPrepare(m, weights, memory.prepared.data, memory.scratch.data);
  if (weights && weights->status)
    return weights->status;
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
  return m.training ? loadParameters(m, file, message) : renewPrepared(m, this, message);
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
  return loadPrepared(*m, source);
}

dlc_status dlc_rt_load(dlc_model *m, const char *path) {
  return loadFrom(m, [=](Source &source) { return source.open(path, m->message()); });
}

dlc_status dlc_rt_load_memory(dlc_model *m, const void *data, uint64_t size) {
  return loadFrom(m, [=](Source &source) { return source.open(data, size, m->message()); });
}
