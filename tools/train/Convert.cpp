//===- Convert.cpp - element types and image sizes ----------------------------------===//

#include "tools/train/Convert.h"
#include "runtime/dlc_runtime.h"
#include "tools/train/DataSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

template <typename T> static T load(const Array &array, int64_t index) {
  return reinterpret_cast<const T *>(array.bytes().data())[index];
}

bool train::isNumeric(const Array &array) { return array.dtype || array.type == "float64"; }

double train::elementOf(const Array &array, int64_t index) {
  switch (array.dtype) {
  case DLC_FLOAT32:
    return load<float>(array, index);
  case DLC_UINT8:
    return load<uint8_t>(array, index);
  case DLC_INT32:
    return load<int32_t>(array, index);
  case DLC_INT64:
    return load<int64_t>(array, index);
  }
  return load<double>(array, index);
}

std::string train::spellNumber(double value) {
  std::string text;
  raw_string_ostream(text) << format("%.9g", value);
  return text;
}

static int64_t countOf(const Array &array) {
  int64_t count = 1;
  for (int64_t extent : array.shape)
    count *= extent;
  return count;
}

static void store(Array &array, int64_t index, double value) {
  char *data = array.begin();
  switch (array.dtype) {
  case DLC_FLOAT32:
    reinterpret_cast<float *>(data)[index] = value;
    break;
  case DLC_UINT8:
    reinterpret_cast<uint8_t *>(data)[index] = std::clamp(value, 0.0, 255.0);
    break;
  case DLC_INT32:
    reinterpret_cast<int32_t *>(data)[index] = value;
    break;
  case DLC_INT64:
    reinterpret_cast<int64_t *>(data)[index] = value;
    break;
  }
}

Expected<Array> train::convert(Array array, int32_t dtype) {
  if (array.dtype == dtype)
    return array;
  Expected<Array> result = arrayOf(array.file, dtype, array.shape);
  if (!result)
    return result;
  for (int64_t i = 0, count = countOf(array); i < count; ++i)
    store(*result, i, elementOf(array, i));
  return result;
}

// ITU-R BT.601's luma for one channel, the value three times for three.
Expected<Array> train::withChannels(Array images, int64_t channels) {
  if (images.shape.back() == channels)
    return images;
  std::vector<int64_t> shape = images.shape;
  shape.back() = channels;
  Expected<Array> result = arrayOf(images.file, images.dtype, shape);
  if (!result)
    return result;
  double half = images.dtype == DLC_UINT8 ? 0.5 : 0; // rounds
  for (int64_t i = 0, pixels = countOf(images) / images.shape.back(); i < pixels; ++i)
    if (channels == 1)
      store(*result, i,
            0.299 * elementOf(images, 3 * i) + 0.587 * elementOf(images, 3 * i + 1) +
                0.114 * elementOf(images, 3 * i + 2) + half);
    else
      for (int64_t c = 0; c < 3; ++c)
        store(*result, 3 * i + c, elementOf(images, i));
  return result;
}

Expected<Array> train::padded(Array images, int64_t height, int64_t width) {
  int64_t samples = images.shape[0], rows = images.shape[1], columns = images.shape[2];
  Expected<Array> result =
      arrayOf(images.file, images.dtype, {samples, height, width, images.shape[3]});
  if (!result)
    return result;
  std::fill_n(result->begin(), result->bytes().size(), 0);
  int64_t pixel = images.shape[3] * dlc_dtype_bytes(images.dtype);
  int64_t top = (height - rows) / 2, left = (width - columns) / 2; // negative: cut off
  int64_t count = std::min(width, columns), toLeft = std::max<int64_t>(left, 0),
          fromLeft = std::max<int64_t>(-left, 0);
  for (int64_t n = 0; n < samples; ++n)
    for (int64_t row = std::max<int64_t>(top, 0); row < std::min(height, top + rows); ++row)
      std::copy_n(images.begin() + ((n * rows + row - top) * columns + fromLeft) * pixel,
                  count * pixel, result->begin() + ((n * height + row) * width + toLeft) * pixel);
  return result;
}

namespace {

/// Where a line of the result lies between two of the source.
struct Between {
  int64_t low, high;
  double part; ///< of the higher one
};

} // namespace

static Between placeOf(int64_t index, int64_t size, int64_t from) {
  double at = std::clamp((index + 0.5) * from / size - 0.5, 0.0, double(from - 1));
  int64_t low = at;
  return {low, std::min(low + 1, from - 1), at - low};
}

Expected<Array> train::resized(Array images, int64_t height, int64_t width) {
  int64_t samples = images.shape[0], rows = images.shape[1], columns = images.shape[2],
          channels = images.shape[3];
  Expected<Array> result = arrayOf(images.file, images.dtype, {samples, height, width, channels});
  if (!result)
    return result;
  double half = images.dtype == DLC_UINT8 ? 0.5 : 0;
  int64_t to = 0;
  for (int64_t n = 0; n < samples; ++n)
    for (int64_t row = 0; row < height; ++row)
      for (int64_t column = 0; column < width; ++column)
        for (int64_t c = 0; c < channels; ++c) {
          Between y = placeOf(row, height, rows), x = placeOf(column, width, columns);
          auto pixel = [&](int64_t i, int64_t j) {
            return elementOf(images, ((n * rows + i) * columns + j) * channels + c);
          };
          double upper = pixel(y.low, x.low) * (1 - x.part) + pixel(y.low, x.high) * x.part;
          double lower = pixel(y.high, x.low) * (1 - x.part) + pixel(y.high, x.high) * x.part;
          store(*result, to++, upper * (1 - y.part) + lower * y.part + half);
        }
  return result;
}
