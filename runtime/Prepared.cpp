//===-- Prepared.cpp - Files of prepared weights -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prepared.h"

#include "Backend.h"
#include "TemporaryFile.h"
#include "Training.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

using namespace dlc::rt;

uint64_t dlc::rt::checksum(const void *data, uint64_t bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (auto *p = static_cast<const unsigned char *>(data); bytes; --bytes)
    hash = (hash ^ *p++) * 0x100000001b3;
  return hash;
}

static uint64_t headerChecksum(const PreparedHeader &header) {
  return checksum(&header, offsetof(PreparedHeader, checksum));
}

bool dlc::rt::isPrepared(const Source &source) {
  char magic[sizeof kPreparedMagic];
  return source.size >= sizeof magic && !source.read(0, magic, sizeof magic, {nullptr, 0}) &&
         memcmp(magic, kPreparedMagic, sizeof magic) == 0;
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

/// Whether the header is what some library wrote.
static dlc_status checkHeader(const PreparedHeader &header, const Source &source,
                              const Message &message) {
  if (header.version != kPreparedVersion)
    return message.set(DLC_ERROR_FORMAT,
                       "%s: prepared weights of format %u, this library reads format %u; prepare "
                       "them again with this library",
                       source.label, header.version, kPreparedVersion);
  if (header.checksum != headerChecksum(header) || header.headerBytes != sizeof header ||
      !memchr(header.model, 0, sizeof header.model) ||
      !memchr(header.variant, 0, sizeof header.variant))
    return message.set(DLC_ERROR_FORMAT,
                       "%s: the header of these prepared weights is damaged; prepare them again",
                       source.label);
  return DLC_OK;
}

/// Whether this instance wants them.
static dlc_status checkOwner(const PreparedHeader &header, const dlc_model &m, const char *label,
                             const Message &message) {
  const char *model = m.desc->info.name;
  if (strncmp(header.model, model, sizeof header.model - 1) != 0)
    return message.set(DLC_ERROR_MISMATCH,
                       "%s: prepared weights of model %s, this is \"%s\"; load the weights of "
                       "this model",
                       label, Quoted(header.model).text, model);
  if (strncmp(header.variant, m.variant->name, sizeof header.variant - 1) != 0)
    return message.set(DLC_ERROR_MISMATCH,
                       "%s: weights prepared for CPU variant %s, this instance runs \"%s\"; load "
                       "the file of that variant, or the safetensors file",
                       label, Quoted(header.variant).text, m.variant->name);
  if (memcmp(header.identity, m.variant->identity, sizeof header.identity) != 0 ||
      header.dataBytes != static_cast<uint64_t>(m.variant->prepared_bytes))
    return message.set(DLC_ERROR_MISMATCH,
                       "%s: weights prepared for another compilation of model \"%s\"; prepare "
                       "them again with this library, or load the safetensors file",
                       label, model);
  return DLC_OK;
}

/// After checkOwner: dataBytes is this library's own number.
static dlc_status checkSize(const PreparedHeader &header, const Source &source,
                            const Message &message) {
  const uint64_t due = sizeof header + header.dataBytes;
  if (source.size == due)
    return DLC_OK;
  return message.set(
      DLC_ERROR_FORMAT, "%s: %llu bytes long, where these prepared weights take %llu; it is %s",
      source.label, (unsigned long long)source.size, (unsigned long long)due,
      source.size < due ? "cut off, get it again" : "followed by something else, prepare it again");
}

static dlc_status check(const dlc_model &m, const Source &source, const Message &message) {
  PreparedHeader header;
  if (source.size < sizeof header)
    return message.set(DLC_ERROR_FORMAT,
                       "%s: %llu bytes are too few for prepared weights; it is cut off, get it "
                       "again",
                       source.label, (unsigned long long)source.size);
  if (dlc_status status = source.read(0, &header, sizeof header, message))
    return status;
  if (dlc_status status = checkHeader(header, source, message))
    return status;
  if (dlc_status status = checkOwner(header, m, source.label, message))
    return status;
  return checkSize(header, source, message);
}

dlc_status dlc::rt::loadPrepared(dlc_model &m, const Source &source) {
  const Message message = m.message();
  if (dlc_status status = check(m, source, message))
    return status;
  ScopedBlock block;
  const char *data = nullptr;
  if (source.map(block)) {
    data = block.data + sizeof(PreparedHeader);
  } else {
    const uint64_t bytes = source.size - sizeof(PreparedHeader);
    if (!block.allocate(m.self.allocator, bytes))
      return message.set(DLC_ERROR_RESOURCE, "%s: no memory for these prepared weights",
                         source.label);
    if (dlc_status status = source.read(sizeof(PreparedHeader), block.data, bytes, message))
      return status;
    data = block.data;
  }
  takePrepared(m, block, data);
  static_cast<Block &>(block) = {};
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// Saving
//===----------------------------------------------------------------------===//

dlc_status dlc_rt_save_prepared(dlc_model *m, const char *path) {
  if (!m)
    return DLC_ERROR_ARGUMENT;
  const Call call(m);
  if (!call.entered())
    return DLC_ERROR_BUSY;
  const Message message = m->message();
  if (!path)
    return message.set(DLC_ERROR_ARGUMENT, "the path for the prepared weights is NULL");
  if (!m->ready)
    return message.set(DLC_ERROR_NOT_READY,
                       "model \"%s\": its weights were not loaded, so there is nothing to save; "
                       "call load or load_memory first",
                       m->desc->info.name);
  if (!m->backend->sharesMemory)
    return message.set(DLC_ERROR_UNSUPPORTED,
                       "model \"%s\": weights prepared for \"%s\" lie on a device and are kept in "
                       "no file; load the safetensors file",
                       m->desc->info.name, m->variant->name);
  if (dlc_status status = refresh(*m))
    return status;
  const dlc_rt_variant &variant = *m->variant;
  PreparedHeader header = {};
  memcpy(header.magic, kPreparedMagic, sizeof header.magic);
  header.version = kPreparedVersion;
  header.headerBytes = sizeof header;
  memcpy(header.identity, variant.identity, sizeof header.identity);
  header.dataBytes = static_cast<uint64_t>(variant.prepared_bytes);
  snprintf(header.model, sizeof header.model, "%s", m->desc->info.name);
  snprintf(header.variant, sizeof header.variant, "%s", variant.name);
  header.checksum = headerChecksum(header);
  TemporaryFile file;
  if (dlc_status status = file.open(path, message))
    return status;
  if (dlc_status status = file.write(&header, sizeof header))
    return status;
  if (dlc_status status = file.write(m->prepared, header.dataBytes))
    return status;
  return file.commit();
}
