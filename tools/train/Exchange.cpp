//===- Exchange.cpp - gradients added up while others are computed ------------------===//

#include "tools/train/Exchange.h"

using namespace llvm;
using namespace dlc::tools::train;

// Numbers of a message: of smaller ones the time to begin is what counts.
static constexpr size_t kBucket = (1 << 20) / sizeof(float);

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
  worker.give([this, bucket = std::move(open)] { combine(bucket); });
  begin(share);
}

// Gradients that are on their way come first: all processes keep the order of their calls.
void Exchange::joinMeans(MutableArrayRef<float> values) {
  worker.wait();
  combine(values);
}

// Nothing is left to do beside the last ones, so they need no other thread.
void Exchange::finish() {
  worker.wait();
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
