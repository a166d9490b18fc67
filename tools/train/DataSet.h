//===- DataSet.h - samples and their targets, as files give them --------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_DATASET_H
#define DLC_TOOLS_TRAIN_DATASET_H

#include "tools/common/Npy.h"
#include "tools/train/Request.h"
#include <optional>

namespace dlc::tools::train {

/// Arrays whose first extent is the samples. Images are [height, width, channels].
struct DataSet {
  std::vector<Array> inputs;
  std::vector<Array> targets;
  std::vector<std::string> classes; ///< names of the labels, where the files give them
  std::string place;                ///< what the user named, for messages

  int64_t samples() const { return inputs.front().shape.front(); }
};

/// What one path holds: many data sets come with samples set aside for tests.
struct DataParts {
  DataSet train;
  std::optional<DataSet> test;
};

/// Reads what the paths hold, by content: idx pairs, CIFAR-10 and CIFAR-100 binaries, .npy (inputs,
/// then targets), .npz, .csv, a folder of any of these or one with a folder of PNG and JPEG images
/// for each class. Data sets are never empty, and their arrays have as many samples each.
llvm::Expected<DataParts> readData(llvm::ArrayRef<std::string> paths, const CsvOptions &csv);

/// Checks that all arrays have the same number of samples, at least one.
llvm::Error checkSamples(const DataSet &data);

/// Gives the labels of `other` the numbers that `training` has for their names, where both have
/// names: a folder without one of the classes would count others.
llvm::Error matchClasses(const DataSet &training, DataSet &other);

/// A whole file, not mapped: one that shrinks meanwhile cannot end the process.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> readFile(llvm::StringRef path);

/// An array for `shape` that says it came from `file`.
llvm::Expected<Array> arrayOf(llvm::StringRef file, int32_t dtype, llvm::ArrayRef<int64_t> shape);

//===----------------------------------------------------------------------===//
// Readers
//===----------------------------------------------------------------------===//

/// The file formats of MNIST: big-endian extents, then bytes. `[n, rows, columns]` becomes images
/// of one channel.
llvm::Expected<Array> parseIdx(llvm::StringRef content, llvm::StringRef file);
bool isIdx(llvm::StringRef content);

/// Records of a label (CIFAR-100: a coarse and a fine one, of which the fine one counts) and a
/// planar 32x32 image, of one or several files.
llvm::Expected<DataSet> parseCifar(llvm::ArrayRef<llvm::StringRef> contents,
                                   llvm::ArrayRef<std::string> files);

/// Rows of numbers and a label, which may be a word; the first row may name the columns.
llvm::Expected<DataSet> parseCsv(llvm::StringRef content, llvm::StringRef file,
                                 const CsvOptions &options);

/// Sorts the arrays of an .npz by their names: x, y, x_train, y_train, x_test, y_test, images,
/// labels, input..., target...
llvm::Expected<DataParts> splitArrays(std::vector<Array> arrays, llvm::StringRef file);

/// A folder with one of images for each class; classes are in the order of their names. All
/// images have one size; they have three channels if any of them has a colour.
llvm::Expected<DataSet> readImageFolder(llvm::StringRef folder);

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_DATASET_H
