//===- Pictures.h - learning curves and confusion matrices --------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_PICTURES_H
#define DLC_TOOLS_TRAIN_PICTURES_H

#include "tools/train/Batches.h"
#include "tools/train/History.h"
#include "tools/train/Network.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::tools::train {

/// Row by row: how many samples of a class were taken for which.
struct Confusion {
  int64_t classes = 0;
  std::vector<int64_t> counts;

  int64_t &at(int64_t actual, int64_t predicted) { return counts[actual * classes + predicted]; }
  int64_t at(int64_t actual, int64_t predicted) const {
    return counts[actual * classes + predicted];
  }
};

/// Counts the network's answers to a view's samples. None where the first target is no class.
llvm::Expected<std::optional<Confusion>> confusionOf(Network &network, const View &view,
                                                     int64_t batchSize);

/// One curve for each metric over the epochs, and its validation's, as an SVG file.
void drawCurves(llvm::raw_ostream &os, const History &history, llvm::ArrayRef<std::string> metrics);

/// The matrix as an SVG file; `classes` are names, or none.
void drawConfusion(llvm::raw_ostream &os, const Confusion &confusion,
                   llvm::ArrayRef<std::string> classes);

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_PICTURES_H
