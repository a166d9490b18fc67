//===- JointStep.h - a step on a batch that is cut into shards ----------*- C++ -*-===//
//
// The gradients of the joint batch are the sum of those of its shards, each times its share of the
// samples, added in the tree of Group.h over all shards. What comes out depends on the number of
// shards, and not on how many processes compute them. A process with one shard sends its gradients
// while it computes them (Exchange.h). One with several adds those up first and sends one sum:
// sending each while the next is computed would take more messages, and the last would be waited
// for all the same.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_TOOLS_TRAIN_JOINTSTEP_H
#define DLC_TOOLS_TRAIN_JOINTSTEP_H

#include "tools/train/Exchange.h"
#include "tools/train/Feed.h"
#include "tools/train/Network.h"

namespace dlc::tools::train {

/// What is wrong with cutting batches into so many shards for so many processes; success: nothing.
llvm::Error checkShards(int64_t shards, int64_t batchSize, int64_t processes);

/// Shard `index` of a batch: contiguous, and as long as the others, or shorter or longer by one.
/// Batches with fewer samples than shards leave some empty.
llvm::ArrayRef<int64_t> shardOf(llvm::ArrayRef<int64_t> batch, int64_t shards, int64_t index);

/// Whether each process has one shard of several, and exchanges gradients while it computes them.
bool exchangesShards(int64_t shards, const Group &group);

/// What a process computes of the samples from `first` on, cut into batches: its shards of each,
/// in order, without empty ones; where shards are exchanged, some
/// sample in the place of an empty one. `order` must outlive them.
std::vector<llvm::ArrayRef<int64_t>> ownShards(llvm::ArrayRef<int64_t> order, int64_t first,
                                               int64_t batchSize, int64_t shards,
                                               const Group &group);

class JointStep {
public:
  /// `feed` gives the shards of this process in their order, and `network` has room for the
  /// longest.
  JointStep(Network &network, Group &group, Feed &feed, int64_t shards)
      : network(network), group(group), feed(feed), shards(shards) {
    if (exchangesShards(shards, group))
      exchange.emplace(group);
  }

  struct Result {
    double loss; ///< mean over the joint batch
    bool stops;  ///< some process was interrupted
  };
  /// Trains on `chosen`, of which this process computes its shards.
  llvm::Expected<Result> run(llvm::ArrayRef<int64_t> chosen);

  /// The samples that differentiate saw last.
  llvm::ArrayRef<int64_t> present() const { return shard; }

private:
  llvm::Error addShard(int64_t index, llvm::ArrayRef<int64_t> chosen);
  llvm::Error differentiate(llvm::ArrayRef<int64_t> chosen, float &loss);
  llvm::Error exchangeShard(llvm::ArrayRef<int64_t> chosen);
  llvm::Error sumShards(llvm::ArrayRef<int64_t> chosen);
  void addGradients(float share);
  void replaceGradients(llvm::ArrayRef<float> with);

  Network &network;
  Group &group;
  Feed &feed;
  const int64_t shards;
  std::optional<Exchange> exchange; ///< where this process has one shard of several
  llvm::ArrayRef<int64_t> shard;
  TreeSum<float> gradientSum;
  TreeSum<double> lossSum;
  std::vector<float> flat; ///< all gradients, one after the other
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_JOINTSTEP_H
