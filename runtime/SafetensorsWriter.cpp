//===-- SafetensorsWriter.cpp - Writing weights files -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelDesc.h"
#include "Safetensors.h"
#include "TemporaryFile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

using namespace dlc::rt;

namespace {

/// A growing string.
class Text {
public:
  ~Text() { free(data); }

  void append(const char *bytes, uint64_t count) {
    if (size + count > capacity) {
      const uint64_t grown = 2 * (size + count);
      auto *moved = static_cast<char *>(realloc(data, grown));
      failed |= !moved;
      if (!moved)
        return;
      data = moved;
      capacity = grown;
    }
    memcpy(data + size, bytes, count);
    size += count;
  }
  void append(const char *text) { append(text, strlen(text)); }
  void append(int64_t number) {
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    append(digits);
  }
  void appendString(const char *text);

  char *data = nullptr;
  uint64_t size = 0, capacity = 0;
  bool failed = false;
};

} // namespace

/// As a JSON string.
void Text::appendString(const char *text) {
  append("\"");
  for (; *text; ++text) {
    const auto c = static_cast<unsigned char>(*text);
    char escape[8];
    if (c == '"' || c == '\\')
      append("\\");
    if (c < 0x20)
      append(escape, static_cast<uint64_t>(snprintf(escape, sizeof escape, "\\u%04x", c)));
    else
      append(text, 1);
  }
  append("\"");
}

//===----------------------------------------------------------------------===//
// dlc_rt_save
//===----------------------------------------------------------------------===//

/// Wide elements first, so that each tensor is aligned to its own; then names.
static int byWidthAndName(const void *left, const void *right) {
  const dlc_tensor_info &a = (*static_cast<const dlc_tensor *const *>(left))->info;
  const dlc_tensor_info &b = (*static_cast<const dlc_tensor *const *>(right))->info;
  const int64_t wide = dlc_dtype_bytes(b.dtype) - dlc_dtype_bytes(a.dtype);
  return wide ? (wide < 0 ? -1 : 1) : strcmp(a.name, b.name);
}

static const char *fileDtype(int32_t dtype) {
  switch (dtype) {
  case DLC_FLOAT32:
    return "F32";
  case DLC_INT32:
    return "I32";
  case DLC_INT64:
    return "I64";
  }
  return "U8";
}

static dlc_status checkTensor(const dlc_tensor &tensor, const char *path, const Message &message) {
  const dlc_tensor_info &info = tensor.info;
  const char *wrong = nullptr;
  int64_t bytes = 0;
  if (!info.name)
    return message.set(DLC_ERROR_ARGUMENT, "%s: a tensor has no name", path);
  const char *end = info.name + strlen(info.name);
  for (const char *p = info.name; p != end && !wrong;) {
    const int length = utf8Length(p, end);
    wrong = length ? nullptr : "its name is not UTF-8";
    p += length;
  }
  if (strcmp(info.name, "__metadata__") == 0)
    wrong = "the format keeps this name for itself";
  else if (!dlc_dtype_bytes(info.dtype))
    wrong = "its dtype is no dlc_dtype";
  else if (info.rank < 0 || info.rank > DLC_MAX_RANK)
    wrong = "its rank is not within 0 and 8";
  else if (!tensorBytes(info.shape, info.rank, info.dtype, &bytes))
    wrong = "its shape has a negative extent or too large a product";
  else if (bytes && !tensor.data)
    wrong = "its data are NULL";
  if (!wrong)
    return DLC_OK;
  return message.set(DLC_ERROR_ARGUMENT, "%s: tensor %s: %s", path, Quoted(info.name).text, wrong);
}

/// Bytes of a tensor that checkTensor has let pass.
static int64_t bytesOf(const dlc_tensor_info &info) {
  int64_t bytes = 0;
  tensorBytes(info.shape, info.rank, info.dtype, &bytes);
  return bytes;
}

/// Length and JSON, padded with spaces so that the data begin at a multiple of
/// 64 bytes.
static void buildHeader(const dlc_tensor *const *order, int64_t count, Text &text) {
  char length[8] = {};
  text.append(length, 8);
  text.append("{");
  int64_t offset = 0;
  for (int64_t i = 0; i < count; ++i) {
    const dlc_tensor_info &info = order[i]->info;
    text.append(i ? "," : "");
    text.appendString(info.name);
    text.append(":{\"dtype\":\"");
    text.append(fileDtype(info.dtype));
    text.append("\",\"shape\":[");
    for (int32_t d = 0; d < info.rank; ++d) {
      text.append(d ? "," : "");
      text.append(info.shape[d]);
    }
    text.append("],\"data_offsets\":[");
    text.append(offset);
    text.append(",");
    text.append(offset += bytesOf(info));
    text.append("]}");
  }
  text.append("}");
  while (!text.failed && text.size % kAlignment)
    text.append(" ");
  if (text.failed)
    return;
  for (int i = 0; i < 8; ++i)
    text.data[i] = static_cast<char>((text.size - 8) >> 8 * i);
}

dlc_status dlc_rt_save(const char *path, const dlc_tensor *tensors, int64_t count, char *error,
                       uint64_t error_size) {
  const Message message{error, error_size};
  if (!path || count < 0 || (count && !tensors))
    return message.set(DLC_ERROR_ARGUMENT, "saving needs a path and a list of tensors");
  for (int64_t i = 0; i < count; ++i)
    if (dlc_status status = checkTensor(tensors[i], path, message))
      return status;

  ScopedBlock block;
  if (!block.allocate(systemAllocator(), static_cast<uint64_t>(count + 1) * sizeof(void *)))
    return message.set(DLC_ERROR_RESOURCE, "%s: no memory to write it", path);
  auto **order = reinterpret_cast<const dlc_tensor **>(block.data);
  for (int64_t i = 0; i < count; ++i)
    order[i] = &tensors[i];
  qsort(order, static_cast<size_t>(count), sizeof *order, byWidthAndName);
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < i; ++j)
      if (strcmp(order[i]->info.name, order[j]->info.name) == 0)
        return message.set(DLC_ERROR_ARGUMENT, "%s: tensor %s is there twice", path,
                           Quoted(order[i]->info.name).text);

  Text header;
  buildHeader(order, count, header);
  if (header.failed)
    return message.set(DLC_ERROR_RESOURCE, "%s: no memory to write it", path);
  TemporaryFile file;
  if (dlc_status status = file.open(path, message))
    return status;
  if (dlc_status status = file.write(header.data, header.size))
    return status;
  for (int64_t i = 0; i < count; ++i)
    if (dlc_status status =
            file.write(order[i]->data, static_cast<uint64_t>(bytesOf(order[i]->info))))
      return status;
  return file.commit();
}
