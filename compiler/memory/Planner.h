//===- Planner.h - where buffers lie in an arena ------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_MEMORY_PLANNER_H
#define DLC_COMPILER_MEMORY_PLANNER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace dlc::memory {

/// A buffer that holds `size` bytes from step `begin` to step `end`, both included.
struct Lifetime {
  int64_t begin, end, size;
};

/// Byte offsets of buffers, in the order given, and the bytes they take together.
struct Placement {
  llvm::SmallVector<int64_t> offsets;
  int64_t total = 0;
};

/// Places buffers so that two whose lifetimes meet never overlap. Offsets are multiples of
/// `alignment`, and so is every buffer's extent. First fit in several orders, each improved
/// by moving what lies highest to the front; the best is returned.
Placement planArena(llvm::ArrayRef<Lifetime> buffers, int64_t alignment);

/// Bytes of the largest set of buffers that live at one step, each rounded up to `alignment`: no
/// placement can be smaller.
int64_t largestLiveSet(llvm::ArrayRef<Lifetime> buffers, int64_t alignment);

} // namespace dlc::memory

#endif // DLC_COMPILER_MEMORY_PLANNER_H
