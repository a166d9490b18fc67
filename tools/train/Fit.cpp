//===- Fit.cpp - a data set as a model takes it -------------------------------------===//

#include "tools/train/Fit.h"
#include "runtime/Message.h"
#include "tools/common/Errors.h"
#include "tools/train/Convert.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

using Shape = std::vector<int64_t>;

static Shape sampleShape(const Array &array) {
  return {array.shape.begin() + 1, array.shape.end()};
}

static Shape sampleShape(const dlc_tensor_info &info) {
  return {info.shape + 1, info.shape + info.rank};
}

static Shape withoutOnes(Shape shape) {
  llvm::erase(shape, 1);
  return shape;
}

static int64_t productOf(const Shape &shape) {
  int64_t product = 1;
  for (int64_t extent : shape)
    product *= extent;
  return product;
}

int64_t Signature::classesOf(const dlc_tensor_info &target) const {
  for (const dlc_tensor_info &output : outputs)
    if (StringRef(output.name) == target.name)
      return output.rank > 1 ? output.shape[output.rank - 1] : 1;
  return 1;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

static Error wrongShape(const Array &array, const dlc_tensor_info &info, const Twine &cure) {
  return inputError(array.file, "its samples are " + spell(sampleShape(array)) +
                                    "; the model's input \"" + info.name + "\" is " +
                                    spell(sampleShape(info)) + cure);
}

// Images of the model's size, as [n, height, width, channels]; `column` says which.
static Expected<Array> fitImages(Array images, const dlc_tensor_info &info, Resize resize,
                                 Column &column) {
  if (images.shape.size() == 3)
    images.shape.push_back(1);
  auto isChannels = [](int64_t extent) { return extent == 1 || extent == 3; };
  Shape wanted = sampleShape(info);
  int64_t given = images.shape[3];
  bool isLast = wanted[2] == given || (isChannels(wanted[2]) && isChannels(given));
  bool isFirst = (isChannels(wanted[0]) && isChannels(given)) ||
                 wanted == Shape{given, images.shape[1], images.shape[2]};
  if (!isLast && !isFirst)
    return wrongShape(images, info, "; images are read as [height, width, channels]");
  column.isPlanar = !isLast;
  column.channels = column.isPlanar ? wanted[0] : wanted[2];
  column.height = column.isPlanar ? wanted[1] : wanted[0];
  column.width = column.isPlanar ? wanted[2] : wanted[1];
  if (given != column.channels) {
    Expected<Array> converted = withChannels(std::move(images), column.channels);
    if (!converted)
      return converted;
    images = std::move(*converted);
  }
  if (images.shape[1] == column.height && images.shape[2] == column.width)
    return images;
  if (resize == Resize::No)
    return wrongShape(images, info, "; --resize pad or --resize bilinear changes their size");
  return (resize == Resize::Pad ? padded : resized)(std::move(images), column.height, column.width);
}

// Rows of a table are in the model's own order, whatever its shape.
static Expected<Array> fitShape(Array array, const dlc_tensor_info &info, Resize resize,
                                Column &column) {
  Shape given = sampleShape(array), wanted = sampleShape(info);
  bool isImage = wanted.size() == 3 && (given.size() == 3 || given.size() == 2) &&
                 (info.dtype == DLC_FLOAT32 || info.dtype == DLC_UINT8);
  if (isImage)
    return fitImages(std::move(array), info, resize, column);
  bool isRow = given.size() <= 1 && productOf(given) == productOf(wanted);
  if (!isRow && withoutOnes(given) != withoutOnes(wanted))
    return wrongShape(array, info, "");
  if (wanted.size() == 3 && info.dtype == DLC_FLOAT32 && (wanted[2] == 1 || wanted[2] == 3)) {
    column.height = wanted[0];
    column.width = wanted[1];
    column.channels = wanted[2];
  }
  array.shape.resize(1);
  array.shape.insert(array.shape.end(), wanted.begin(), wanted.end());
  return array;
}

static Error checkFinite(const Array &array, int64_t perSample) {
  if (array.dtype == DLC_UINT8 || array.dtype == DLC_INT32 || array.dtype == DLC_INT64)
    return Error::success();
  for (int64_t i = 0, count = array.shape.front() * perSample; i < count; ++i)
    if (double value = elementOf(array, i); !std::isfinite(value))
      return inputError(array.file, "sample " + Twine(i / perSample) + " has a value that is " +
                                        (std::isnan(value) ? "not a number" : "infinite"));
  return Error::success();
}

static Error checkNumeric(const Array &array) {
  if (isNumeric(array))
    return Error::success();
  return inputError(array.file, "its elements are " + array.type +
                                    "; dlc trains on uint8, int32, int64, float32 and float64");
}

// Bytes on their way to floats stay bytes: a quarter of the memory.
static Expected<Column> fitInput(Array array, const dlc_tensor_info &info,
                                 const FitOptions &options) {
  if (Error error = checkNumeric(array))
    return error;
  Column column;
  column.elements = productOf(sampleShape(info));
  bool isReal = info.dtype == DLC_FLOAT32;
  if (array.dtype != DLC_UINT8 || !isReal) {
    if (Error error = checkFinite(array, productOf(sampleShape(array))))
      return error;
    if (!isReal && array.dtype != info.dtype && (array.dtype == DLC_FLOAT32 || !array.dtype))
      return inputError(array.file, "it holds " + array.type + "; the model's input \"" +
                                        info.name + "\" takes " + rt::dtypeName(info.dtype));
    Expected<Array> converted = convert(std::move(array), info.dtype);
    if (!converted)
      return converted.takeError();
    array = std::move(*converted);
  }
  if (isReal)
    column.scale = options.scale.value_or(array.dtype == DLC_UINT8 ? 1.0 / 255 : 1.0);
  Expected<Array> shaped = fitShape(std::move(array), info, options.resize, column);
  if (!shaped)
    return shaped.takeError();
  column.data = std::move(*shaped);
  return column;
}

//===----------------------------------------------------------------------===//
// Targets
//===----------------------------------------------------------------------===//

static Error checkLabels(const Array &array, int64_t count, int64_t perSample, int64_t classes,
                         StringRef output) {
  for (int64_t i = 0; i < count; ++i) {
    double label = elementOf(array, i);
    if (label != std::floor(label))
      return inputError(array.file, "sample " + Twine(i / perSample) + " has the label " +
                                        spellNumber(label) +
                                        "; the model's loss takes labels that are integers");
    if (label < 0 || label >= classes)
      return inputError(array.file, "sample " + Twine(i / perSample) + " has the label " +
                                        spellNumber(label) + "; the output \"" + output +
                                        "\" has " + Twine(classes) + " values: labels are 0 to " +
                                        Twine(classes - 1));
  }
  return Error::success();
}

static Expected<Array> oneHot(const Array &labels, int64_t classes) {
  int64_t samples = labels.shape.front();
  Expected<Array> result = arrayOf(labels.file, DLC_FLOAT32, {samples, classes});
  if (!result)
    return result;
  float *to = reinterpret_cast<float *>(result->begin());
  std::fill_n(to, samples * classes, 0.0f);
  for (int64_t i = 0; i < samples; ++i)
    to[i * classes + int64_t(elementOf(labels, i))] = 1;
  return result;
}

static Expected<Array> fitTarget(Array array, const dlc_tensor_info &info, int64_t classes) {
  if (Error error = checkNumeric(array))
    return error;
  int64_t given = productOf(sampleShape(array)), wanted = productOf(sampleShape(info));
  int64_t samples = array.shape.front();
  if (Error error = checkFinite(array, given))
    return error;
  bool areLabels = info.dtype != DLC_FLOAT32;
  bool becomeOneHot = !areLabels && given == 1 && wanted > 1 && wanted == classes;
  if (given != wanted && !becomeOneHot)
    return inputError(array.file, "its targets are " + spell(sampleShape(array)) +
                                      "; the loss of the output \"" + info.name + "\" takes " +
                                      spell(sampleShape(info)) +
                                      (areLabels && given == classes
                                           ? ": labels; for one-hot targets the loss is "
                                             "\"categorical_crossentropy\""
                                           : ""));
  if (areLabels || becomeOneHot)
    if (Error error = checkLabels(array, samples * given, given, classes, info.name))
      return error;
  if (becomeOneHot)
    return oneHot(array, classes);
  return convert(std::move(array), info.dtype);
}

//===----------------------------------------------------------------------===//
// All of it
//===----------------------------------------------------------------------===//

// By name where all names are known, else in order.
static Error arrange(std::vector<Array> &arrays, ArrayRef<dlc_tensor_info> infos, StringRef place,
                     StringRef what) {
  if (arrays.size() != infos.size())
    return inputError(place, "it has " + Twine(arrays.size()) + " arrays of " + what +
                                 "s; the model takes " + Twine(infos.size()));
  auto rankOf = [&](const Array &array) {
    return find_if(infos, [&](const dlc_tensor_info &i) { return array.name == i.name; }) -
           infos.begin();
  };
  if (all_of(arrays, [&](const Array &array) { return rankOf(array) < int64_t(infos.size()); }))
    llvm::sort(arrays, [&](const Array &a, const Array &b) { return rankOf(a) < rankOf(b); });
  return Error::success();
}

Expected<Samples> train::fit(DataSet data, const Signature &signature, const FitOptions &options) {
  if (Error error = arrange(data.inputs, signature.inputs, data.place, "input"))
    return error;
  if (Error error = arrange(data.targets, signature.targets, data.place, "target"))
    return error;
  Samples samples;
  samples.count = data.samples();
  samples.classes = std::move(data.classes);
  for (auto [array, info] : zip_equal(data.inputs, signature.inputs)) {
    Expected<Column> column = fitInput(std::move(array), info, options);
    if (!column)
      return column.takeError();
    samples.inputs.push_back(std::move(*column));
  }
  for (auto [array, info] : zip_equal(data.targets, signature.targets)) {
    Expected<Array> target = fitTarget(std::move(array), info, signature.classesOf(info));
    if (!target)
      return target.takeError();
    samples.targets.push_back(std::move(*target));
  }
  return samples;
}

std::vector<int64_t> train::countLabels(const DataSet &data) {
  constexpr double kMaxLabel = 1 << 20;
  const Array &labels = data.targets.front();
  std::vector<int64_t> counts;
  if (!isNumeric(labels) || productOf(sampleShape(labels)) != 1)
    return {};
  for (int64_t i = 0; i < labels.shape.front(); ++i) {
    double label = elementOf(labels, i);
    if (!(label >= 0 && label < kMaxLabel) || label != std::floor(label))
      return {};
    if (counts.size() <= size_t(label))
      counts.resize(size_t(label) + 1);
    ++counts[size_t(label)];
  }
  return counts;
}
