//===- JointStep.cpp - a step on a batch that is cut into shards --------------------===//

#include "tools/train/JointStep.h"
#include "tools/train/Interrupts.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

// Each process adds up its shards before it meets others: that is the tree over all shards where
// they are a power of two for each.
Error train::checkShards(int64_t shards, int64_t batchSize, int64_t processes) {
  if (processes > 1 && (shards % processes || !isPowerOf2_64(shards / processes)))
    return createStringError("--shards " + Twine(shards) + " cannot be shared out among " +
                             Twine(processes) + " processes; it must be 1, 2, 4, 8, ... times " +
                             "their number");
  if (shards > batchSize)
    return createStringError("a batch of " + Twine(batchSize) + " has no sample for each of " +
                             Twine(shards) + " shards; give a larger --batch-size");
  return Error::success();
}

ArrayRef<int64_t> train::shardOf(ArrayRef<int64_t> batch, int64_t shards, int64_t index) {
  int64_t size = batch.size(), begin = index * size / shards;
  return batch.slice(begin, (index + 1) * size / shards - begin);
}

bool train::exchangesShards(int64_t shards, const Group &group) {
  return shards > 1 && shards == group.size();
}

// What stands for a shard where all processes have to make the same calls.
static ArrayRef<int64_t> computedOf(ArrayRef<int64_t> batch, ArrayRef<int64_t> shard) {
  return shard.empty() ? batch.take_front() : shard;
}

std::vector<ArrayRef<int64_t>> train::ownShards(ArrayRef<int64_t> order, int64_t first,
                                                int64_t batchSize, int64_t shards,
                                                const Group &group) {
  std::vector<ArrayRef<int64_t>> own;
  int64_t each = shards / group.size(), count = order.size();
  for (; first < count; first += batchSize) {
    ArrayRef<int64_t> batch = order.slice(first, std::min(batchSize, count - first));
    for (int64_t index = group.rank() * each; index < (group.rank() + 1) * each; ++index)
      if (ArrayRef<int64_t> shard = shardOf(batch, shards, index); !shard.empty())
        own.push_back(shard);
      else if (exchangesShards(shards, group))
        own.push_back(computedOf(batch, shard));
  }
  return own;
}

void JointStep::addGradients(float share) {
  flat.clear();
  for (ArrayRef<float> gradient : network.gradients())
    for (float value : gradient)
      flat.push_back(share ? value * share : 0); // an empty shard's are old ones
  gradientSum.add(flat);
}

void JointStep::replaceGradients(ArrayRef<float> with) {
  for (MutableArrayRef<float> gradient : network.gradients()) {
    copy(with.take_front(gradient.size()), gradient.begin());
    with = with.drop_front(gradient.size());
  }
}

Error JointStep::differentiate(ArrayRef<int64_t> chosen, float &loss) {
  const Batches &batches = feed.next();
  return network.differentiate(shard.begin() - chosen.begin(), shard.size(), batches.getInputs(),
                               batches.getTargets(), loss, exchange ? &*exchange : nullptr);
}

Error JointStep::addShard(int64_t index, ArrayRef<int64_t> chosen) {
  shard = shardOf(chosen, shards, index);
  float loss = 0;
  double share = double(shard.size()) / chosen.size();
  if (!shard.empty())
    if (Error error = differentiate(chosen, loss))
      return error;
  std::vector<double> part = {loss * share};
  lossSum.add(part);
  // Gradients that nothing is added to stay where they are.
  if (shards > 1)
    addGradients(share);
  return Error::success();
}

// Adds up the shards of this process, and then the sums of all.
Error JointStep::sumShards(ArrayRef<int64_t> chosen) {
  int64_t own = shards / group.size(), first = group.rank() * own;
  for (int64_t index = first; index < first + own; ++index)
    if (Error error = addShard(index, chosen))
      return error;
  if (shards == 1)
    return Error::success();
  flat = gradientSum.take();
  group.combine(flat);
  replaceGradients(flat);
  return Error::success();
}

// Gradients are exchanged while others are computed. A process without a sample computes those of
// one that is not its own, so that all make the same calls, and they count nothing.
Error JointStep::exchangeShard(ArrayRef<int64_t> chosen) {
  shard = shardOf(chosen, shards, group.rank());
  float loss = 0;
  double share = double(shard.size()) / chosen.size();
  shard = computedOf(chosen, shard);
  exchange->begin(share);
  if (Error error = differentiate(chosen, loss))
    return error;
  exchange->finish();
  std::vector<double> part = {loss * share};
  lossSum.add(part);
  return Error::success();
}

Expected<JointStep::Result> JointStep::run(ArrayRef<int64_t> chosen) {
  if (Error error = exchange ? exchangeShard(chosen) : sumShards(chosen))
    return error;
  std::vector<double> figures = lossSum.take();
  figures.push_back(Interrupts::isRequested());
  group.combine(figures);
  if (Error error = network.update())
    return error;
  return Result{figures[0], figures[1] > 0};
}
