//===-- Arguments.cpp - Checking what a call was given -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"

using namespace dlc::rt;

dlc_status Arguments::checkBatch() const {
  const dlc_model_info &info = m.desc->info;
  if (info.static_batch && batch != info.static_batch)
    return message.set(DLC_ERROR_ARGUMENT,
                       "model \"%s\": batch %lld, but this library was compiled "
                       "for batch %lld alone",
                       info.name, (long long)batch, (long long)info.static_batch);
  if (batch < 1)
    return message.set(DLC_ERROR_ARGUMENT, "model \"%s\": batch %lld; it must be at least 1",
                       info.name, (long long)batch);
  if (batch > m.maxBatch)
    return message.set(DLC_ERROR_ARGUMENT,
                       "model \"%s\": batch %lld is above max_batch %lld; "
                       "create the instance with a larger "
                       "dlc_options.max_batch",
                       info.name, (long long)batch, (long long)m.maxBatch);
  return DLC_OK;
}

dlc_status Arguments::checkBuffer(const char *kind, const dlc_tensor_info &declared,
                                  const void *data, int32_t dtype) const {
  if (dtype != declared.dtype)
    return message.set(DLC_ERROR_ARGUMENT, "%s \"%s\": dtype %s (%d) given, %s (%d) is due", kind,
                       declared.name, dtypeName(dtype), dtype, dtypeName(declared.dtype),
                       declared.dtype);
  if (!data)
    return message.set(DLC_ERROR_ARGUMENT, "%s \"%s\": its data are NULL", kind, declared.name);
  const int64_t width = dlc_dtype_bytes(dtype);
  if (reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(width))
    return message.set(DLC_ERROR_ARGUMENT,
                       "%s \"%s\": its data must lie at a multiple of %lld "
                       "bytes, the size of %s",
                       kind, declared.name, (long long)width, dtypeName(dtype));
  return DLC_OK;
}

const Taken &Arguments::take(const char *kind, const char *name, const void *data, int64_t bytes) {
  auto *first = static_cast<const char *>(data);
  return m.taken[count++] = {kind, name, first, first + batch * bytes};
}

static bool overlap(const Taken &a, const char *first, const char *last) {
  return a.first < last && first < a.last;
}

dlc_status Arguments::checkArena(const Taken &mine) const {
  if (!overlap(mine, m.arena, m.arena + m.arenaBytes))
    return DLC_OK;
  return message.set(DLC_ERROR_ARGUMENT,
                     "%s \"%s\" lies in dlc_options.memory; give it "
                     "memory of its own",
                     mine.kind, mine.name);
}

dlc_status Arguments::takeInputs(const char *kind, int32_t tensors, const dlc_tensor_info *declared,
                                 const dlc_in *given, const int64_t *bytes, const void **data) {
  for (int32_t i = 0; i < tensors; ++i) {
    if (dlc_status status = checkBuffer(kind, declared[i], given[i].data, given[i].dtype))
      return status;
    if (dlc_status status = checkArena(take(kind, declared[i].name, given[i].data, bytes[i])))
      return status;
    data[i] = given[i].data;
  }
  return DLC_OK;
}

dlc_status Arguments::takeOutput(const char *kind, const dlc_tensor_info &declared,
                                 const dlc_out &given, int64_t bytes) {
  if (dlc_status status = checkBuffer(kind, declared, given.data, given.dtype))
    return status;
  const int32_t others = count;
  const Taken &mine = take(kind, declared.name, given.data, bytes);
  for (const Taken *other = m.taken; other != m.taken + others; ++other)
    if (overlap(mine, other->first, other->last))
      return message.set(DLC_ERROR_ARGUMENT,
                         "%s \"%s\" overlaps %s \"%s\"; give it memory "
                         "of its own",
                         kind, declared.name, other->kind, other->name);
  return checkArena(mine);
}
