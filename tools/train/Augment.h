//===- Augment.h - random changes of images while training --------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_AUGMENT_H
#define DLC_TOOLS_TRAIN_AUGMENT_H

#include "tools/train/Counter.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace dlc::tools::train {

/// One image, [height, width, channels].
struct Image {
  float *data;
  int64_t height, width, channels;
  double white; ///< the largest value; infinite where none is known

  int64_t size() const { return height * width * channels; }
  float &at(int64_t row, int64_t column, int64_t channel) const {
    return data[(row * width + column) * channels + channel];
  }
};

/// A change as the user writes it: RandomCrop:padding=4, or its object in the JSON.
struct AugmentText {
  std::string type;
  std::vector<std::pair<std::string, std::string>> values;

  static llvm::Expected<AugmentText> parse(llvm::StringRef text);
};

struct AugmentKind;

/// The changes that every training image goes through, in order.
class Augment {
public:
  /// Errors are sentences without a place.
  llvm::Error add(const AugmentText &text);
  bool empty() const { return steps.empty(); }

  /// Depends on the image and `random` alone. `scratch` is memory to reuse.
  void apply(const Image &image, Counter random, std::vector<float> &scratch) const;

  /// The changes in one line, for comparing runs.
  std::string spell() const;

private:
  struct Step {
    const AugmentKind *kind;
    std::vector<double> values;
  };
  std::vector<Step> steps;
};

/// A line for each change and its fields, for `dlc train --help`.
std::string describeAugmentations();

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_AUGMENT_H
