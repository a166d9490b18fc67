//===- ReadData.cpp - which reader takes which path ---------------------------------===//

#include "runtime/dlc_runtime.h"
#include "tools/common/Errors.h"
#include "tools/common/Npz.h"
#include "tools/train/Convert.h"
#include "tools/train/DataSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

Expected<std::unique_ptr<MemoryBuffer>> train::readFile(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
  if (!file)
    return inputError(path, "cannot read it: " + file.getError().message());
  if ((*file)->getBuffer().starts_with("\x1f\x8b"))
    return inputError(path, "it is compressed; unpack it first: gunzip -k " + path);
  return std::move(*file);
}

Expected<Array> train::arrayOf(StringRef file, int32_t dtype, ArrayRef<int64_t> shape) {
  Expected<Array> array = makeArray(sys::path::filename(file), dtype, shape);
  if (array) {
    array->file = file.str();
    array->name.clear();
  }
  return array;
}

Error train::checkSamples(const DataSet &data) {
  auto nameOf = [](const Array &array) { return "'" + array.file + "'"; };
  const Array &first = data.inputs.front();
  for (const Array &array : concat<const Array>(data.inputs, data.targets)) {
    if (array.shape.empty())
      return inputError(array.file, "it holds one number, not an array of samples");
    if (array.shape.front() == 0)
      return inputError(array.file, "the data set is empty");
    if (array.shape.front() != first.shape.front())
      return inputError(data.place, nameOf(first) + " has " + Twine(first.shape.front()) +
                                        " samples and " + nameOf(array) + " has " +
                                        Twine(array.shape.front()) +
                                        "; inputs and targets must have as many");
  }
  return Error::success();
}

