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

#include <string.h>

using namespace dlc::rt;

void dlc::rt::takePrepared(dlc_model &m, const Block &owner, const char *data) {
  m.preparedOwner.release();
  m.preparedOwner = owner;
  m.prepared = data;
  m.ready = true;
}

/// Into memory of its own: until all is well, the weights before stay.
dlc_status dlc::rt::runPrepare(dlc_model &m, const void *const *params, const Message &message) {
  const dlc_rt_variant &variant = *m.variant;
  const auto bytes = static_cast<uint64_t>(variant.prepared_bytes);
  ScopedBlock scratch, prepared;
  if (!scratch.allocate(m.self.allocator, static_cast<uint64_t>(variant.prepare_scratch_bytes)) ||
      !prepared.allocate(m.self.allocator, bytes))
    return message.set(DLC_ERROR_RESOURCE,
                       "model \"%s\": no memory to prepare its weights (%lld "
                       "bytes)",
                       m.desc->info.name,
                       (long long)(variant.prepare_scratch_bytes + variant.prepared_bytes));
  if (variant.prepare) {
    // The gaps between values too: what save_prepared writes is the same each time.
    memset(prepared.data, 0, bytes);
    const FloatEnvironment environment;
    variant.prepare(&m, params, prepared.data, scratch.data);
  }
  takePrepared(m, prepared, prepared.data);
  static_cast<Block &>(prepared) = {};
  return DLC_OK;
}

namespace {

/// The canonical weights of one load, dropped at its end.
class Weights {
public:
  Weights(dlc_model &m, const Source &source)
      : m(m), info(m.desc->info), source(source), message(m.message()) {}

  dlc_status load();

private:
  dlc_status layOut();
  dlc_status readAll();

  dlc_model &m;
  const dlc_model_info &info;
  const Source &source;
  const Message message;
  Safetensors file;
  ScopedBlock block;             ///< the pointers, then the data
  const void **params = nullptr; ///< into `block`
};

} // namespace

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
      return message.set(DLC_ERROR_MISMATCH,
                         "%s: tensor %s is no parameter of model \"%s\"; "
                         "remove it, or load the weights of this model",
                         label, Quoted(tensor.name.data, tensor.name.size).text, info.name);
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

/// Allocates `block` and points each of `params` to its 64-byte aligned place.
dlc_status Weights::layOut() {
  const auto count = static_cast<int64_t>(info.num_params);
  int64_t total;
  bool fits = roundUp(count * int64_t(sizeof(void *)), &total);
  const int64_t first = total;
  for (const FileTensor &tensor : file)
    fits = fits && !__builtin_add_overflow(total, tensor.end - tensor.begin, &total) &&
           roundUp(total, &total);
  if (!fits || !block.allocate(m.self.allocator, static_cast<uint64_t>(total)))
    return message.set(DLC_ERROR_RESOURCE,
                       "%s: no memory for the weights; the ones before are "
                       "still in place",
                       source.label);
  params = reinterpret_cast<const void **>(block.data);
  char *place = block.data + first;
  for (int64_t i = 0; i < count; ++i) {
    const FileTensor &tensor = *file.find(info.params[i].name);
    int64_t bytes;
    roundUp(tensor.end - tensor.begin, &bytes);
    params[i] = place;
    place += bytes;
  }
  return DLC_OK;
}

dlc_status Weights::readAll() {
  for (int32_t i = 0; i < info.num_params; ++i)
    if (dlc_status status =
            file.read(*file.find(info.params[i].name), const_cast<void *>(params[i]), message))
      return status;
  return DLC_OK;
}

dlc_status Weights::load() {
  if (dlc_status status = file.open(source, m.self.allocator, message))
    return status;
  if (dlc_status status = checkTensors(file, source.label, info, message))
    return status;
  if (dlc_status status = layOut())
    return status;
  if (dlc_status status = readAll())
    return status;
  return runPrepare(m, params, message);
}

/// Weights of either kind; on failure those before stay.
static dlc_status loadFrom(dlc_model &m, const Source &source) {
  return isPrepared(source) ? loadPrepared(m, source) : Weights(m, source).load();
}

dlc_status dlc_rt_load(dlc_model *m, const char *path) {
  if (!m)
    return DLC_ERROR_ARGUMENT;
  const Call call(m);
  if (!call.entered())
    return DLC_ERROR_BUSY;
  Source source;
  if (dlc_status status = source.open(path, m->message()))
    return status;
  return loadFrom(*m, source);
}

dlc_status dlc_rt_load_memory(dlc_model *m, const void *data, uint64_t size) {
  if (!m)
    return DLC_ERROR_ARGUMENT;
  const Call call(m);
  if (!call.entered())
    return DLC_ERROR_BUSY;
  Source source;
  if (dlc_status status = source.open(data, size, m->message()))
    return status;
  return loadFrom(*m, source);
}
