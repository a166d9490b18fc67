//===- Feed.h - batches made ahead --------------------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_FEED_H
#define DLC_TOOLS_TRAIN_FEED_H

#include "tools/train/Batches.h"
#include <array>
#include <condition_variable>
#include <mutex>
#include <pthread.h>

namespace dlc::tools::train {

/// Memory for a batch in use and for the one that is made meanwhile.
using BatchPair = std::array<Batches, 2>;
llvm::Expected<BatchPair> makeBatchPair(const Signature &signature, int64_t maxBatch);

/// Fills the batches of a series on a thread of its own, one ahead of its user: what they hold does
/// not depend on when that is. Ends early where its user does.
class Feed {
public:
  /// All that is given must outlive it.
  Feed(BatchPair &memory, const Samples &samples, std::vector<llvm::ArrayRef<int64_t>> series,
       const Batches::Random *random = nullptr);
  ~Feed();
  Feed(const Feed &) = delete;

  /// The next batch of the series, until the next call.
  const Batches &next();

private:
  void work();
  void fill(size_t index);

  BatchPair &memory;
  const Samples &samples;
  const std::vector<llvm::ArrayRef<int64_t>> series;
  const Batches::Random *random;

  pthread_t thread;
  bool hasThread; ///< where none can be had, the user's makes the batches
  std::mutex mutex;
  std::condition_variable changed;
  size_t made = 0, taken = 0; ///< batches
  bool ends = false;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_FEED_H
