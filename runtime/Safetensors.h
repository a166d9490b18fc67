//===-- Safetensors.h - Weights files -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A safetensors file is an 8-byte little-endian header length, a JSON header
// and the tensors' bytes:
//   {"c1/kernel": {"dtype": "F32", "shape": [5,5,1,20], "data_offsets": [0,2000]},
//    "__metadata__": {"any": "strings"}, ...}
// Offsets count from the end of the header. Reading takes the format by its
// word: anything that is not plainly right is an error. Writing: dlc_rt_save.
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_SAFETENSORS_H
#define DLC_RUNTIME_SAFETENSORS_H

#include "Memory.h"
#include "Message.h"

namespace dlc::rt {

/// A run of bytes inside another block.
struct Slice {
  const char *data;
  uint64_t size;
};

/// By bytes; shorter first among equals.
int compare(Slice a, Slice b);

/// One tensor of a file. Its data are bytes [begin, end) after the header.
struct FileTensor {
  Slice name;
  int32_t dtype, rank;
  int64_t shape[DLC_MAX_RANK];
  int64_t begin, end;
};

/// A file that is open for reading, or its image in memory.
class Source {
public:
  Source() = default;
  Source(const Source &) = delete;
  Source &operator=(const Source &) = delete;
  ~Source();

  dlc_status open(const char *path, const Message &message);
  dlc_status open(const void *image, uint64_t bytes, const Message &message);

  /// Reads exactly `bytes` bytes at `offset`.
  dlc_status read(uint64_t offset, void *to, uint64_t bytes, const Message &message) const;

  /// The whole file, mapped read-only; its release() unmaps it. False for an
  /// image, and where the file cannot be mapped.
  bool map(Block &block) const;

  const char *label = ""; ///< how messages name it
  uint64_t size = 0;

private:
  const char *image = nullptr;
  int fd = -1;
};

/// The checked table of contents of a weights file.
class Safetensors {
public:
  /// Reads and checks the header. `source` must outlive this.
  dlc_status open(const Source &source, const Allocator &allocator, const Message &message);

  /// The tensors, ordered by name.
  const FileTensor *begin() const { return tensors; }
  const FileTensor *end() const { return tensors + count; }
  int64_t size() const { return count; }
  /// How messages name the file.
  const char *label() const { return source->label; }

  /// The tensor called `name`, or null.
  const FileTensor *find(const char *name) const;

  /// Reads the data of `tensor`: end - begin bytes.
  dlc_status read(const FileTensor &tensor, void *to, const Message &message) const {
    return read(tensor, 0, tensor.end - tensor.begin, to, message);
  }
  /// Reads `bytes` bytes of them from byte `first` on, which must be there.
  dlc_status read(const FileTensor &tensor, int64_t first, int64_t bytes, void *to,
                  const Message &message) const;

private:
  dlc_status checkLayout(const Message &message);
  dlc_status checkNames(const Message &message);

  const Source *source = nullptr;
  ScopedBlock header, table;
  FileTensor *tensors = nullptr;
  int64_t count = 0;
  int64_t dataBegin = 0, dataSize = 0;
};

/// Whether a file holds exactly the parameters of a model, by name, shape and dtype.
dlc_status checkTensors(const Safetensors &file, const char *label, const dlc_model_info &info,
                        const Message &message);

/// Parses the JSON header in place: names point into it, unescaped. Checks each
/// tensor by itself, data within `dataSize` included. `tensors` has room for
/// one per kSmallestEntry bytes.
constexpr uint64_t kSmallestEntry = 48;
dlc_status parseSafetensorsHeader(char *text, uint64_t size, int64_t dataSize, const char *label,
                                  FileTensor *tensors, int64_t *count, const Message &message);

/// Bytes of the UTF-8 sequence at `p`, 0 when it is none (RFC 3629).
int utf8Length(const char *p, const char *end);

} // namespace dlc::rt

#endif // DLC_RUNTIME_SAFETENSORS_H
