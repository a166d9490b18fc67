//===- Feed.cpp - batches made ahead ------------------------------------------------===//

#include "tools/train/Feed.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

Expected<BatchPair> train::makeBatchPair(const Signature &signature, int64_t maxBatch) {
  Expected<Batches> first = Batches::make(signature, maxBatch);
  if (!first)
    return first.takeError();
  Expected<Batches> second = Batches::make(signature, maxBatch);
  if (!second)
    return second.takeError();
  return BatchPair{std::move(*first), std::move(*second)};
}

Feed::Feed(BatchPair &memory, const Samples &samples, std::vector<ArrayRef<int64_t>> series,
           const Batches::Random *random)
    : memory(memory), samples(samples), series(std::move(series)), random(random) {
  make(0);
}

void Feed::make(size_t index) {
  if (index < series.size())
    worker.give([this, index] { memory[index % 2].fill(samples, series[index], random); });
}

const Batches &Feed::next() {
  worker.wait();
  size_t index = taken++;
  make(taken);
  return memory[index % 2];
}
