//===- Exchange.h - gradients added up while others are computed --------*- C++ -*-===//
//
// A process that has one shard of each batch need not wait for its last gradient before it meets
// the others: each gradient goes on its way as soon as it is complete, while the walk back goes on.
// Small ones wait for each other until they are worth a message. All processes compute the same
// gradients in the same order, so all of them exchange the same messages, and each number is added
// in the tree of Group.h: the bits are those of adding everything at the end.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_TOOLS_TRAIN_EXCHANGE_H
#define DLC_TOOLS_TRAIN_EXCHANGE_H

#include "tools/common/Library.h"
#include "tools/common/Worker.h"
#include "tools/train/Group.h"

namespace dlc::tools::train {

/// Turns the gradients of each process's shard into those of the joint batch. While a step is on
/// its way nobody else uses the group.
class Exchange : public BatchPart {
public:
  explicit Exchange(Group &group) : group(group) {}

  /// A step begins, of which this process has `share` of the samples.
  void begin(float share);
  void takeGradient(llvm::MutableArrayRef<float> gradient) override;
  void joinMeans(llvm::MutableArrayRef<float> values) override;
  /// All gradients that were taken are sums from here on.
  void finish();

private:
  using Bucket = std::vector<llvm::MutableArrayRef<float>>;
  void combine(llvm::ArrayRef<llvm::MutableArrayRef<float>> gradients);

  Group &group;
  float share = 0;
  Bucket open;             ///< what waits to be worth a message
  size_t openSize = 0;     ///< numbers in it
  std::vector<float> flat; ///< of who combines
  Worker worker;           ///< last, so that it ends first
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_EXCHANGE_H
