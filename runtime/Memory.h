//===-- Memory.h - Blocks of memory -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_MEMORY_H
#define DLC_RUNTIME_MEMORY_H

#include "dlc_runtime.h"

namespace dlc::rt {

/// Alignment of every block: a cache line and the widest vector.
constexpr int64_t kAlignment = 64;

/// The caller's allocator or libc's; see dlc_options.
struct Allocator {
  void *(*allocate)(void *user, uint64_t bytes, uint64_t alignment);
  void (*release)(void *user, void *pointer, uint64_t bytes);
  void *user;
};

/// libc's, with huge pages for large blocks.
Allocator systemAllocator();

/// A block of memory. Plain, so that it can live in zeroed memory.
struct Block {
  Allocator allocator;
  char *data;
  uint64_t bytes;

  /// False when there is no memory. Zero bytes succeed with null data.
  bool allocate(const Allocator &from, uint64_t size);
  void release();
};

/// A block that is released at the end of its scope.
struct ScopedBlock : Block {
  ScopedBlock() : Block{} {}
  ScopedBlock(const ScopedBlock &) = delete;
  ScopedBlock &operator=(const ScopedBlock &) = delete;
  ~ScopedBlock() { release(); }
};

/// `*out = a * b + c` for non-negative values; false on overflow.
inline bool mulAdd(int64_t a, int64_t b, int64_t c, int64_t *out) {
  int64_t product;
  return !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(product, c, out);
}

/// Bytes of `rank` extents of `dtype`; false on overflow or a negative extent.
bool tensorBytes(const int64_t *shape, int32_t rank, int32_t dtype, int64_t *out);

/// Bytes of one sample of each of `count` tensors; false when `maxBatch` samples
/// overflow.
bool sampleBytes(const dlc_tensor_info *tensors, int32_t count, int64_t maxBatch, int64_t *out);

/// `n` rounded up to a multiple of the alignment; false on overflow.
inline bool roundUp(int64_t n, int64_t *out) {
  if (__builtin_add_overflow(n, kAlignment - 1, out))
    return false;
  *out &= -kAlignment;
  return true;
}

} // namespace dlc::rt

#endif // DLC_RUNTIME_MEMORY_H
