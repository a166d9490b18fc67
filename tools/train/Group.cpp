//===- Group.cpp - the processes that train together --------------------------------===//

#include "tools/train/Group.h"
#include "tools/train/MpiGroup.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include <cstdlib>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

// Of Open MPI, and of MPICH and those that descend from it.
static constexpr const char *kSizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};

Expected<std::unique_ptr<Group>> Group::join() {
  for (const char *name : kSizes) {
    const char *text = std::getenv(name);
    int64_t size;
    if (text && !StringRef(text).getAsInteger(10, size) && size > 1)
      return joinMpi(size);
  }
  return std::make_unique<Group>();
}

void Group::send(const void *, size_t, int64_t) { llvm_unreachable("alone"); }
void Group::receive(void *, size_t, int64_t) { llvm_unreachable("alone"); }

// At distance 1 neighbours meet, at 2 neighbours of their sums, and so on.
template <typename T> void Group::addUp(MutableArrayRef<T> values) {
  std::vector<T> other(values.size());
  for (int64_t distance = 1; distance < count; distance *= 2) {
    if (ownRank & distance)
      return send(values.data(), values.size() * sizeof(T), ownRank - distance);
    if (ownRank + distance >= count)
      continue;
    receive(other.data(), other.size() * sizeof(T), ownRank + distance);
    addTo<T>(values, other);
  }
}

// The same way back.
template <typename T> void Group::handDown(MutableArrayRef<T> values) {
  int64_t distance = isFirst() ? PowerOf2Ceil(count) : ownRank & -ownRank;
  if (!isFirst())
    receive(values.data(), values.size() * sizeof(T), ownRank - distance);
  while (distance /= 2)
    if (ownRank + distance < count)
      send(values.data(), values.size() * sizeof(T), ownRank + distance);
}

// In pieces, so that different levels of the tree work at the same time.
template <typename T> void Group::combineAll(MutableArrayRef<T> values) {
  constexpr size_t kPiece = (1 << 20) / sizeof(T);
  if (count == 1)
    return;
  for (size_t at = 0; at < values.size(); at += kPiece)
    addUp(values.slice(at, std::min(kPiece, values.size() - at)));
  for (size_t at = 0; at < values.size(); at += kPiece)
    handDown(values.slice(at, std::min(kPiece, values.size() - at)));
}

void Group::combine(MutableArrayRef<float> values) { combineAll(values); }
void Group::combine(MutableArrayRef<double> values) { combineAll(values); }

bool Group::isAny(bool here) {
  double sum = here;
  combine(MutableArrayRef(sum));
  return sum > 0;
}

// Doubles hold these sums exactly.
bool Group::isSame(uint32_t number) {
  double sum = number;
  combine(MutableArrayRef(sum));
  return sum == double(number) * count;
}
