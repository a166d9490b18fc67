//===- Fit.h - a data set as a model takes it ---------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_FIT_H
#define DLC_TOOLS_TRAIN_FIT_H

#include "runtime/dlc_runtime.h"
#include "tools/train/DataSet.h"

namespace dlc::tools::train {

/// What a model reads and is compared with; the first extents are the batch.
struct Signature {
  llvm::ArrayRef<dlc_tensor_info> inputs, outputs, targets;

  /// Values of the output that the target belongs to; 1 where there is no such output.
  int64_t classesOf(const dlc_tensor_info &target) const;
};

/// An input of every sample. Images are [height, width, channels], whatever the model's order.
struct Column {
  Array data;       ///< uint8, float32, int32 or int64
  double scale = 1; ///< of bytes on their way to floats
  int64_t elements = 0;
  int64_t height = 0, width = 0, channels = 0; ///< of images, else 0
  bool isPlanar = false;                       ///< the model wants [channels, height, width]

  bool isImage() const { return channels != 0; }
};

/// Samples whose shapes, types and labels are the model's.
struct Samples {
  std::vector<Column> inputs;
  std::vector<Array> targets; ///< of the model's types
  std::vector<std::string> classes;
  int64_t count = 0;
};

llvm::Expected<Samples> fit(DataSet data, const Signature &signature, const FitOptions &options);

/// How often each label occurs; empty where the first target is no label.
std::vector<int64_t> countLabels(const DataSet &data);

/// The labels of sparse targets: element i of an int32 array.
inline int32_t labelOf(const Array &target, int64_t i) {
  return reinterpret_cast<const int32_t *>(target.bytes().data())[i];
}

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_FIT_H
