//===-- Memory.cpp - Blocks of memory -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Memory.h"

#include <stdlib.h>
#include <sys/mman.h>

using namespace dlc::rt;

namespace {

constexpr uint64_t kHugePage = 2 << 20;

void *systemAllocate(void *, uint64_t bytes, uint64_t alignment) {
  // Weights and activations of large networks miss the TLB on 4 KiB pages.
  const bool huge = bytes >= 2 * kHugePage;
  void *pointer = nullptr;
  if (posix_memalign(&pointer, huge ? kHugePage : alignment, bytes) != 0)
    return nullptr;
#ifdef MADV_HUGEPAGE
  if (huge)
    madvise(pointer, bytes & -kHugePage, MADV_HUGEPAGE); // a mere hint
#endif
  return pointer;
}

void systemRelease(void *, void *pointer, uint64_t) { free(pointer); }

} // namespace

Allocator dlc::rt::systemAllocator() { return {systemAllocate, systemRelease, nullptr}; }

bool Block::allocate(const Allocator &from, uint64_t size) {
  *this = {from, nullptr, size};
  if (size == 0)
    return true;
  data = static_cast<char *>(from.allocate(from.user, size, kAlignment));
  return data != nullptr;
}

void Block::release() {
  if (data)
    allocator.release(allocator.user, data, bytes);
  data = nullptr;
  bytes = 0;
}

bool dlc::rt::tensorBytes(const int64_t *shape, int32_t rank, int32_t dtype, int64_t *out) {
  int64_t bytes = dlc_dtype_bytes(dtype);
  // A zero extent does not excuse the others from fitting.
  bool empty = false;
  for (int32_t i = 0; i < rank; ++i) {
    if (shape[i] < 0)
      return false;
    empty |= shape[i] == 0;
    if (shape[i] != 0 && __builtin_mul_overflow(bytes, shape[i], &bytes))
      return false;
  }
  *out = empty ? 0 : bytes;
  return true;
}

bool dlc::rt::sampleBytes(const dlc_tensor_info *tensors, int32_t count, int64_t maxBatch,
                          int64_t *out) {
  for (int32_t i = 0; i < count; ++i) {
    const dlc_tensor_info &t = tensors[i];
    int64_t whole;
    if (!tensorBytes(t.shape + 1, t.rank - 1, t.dtype, &out[i]) ||
        !mulAdd(out[i], maxBatch, 0, &whole))
      return false;
  }
  return true;
}
