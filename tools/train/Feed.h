//===- Feed.h - batches made ahead --------------------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_FEED_H
#define DLC_TOOLS_TRAIN_FEED_H

#include "tools/common/Worker.h"
#include "tools/train/Batches.h"
#include <array>

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

  /// The next batch of the series, until the next call.
  const Batches &next();

private:
  void make(size_t index);

  BatchPair &memory;
  const Samples &samples;
  const std::vector<llvm::ArrayRef<int64_t>> series;
  const Batches::Random *random;
  size_t taken = 0; ///< batches
  Worker worker;    ///< last, so that it ends first
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_FEED_H
