//===-- Safetensors.cpp - Reading weights files -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace dlc::rt;

/// The cap of the format's reference implementation.
static constexpr uint64_t kMaxHeader = 100'000'000;

int dlc::rt::compare(Slice a, Slice b) {
  const int order = a.data ? memcmp(a.data, b.data, a.size < b.size ? a.size : b.size) : 0;
  return order ? order : a.size < b.size ? -1 : a.size > b.size;
}

//===----------------------------------------------------------------------===//
// Source
//===----------------------------------------------------------------------===//

Source::~Source() {
  if (fd >= 0)
    close(fd);
}

dlc_status Source::open(const char *path, const Message &message) {
  if (!path)
    return message.set(DLC_ERROR_ARGUMENT, "the path of the weights file is NULL");
  label = path;
  fd = ::open(path, O_RDONLY | O_CLOEXEC);
  // lseek instead of fstat: that one is no symbol of older C libraries.
  const off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
  if (end < 0)
    return message.set(DLC_ERROR_IO,
                       "%s: cannot be opened: %s; check the path and its "
                       "permissions",
                       label, strerror(errno));
  size = static_cast<uint64_t>(end);
  return DLC_OK;
}

dlc_status Source::open(const void *data, uint64_t bytes, const Message &message) {
  label = "(weights in memory)";
  if (!data)
    return message.set(DLC_ERROR_ARGUMENT, "%s: the pointer is NULL", label);
  image = static_cast<const char *>(data);
  size = bytes;
  return DLC_OK;
}

dlc_status Source::read(uint64_t offset, void *to, uint64_t bytes, const Message &message) const {
  if (bytes && image)
    memcpy(to, image + offset, bytes);
  if (image)
    return DLC_OK;
  for (char *out = static_cast<char *>(to); bytes;) {
    const ssize_t got = pread(fd, out, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return message.set(DLC_ERROR_IO,
                         "%s: cannot be read at byte %llu: %s; is it a regular "
                         "file that nobody is writing to?",
                         label, (unsigned long long)offset,
                         got ? strerror(errno) : "the file ends");
    out += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<uint64_t>(got);
  }
  return DLC_OK;
}

static void unmap(void *, void *pointer, uint64_t bytes) { munmap(pointer, bytes); }

bool Source::map(Block &block) const {
  if (image)
    return false;
  void *place = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (place == MAP_FAILED)
    return false;
  block = {{nullptr, unmap, nullptr}, static_cast<char *>(place), size};
  return true;
}

//===----------------------------------------------------------------------===//
// Safetensors
//===----------------------------------------------------------------------===//

static dlc_status readHeaderSize(const Source &source, uint64_t *size, const Message &message) {
  if (source.size < 8)
    return message.set(DLC_ERROR_FORMAT,
                       "%s: %llu bytes are too few for a safetensors file; get "
                       "the file again",
                       source.label, (unsigned long long)source.size);
  unsigned char bytes[8];
  if (dlc_status status = source.read(0, bytes, 8, message))
    return status;
  *size = 0;
  for (int i = 7; i >= 0; --i)
    *size = *size << 8 | bytes[i];
  if (*size > kMaxHeader)
    return message.set(DLC_ERROR_FORMAT,
                       "%s: its header would be %llu bytes, more than the "
                       "format's 100000000; is it a safetensors file?",
                       source.label, (unsigned long long)*size);
  if (*size > source.size - 8)
    return message.set(DLC_ERROR_FORMAT,
                       "%s: its header would be %llu bytes, but the file ends "
                       "after %llu; it is cut off, get it again",
                       source.label, (unsigned long long)*size,
                       (unsigned long long)(source.size - 8));
  return DLC_OK;
}

dlc_status Safetensors::open(const Source &from, const Allocator &allocator,
                             const Message &message) {
  source = &from;
  uint64_t headerSize;
  if (dlc_status status = readHeaderSize(from, &headerSize, message))
    return status;
  const uint64_t capacity = headerSize / kSmallestEntry + 1;
  if (!header.allocate(allocator, headerSize + 1) ||
      !table.allocate(allocator, capacity * sizeof(FileTensor)))
    return message.set(DLC_ERROR_RESOURCE, "%s: no memory to read its header", from.label);
  if (dlc_status status = from.read(8, header.data, headerSize, message))
    return status;
  dataBegin = static_cast<int64_t>(8 + headerSize);
  dataSize = static_cast<int64_t>(from.size) - dataBegin;
  tensors = reinterpret_cast<FileTensor *>(table.data);
  if (dlc_status status = parseSafetensorsHeader(header.data, headerSize, dataSize, from.label,
                                                 tensors, &count, message))
    return status;
  if (dlc_status status = checkLayout(message))
    return status;
  return checkNames(message);
}

static int byBegin(const void *left, const void *right) {
  auto &a = *static_cast<const FileTensor *>(left);
  auto &b = *static_cast<const FileTensor *>(right);
  if (a.begin != b.begin)
    return a.begin < b.begin ? -1 : 1;
  return a.end < b.end ? -1 : a.end > b.end;
}

static int byName(const void *left, const void *right) {
  return compare(static_cast<const FileTensor *>(left)->name,
                 static_cast<const FileTensor *>(right)->name);
}

/// The data are covered once, without a hole, to the last byte.
dlc_status Safetensors::checkLayout(const Message &message) {
  qsort(tensors, static_cast<size_t>(count), sizeof(FileTensor), byBegin);
  int64_t covered = 0;
  for (const FileTensor &tensor : *this) {
    if (tensor.begin != covered)
      return message.set(DLC_ERROR_FORMAT,
                         "%s: tensor %s: its data begin at byte %lld, where %lld is due: %s; "
                         "write the file again with a safetensors library",
                         source->label, Quoted(tensor.name.data, tensor.name.size).text,
                         (long long)tensor.begin, (long long)covered,
                         tensor.begin < covered ? "they overlap another tensor's"
                                                : "there is a hole before them");
    covered = tensor.end;
  }
  if (covered != dataSize)
    return message.set(DLC_ERROR_FORMAT,
                       "%s: %lld bytes follow the last tensor's data; write "
                       "the file again with a safetensors library",
                       source->label, (long long)(dataSize - covered));
  return DLC_OK;
}

dlc_status Safetensors::checkNames(const Message &message) {
  qsort(tensors, static_cast<size_t>(count), sizeof(FileTensor), byName);
  for (int64_t i = 1; i < count; ++i)
    if (compare(tensors[i - 1].name, tensors[i].name) == 0)
      return message.set(DLC_ERROR_FORMAT,
                         "%s: tensor %s: the name appears twice; rename or remove one",
                         source->label, Quoted(tensors[i].name.data, tensors[i].name.size).text);
  return DLC_OK;
}

const FileTensor *Safetensors::find(const char *name) const {
  FileTensor key = {};
  key.name = {name, strlen(name)};
  return static_cast<const FileTensor *>(
      bsearch(&key, tensors, static_cast<size_t>(count), sizeof(FileTensor), byName));
}

dlc_status Safetensors::read(const FileTensor &tensor, int64_t first, int64_t bytes, void *to,
                             const Message &message) const {
  return source->read(static_cast<uint64_t>(dataBegin + tensor.begin + first), to,
                      static_cast<uint64_t>(bytes), message);
}
