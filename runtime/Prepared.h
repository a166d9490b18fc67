//===-- Prepared.h - Files of prepared weights -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What `prepare` made of a model's weights for one CPU variant of one library,
// as a file that is mapped instead of read: one page of header, then the
// prepared block as it lies in memory, to the end of the file. All numbers are
// little-endian. Only the library that wrote it can use it.
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_PREPARED_H
#define DLC_RUNTIME_PREPARED_H

#include "Model.h"
#include "Safetensors.h"

namespace dlc::rt {

/// A safetensors file that began so would have a header beyond the format's cap.
constexpr char kPreparedMagic[8] = {'d', 'l', 'c', 'p', 'r', 'e', 'p', '\n'};
constexpr uint32_t kPreparedVersion = 1;

/// The first page.
struct PreparedHeader {
  char magic[8];
  uint32_t version;
  uint32_t headerBytes; ///< where the data begin: sizeof(PreparedHeader)
  uint64_t identity[2]; ///< of the variant's code; see dlc_rt_variant
  uint64_t dataBytes;
  char model[256], variant[64]; ///< for messages: NUL-terminated, cut to fit
  char zero[3728];
  uint64_t checksum; ///< FNV-1a of the bytes before
};
static_assert(sizeof(PreparedHeader) == 4096, "the data begin at a page");

/// FNV-1a, 64 bits.
uint64_t checksum(const void *data, uint64_t bytes);

/// Whether the file claims to hold prepared weights.
bool isPrepared(const Source &source);

/// Maps the file, or copies the image, into the instance.
dlc_status loadPrepared(dlc_model &m, const Source &source);

} // namespace dlc::rt

#endif // DLC_RUNTIME_PREPARED_H
