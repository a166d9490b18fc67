//===- Batches.h - samples, one batch at a time -------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_BATCHES_H
#define DLC_TOOLS_TRAIN_BATCHES_H

#include "tools/train/Augment.h"
#include "tools/train/Fit.h"

namespace dlc::tools::train {

/// Some of the samples, in an order.
struct View {
  const Samples *samples = nullptr;
  std::vector<int64_t> order;

  int64_t size() const { return order.size(); }
  llvm::ArrayRef<int64_t> slice(int64_t first, int64_t count) const {
    return llvm::ArrayRef<int64_t>(order).slice(first, count);
  }
};

/// Sets the share `part` of the samples apart, chosen by the seed: first the rest, then those.
/// Each gets at least one sample.
llvm::Expected<std::pair<View, View>> split(const Samples &samples, double part, uint64_t seed);

/// All samples in their order.
View viewOf(const Samples &samples);

/// The order of an epoch: a function of the seed and the epoch alone.
std::vector<int64_t> shuffled(std::vector<int64_t> order, uint64_t seed, uint64_t epoch);

/// Memory for one batch, filled again and again.
class Batches {
public:
  static llvm::Expected<Batches> make(const Signature &signature, int64_t maxBatch);

  struct Random {
    const Augment *augment;
    uint64_t seed, epoch;
  };
  /// Gathers samples; `random`, where it is given, changes the images.
  void fill(const Samples &samples, llvm::ArrayRef<int64_t> chosen, const Random *random = nullptr);

  llvm::ArrayRef<dlc_in> getInputs() const { return inputs; }
  llvm::ArrayRef<dlc_in> getTargets() const { return targets; }

private:
  void render(const Column &column, int64_t sample, const Random *random);
  void store(const Column &column, int64_t index, Array &to) const;

  std::vector<Array> inputArrays, targetArrays;
  std::vector<dlc_in> inputs, targets;
  std::vector<float> image, scratch; // one sample, its images as [height, width, channels]
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_BATCHES_H
