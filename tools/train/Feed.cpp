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
  auto run = [](void *feed) -> void * {
    static_cast<Feed *>(feed)->work();
    return nullptr;
  };
  hasThread = pthread_create(&thread, nullptr, run, this) == 0;
}

Feed::~Feed() {
  if (!hasThread)
    return;
  {
    std::lock_guard lock(mutex);
    ends = true;
  }
  changed.notify_all();
  pthread_join(thread, nullptr);
}

void Feed::fill(size_t index) { memory[index % 2].fill(samples, series[index], random); }

// The batch before the one that is made may be in use.
void Feed::work() {
  std::unique_lock lock(mutex);
  while (made < series.size()) {
    changed.wait(lock, [&] { return ends || made == taken; });
    if (ends)
      return;
    lock.unlock();
    fill(made);
    lock.lock();
    ++made;
    changed.notify_all();
  }
}

const Batches &Feed::next() {
  std::unique_lock lock(mutex);
  if (hasThread)
    changed.wait(lock, [&] { return made > taken; });
  else
    fill(taken);
  const Batches &batch = memory[taken++ % 2];
  changed.notify_all();
  return batch;
}
