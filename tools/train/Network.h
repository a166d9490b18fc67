//===- Network.h - what the training loop trains ------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_NETWORK_H
#define DLC_TOOLS_TRAIN_NETWORK_H

#include "tools/common/Library.h"
#include "tools/train/Fit.h"

namespace dlc::tools::train {

/// An instance of a model that learns. Calls take at most as many samples as it was made for.
class Network {
public:
  virtual ~Network() = default;

  virtual std::string name() const = 0;
  virtual Signature signature() const = 0;
  /// Names of what evaluate measures; the first is the loss.
  virtual std::vector<std::string> metrics() const = 0;

  /// Sets the gradients to those of the mean loss of samples `first` and following of a larger
  /// batch. Tells `part` of each, if there is one, in an order that is always the same.
  virtual llvm::Error differentiate(int64_t first, int64_t batch, llvm::ArrayRef<dlc_in> inputs,
                                    llvm::ArrayRef<dlc_in> targets, float &loss,
                                    BatchPart *part) = 0;
  /// Where they lie, always in the same order.
  virtual std::vector<llvm::MutableArrayRef<float>> gradients() = 0;
  /// Moves the parameters by the gradients.
  virtual llvm::Error update() = 0;
  /// Means over the batch, one for each metric.
  virtual llvm::Error evaluate(int64_t batch, llvm::ArrayRef<dlc_in> inputs,
                               llvm::ArrayRef<dlc_in> targets,
                               llvm::MutableArrayRef<double> metrics) = 0;
  virtual llvm::Error forward(int64_t batch, llvm::ArrayRef<dlc_in> inputs,
                              llvm::ArrayRef<dlc_out> outputs) = 0;
  /// Updates so far, and the learning rate of the next.
  virtual int64_t step() const = 0;
  virtual double learningRate() const = 0;

  /// Files are written whole or not at all.
  virtual llvm::Error load(llvm::StringRef weights) = 0;
  virtual llvm::Error save(llvm::StringRef weights) = 0;
  virtual llvm::Error loadState(llvm::StringRef path) = 0;
  virtual llvm::Error saveState(llvm::StringRef path) = 0;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_NETWORK_H
