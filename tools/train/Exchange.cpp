//===- Exchange.cpp - gradients added up while others are computed ------------------===//

#include "tools/train/Exchange.h"

using namespace llvm;
using namespace dlc::tools::train;

// Numbers of a message: of smaller ones the time to begin is what counts.
static constexpr size_t kBucket = (1 << 20) / sizeof(float);

Exchange::Exchange(Group &group) : group(group) {
  auto start = [](void *self) -> void * {
    static_cast<Exchange *>(self)->work();
    return nullptr;
  };
  hasThread = pthread_create(&thread, nullptr, start, this) == 0;
}

Exchange::~Exchange() {
  if (!hasThread)
    return;
  {
    std::lock_guard lock(mutex);
    ends = true;
  }
  changed.notify_all();
  pthread_join(thread, nullptr);
}

void Exchange::work() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return ends || !full.empty(); });
    if (full.empty())
      return;
    lock.unlock();
    combine(full.front());
    lock.lock();
    full.pop_front();
    changed.notify_all();
  }
}

// The thread is idle then, and the group free.
void Exchange::drain() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return full.empty(); });
}

void Exchange::begin(float ofSamples) {
  share = ofSamples;
  open.clear();
  openSize = 0;
}

void Exchange::takeGradient(MutableArrayRef<float> gradient) {
  open.push_back(gradient);
  openSize += gradient.size();
  if (openSize < kBucket)
    return;
  if (hasThread) {
    std::lock_guard lock(mutex);
    full.push_back(std::move(open));
  } else {
    combine(open);
  }
  changed.notify_all();
  begin(share);
}

// Gradients that are on their way come first: all processes keep the order of their calls.
void Exchange::joinMeans(MutableArrayRef<float> values) {
  drain();
  combine(values);
}

// Nothing is left to do beside the last ones, so they need no other thread.
void Exchange::finish() {
  drain();
  combine(open);
}

void Exchange::combine(ArrayRef<MutableArrayRef<float>> gradients) {
  flat.clear();
  for (ArrayRef<float> gradient : gradients)
    for (float value : gradient)
      flat.push_back(share ? value * share : 0);
  group.combine(flat);
  ArrayRef<float> sums = flat;
  for (MutableArrayRef<float> gradient : gradients) {
    copy(sums.take_front(gradient.size()), gradient.begin());
    sums = sums.drop_front(gradient.size());
  }
}
