//===- Planner.cpp - where buffers lie in an arena ----------------------------------===//

#include "compiler/memory/Planner.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace dlc::memory;

static bool meet(const Lifetime &a, const Lifetime &b) {
  return a.begin <= b.end && b.begin <= a.end;
}

// Places buffers one after the other at the lowest offset that no living neighbour covers.
static Placement placeInOrder(llvm::ArrayRef<Lifetime> buffers, llvm::ArrayRef<size_t> order,
                              int64_t alignment) {
  Placement result;
  result.offsets.assign(buffers.size(), 0);
  llvm::SmallVector<size_t> placed; // by offset
  for (size_t index : order) {
    int64_t size = llvm::alignTo(buffers[index].size, alignment), offset = 0;
    for (size_t other : placed) {
      if (!meet(buffers[index], buffers[other]))
        continue;
      if (offset + size <= result.offsets[other])
        break;
      int64_t end = result.offsets[other] + llvm::alignTo(buffers[other].size, alignment);
      offset = std::max(offset, end);
    }
    result.offsets[index] = offset;
    result.total = std::max(result.total, offset + size);
    auto position = llvm::upper_bound(
        placed, offset, [&](int64_t value, size_t other) { return value < result.offsets[other]; });
    placed.insert(position, index);
  }
  return result;
}

// Places the buffers again and again, each time the one that reached highest before all others:
// what comes first lies lowest. Ends at the lower bound, or after `attempts`.
static void improve(Placement &best, llvm::ArrayRef<Lifetime> buffers,
                    llvm::SmallVector<size_t> order, int64_t alignment, int attempts) {
  int64_t bound = largestLiveSet(buffers, alignment);
  Placement current = placeInOrder(buffers, order, alignment);
  for (; attempts > 0 && best.total > bound; --attempts) {
    auto *highest = llvm::max_element(order, [&](size_t a, size_t b) {
      return current.offsets[a] + buffers[a].size < current.offsets[b] + buffers[b].size;
    });
    std::rotate(order.begin(), highest, highest + 1);
    current = placeInOrder(buffers, order, alignment);
    if (current.total < best.total)
      best = current;
  }
}

Placement dlc::memory::planArena(llvm::ArrayRef<Lifetime> buffers, int64_t alignment) {
  using Key = int64_t (*)(const Lifetime &);
  // Large first wastes least on long chains; the others help where lifetimes nest.
  static constexpr Key keys[] = {[](const Lifetime &l) { return -l.size; },
                                 [](const Lifetime &l) { return -l.size * (l.end - l.begin + 1); },
                                 [](const Lifetime &l) { return l.begin - l.end; },
                                 [](const Lifetime &l) { return l.begin; },
                                 [](const Lifetime &l) { return -l.end; }};
  Placement best;
  best.total = std::numeric_limits<int64_t>::max();
  for (Key key : keys) {
    llvm::SmallVector<size_t> order = llvm::to_vector(llvm::seq<size_t>(0, buffers.size()));
    llvm::sort(order, [&](size_t a, size_t b) {
      return std::pair(key(buffers[a]), a) < std::pair(key(buffers[b]), b);
    });
    Placement placement = placeInOrder(buffers, order, alignment);
    if (placement.total < best.total)
      best = std::move(placement);
    improve(best, buffers, std::move(order), alignment, /*attempts=*/100);
  }
  return best;
}

int64_t dlc::memory::largestLiveSet(llvm::ArrayRef<Lifetime> buffers, int64_t alignment) {
  int64_t largest = 0;
  for (const Lifetime &at : buffers) {
    int64_t live = 0;
    for (const Lifetime &buffer : buffers)
      if (buffer.begin <= at.begin && at.begin <= buffer.end)
        live += llvm::alignTo(buffer.size, alignment);
    largest = std::max(largest, live);
  }
  return largest;
}
