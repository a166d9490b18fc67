//===- History.h - what became of each epoch ----------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_HISTORY_H
#define DLC_TOOLS_TRAIN_HISTORY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace dlc::tools::train {

/// Figures after an epoch: one for each metric, and as many for the validation set, if any.
struct EpochRecord {
  std::vector<double> training, validation;
  double learningRate = 0, seconds = 0;
};

using History = std::vector<EpochRecord>;

/// One of the figures, and whether more of it is better.
struct Monitor {
  std::string name;
  size_t metric = 0;
  bool ofValidation = false, isMaximised = false;

  /// `name` is a metric's, with "val_" before it for the validation set; empty: the loss, of the
  /// validation set where there is one.
  static llvm::Expected<Monitor> make(llvm::StringRef name, llvm::ArrayRef<std::string> metrics,
                                      bool hasValidation);

  double of(const EpochRecord &record) const {
    return (ofValidation ? record.validation : record.training)[metric];
  }
  /// Whether `value` is better than `other` by more than `minDelta`; any number is better than
  /// none.
  bool isBetter(double value, double other, double minDelta = 0) const {
    if (other != other)
      return value == value;
    return isMaximised ? value > other + minDelta : value < other - minDelta;
  }
};

/// Stops when a figure has not become better for some epochs.
struct EarlyStopping {
  std::string monitor;  ///< empty: the loss
  int64_t patience = 0; ///< epochs without a better one; 0: never stop
  double minDelta = 0;  ///< what counts as better
};

/// The index of the best epoch, the first of equals; the history is not empty.
size_t bestEpoch(const History &history, const Monitor &monitor);

/// Whether the last `patience` epochs brought nothing better than what was before them.
bool isStuck(const History &history, const Monitor &monitor, const EarlyStopping &stopping);

/// `0.0123`, `0.987`, `1.2e-05`: four digits that count.
std::string spellFigure(double value);

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_HISTORY_H