Error train::matchClasses(const DataSet &training, DataSet &other) {
  if (training.classes.empty() || other.classes.empty() || training.classes == other.classes)
    return Error::success();
  std::vector<int32_t> numbers;
  for (const std::string &name : other.classes) {
    auto found = llvm::find(training.classes, name);
    if (found == training.classes.end())
      return inputError(other.place, "samples to validate with are of the class \"" +
                                         printable(name) +
                                         "\", and none to train on is; add some, or remove those");
    numbers.push_back(found - training.classes.begin());
  }
  Expected<Array> labels = convert(std::move(other.targets.front()), DLC_INT32);
  if (!labels)
    return labels.takeError();
  auto *label = reinterpret_cast<int32_t *>(labels->begin());
  for (int64_t i = 0; i < labels->shape.front(); ++i)
    label[i] = numbers[label[i]];
  other.targets.front() = std::move(*labels);
  other.classes = training.classes;
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Arrays by name
//===----------------------------------------------------------------------===//

static bool isTargetName(StringRef name) {
  return name == "y" || name.starts_with("y_") || name.starts_with("label") ||
         name.starts_with("target");
}

static bool isTestName(StringRef name) { return name.contains("test") || name.contains("val"); }

Expected<DataParts> train::splitArrays(std::vector<Array> arrays, StringRef file) {
  DataParts parts;
  DataSet test;
  for (Array &array : arrays) {
    DataSet &data = isTestName(array.name) ? test : parts.train;
    std::vector<Array> &list = isTargetName(array.name) ? data.targets : data.inputs;
    list.push_back(std::move(array));
  }
  for (DataSet *data : {&parts.train, &test}) {
    data->place = file.str();
    if (data->inputs.empty() != data->targets.empty() || parts.train.inputs.empty())
      return inputError(file, "its arrays are no data set; name the inputs x (or as the model "
                              "does) and the targets y, those for tests x_test and y_test");
  }
  if (!test.inputs.empty())
    parts.test = std::move(test);
  return parts;
}

//===----------------------------------------------------------------------===//
// Folders with files of known names
//===----------------------------------------------------------------------===//

static std::string inFolder(StringRef folder, StringRef name) {
  SmallString<256> path(folder);
  sys::path::append(path, name);
  return path.str().str();
}

// The labels of an images file have its name with two words changed.
static std::string labelsBeside(StringRef images) {
  StringRef folder = sys::path::parent_path(images);
  std::string name = sys::path::filename(images).str();
  for (auto [from, to] : {std::pair<StringRef, StringRef>{"images", "labels"}, {"idx3", "idx1"}})
    if (size_t at = name.find(from); at != std::string::npos)
      name.replace(at, from.size(), to.str());
  return inFolder(folder, name);
}

static Expected<DataSet> readIdxPair(StringRef images, StringRef labels) {
  DataSet data;
  for (StringRef path : {images, labels}) {
    Expected<std::unique_ptr<MemoryBuffer>> file = readFile(path);
    if (!file)
      return file.takeError();
    Expected<Array> array = parseIdx((*file)->getBuffer(), path);
    if (!array)
      return array.takeError();
    (path == images ? data.inputs : data.targets).push_back(std::move(*array));
  }
  return data;
}

static Expected<DataSet> readCifarFiles(std::vector<std::string> paths) {
  std::vector<std::unique_ptr<MemoryBuffer>> files;
  SmallVector<StringRef> contents;
  for (const std::string &path : paths) {
    Expected<std::unique_ptr<MemoryBuffer>> file = readFile(path);
    if (!file)
      return file.takeError();
    contents.push_back((*file)->getBuffer());
    files.push_back(std::move(*file));
  }
  return parseCifar(contents, paths);
}

using Read = function_ref<Expected<DataSet>(ArrayRef<std::string>)>;

// The files of each part that are in the folder.
static Expected<DataParts> readParts(ArrayRef<std::string> trainFiles,
                                     ArrayRef<std::string> testFiles, Read read) {
  DataParts parts;
  Expected<DataSet> data = read(trainFiles.empty() ? testFiles : trainFiles);
  if (!data)
    return data.takeError();
  parts.train = std::move(*data);
  if (trainFiles.empty() || testFiles.empty())
    return parts;
  Expected<DataSet> test = read(testFiles);
  if (!test)
    return test.takeError();
  parts.test = std::move(*test);
  return parts;
}

static Expected<DataParts> readFolder(StringRef folder) {
  auto present = [&](std::initializer_list<StringRef> names) {
    std::vector<std::string> paths;
    for (StringRef name : names)
      if (std::string path = inFolder(folder, name); sys::fs::is_regular_file(path))
        paths.push_back(path);
    return paths;
  };
  auto idx = [](ArrayRef<std::string> paths) {
    return readIdxPair(paths[0], labelsBeside(paths[0]));
  };
  auto cifar = [](ArrayRef<std::string> paths) { return readCifarFiles(paths.vec()); };
  auto digits = present({"train-images-idx3-ubyte"}),
       digitsTest = present({"t10k-images-idx3-ubyte"});
  if (!digits.empty() || !digitsTest.empty())
    return readParts(digits, digitsTest, idx);
  auto batches = present({"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                          "data_batch_4.bin", "data_batch_5.bin", "train.bin"});
  auto batchesTest = present({"test_batch.bin", "test.bin"});
  if (!batches.empty() || !batchesTest.empty())
    return readParts(batches, batchesTest, cifar);
  auto images = [](ArrayRef<std::string> paths) { return readImageFolder(paths[0]); };
  std::vector<std::string> folders, foldersTest;
  if (std::string path = inFolder(folder, "train"); sys::fs::is_directory(path))
    folders.push_back(path);
  for (StringRef name : {"test", "validation", "val"})
    if (std::string path = inFolder(folder, name);
        sys::fs::is_directory(path) && foldersTest.empty())
      foldersTest.push_back(path);
  if (!folders.empty())
    return readParts(folders, foldersTest, images);
  return readParts({folder.str()}, {}, images);
}

//===----------------------------------------------------------------------===//
// Paths
//===----------------------------------------------------------------------===//

static Expected<DataParts> readOne(StringRef path, const CsvOptions &csv) {
  if (sys::fs::is_directory(path))
    return readFolder(path);
  Expected<std::unique_ptr<MemoryBuffer>> file = readFile(path);
  if (!file)
    return file.takeError();
  StringRef content = (*file)->getBuffer(), end = sys::path::extension(path);
  if (content.empty())
    return inputError(path, "the data set is empty");
  if (end == ".npz") {
    Expected<std::vector<Array>> arrays = parseNpz(content, path);
    if (!arrays)
      return arrays.takeError();
    return splitArrays(std::move(*arrays), path);
  }
  auto whole = [](Expected<DataSet> data) -> Expected<DataParts> {
    if (!data)
      return data.takeError();
    return DataParts{std::move(*data), std::nullopt};
  };
  if (end == ".csv" || end == ".tsv" || end == ".txt")
    return whole(parseCsv(content, path, csv));
  if (end == ".bin")
    return whole(readCifarFiles({path.str()}));
  if (isIdx(content) && labelsBeside(path) != path)
    return whole(readIdxPair(path, labelsBeside(path)));
  return inputError(path, "not a data set: dlc reads .csv, .npz, two .npy, CIFAR's .bin, a pair of "
                          "idx files, and a folder of images for each class");
}

// Two files: inputs, then targets.
static Expected<DataParts> readPair(StringRef inputs, StringRef targets) {
  DataParts parts;
  for (StringRef path : {inputs, targets}) {
    Expected<std::unique_ptr<MemoryBuffer>> file = readFile(path);
    if (!file)
      return file.takeError();
    StringRef content = (*file)->getBuffer();
    Expected<Array> array = isIdx(content) ? parseIdx(content, path) : parseNpy(content, path);
    if (!array)
      return array.takeError();
    (path == inputs ? parts.train.inputs : parts.train.targets).push_back(std::move(*array));
  }
  return parts;
}

Expected<DataParts> train::readData(ArrayRef<std::string> paths, const CsvOptions &csv) {
  std::string place = join(paths, ", ");
  if (paths.size() > 2)
    return inputError(place, "a data set is one path, or two: the inputs and the targets");
  if (paths.size() == 2 && paths[0] == paths[1])
    return inputError(place, "the inputs and the targets are one file");
  Expected<DataParts> parts =
      paths.size() == 2 ? readPair(paths[0], paths[1]) : readOne(paths.front(), csv);
  if (!parts)
    return parts;
  for (DataSet *data : {&parts->train, parts->test ? &*parts->test : nullptr}) {
    if (!data)
      continue;
    data->place = place;
    if (Error error = checkSamples(*data))
      return error;
  }
  return parts;
}
