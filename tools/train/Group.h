//===- Group.h - the processes that train together ----------------------*- C++ -*-===//
//
// What several processes add up is added in one order, a tree over their ranks: neighbours (0, 1),
// (2, 3), ... first, then neighbours of those sums; an odd last one moves up. TreeSum adds within a
// process in the same order, so that it does not matter who holds which summands.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_TOOLS_TRAIN_GROUP_H
#define DLC_TOOLS_TRAIN_GROUP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <vector>

namespace dlc::tools::train {

/// This process and those that it trains with; by itself: alone. All of them make the same calls
/// in the same order.
class Group {
public:
  Group() = default;
  virtual ~Group() = default;
  Group(const Group &) = delete;

  /// The processes that mpirun started; without mpirun this one, and MPI is left alone.
  static llvm::Expected<std::unique_ptr<Group>> join();

  int64_t rank() const { return ownRank; }
  int64_t size() const { return count; }
  /// Who speaks and writes for all.
  bool isFirst() const { return ownRank == 0; }

  /// Sums over the processes, added in the tree; each gets them.
  void combine(llvm::MutableArrayRef<float> values);
  void combine(llvm::MutableArrayRef<double> values);
  /// Whether it is so in any process.
  bool isAny(bool here);
  /// Whether all processes give the same number. Where not, at least one gets to know.
  bool isSame(uint32_t number);

  /// Ends all processes with this code; of one alone it returns.
  virtual void abort(int code) {}

protected:
  Group(int64_t rank, int64_t size) : ownRank(rank), count(size) {}

  /// From one process to another, in order; a few megabytes at most.
  virtual void send(const void *data, size_t bytes, int64_t to);
  virtual void receive(void *data, size_t bytes, int64_t from);

private:
  template <typename T> void addUp(llvm::MutableArrayRef<T> values);
  template <typename T> void handDown(llvm::MutableArrayRef<T> values);
  template <typename T> void combineAll(llvm::MutableArrayRef<T> values);

  int64_t ownRank = 0, count = 1;
};

/// a += b
template <typename T> void addTo(llvm::MutableArrayRef<T> a, llvm::ArrayRef<T> b) {
  for (size_t i = 0; i < b.size(); ++i)
    a[i] += b[i];
}

/// Adds lists of one length, given one after the other, in the tree over their indices.
template <typename T> class TreeSum {
public:
  /// Takes a list; leaves memory for the next one, where there is any.
  void add(std::vector<T> &list) {
    for (size_t index = given++; index & 1; index >>= 1)
      merge(list);
    partial.push_back(std::move(list));
    list = {};
    if (!spare.empty())
      list = std::move(spare.back()), spare.pop_back();
  }
  /// The sum of those that were given, at least one; begins anew.
  std::vector<T> take() {
    std::vector<T> sum = std::move(partial.back());
    partial.pop_back();
    while (!partial.empty())
      merge(sum);
    given = 0;
    return sum;
  }

private:
  // `list` becomes the sum of the last partial sum, which goes, and itself.
  void merge(std::vector<T> &list) {
    addTo<T>(partial.back(), list);
    list.swap(partial.back());
    spare.push_back(std::move(partial.back()));
    partial.pop_back();
  }

  size_t given = 0;
  std::vector<std::vector<T>> partial; ///< one for each bit of `given` that is set
  std::vector<std::vector<T>> spare;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_GROUP_H
