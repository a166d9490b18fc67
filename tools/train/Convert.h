//===- Convert.h - element types and image sizes ------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_CONVERT_H
#define DLC_TOOLS_TRAIN_CONVERT_H

#include "tools/common/Npy.h"

namespace dlc::tools::train {

/// The element as a number, whatever the type: uint8, int32, int64, float32 and float64.
double elementOf(const Array &array, int64_t index);

/// A number in a sentence: 2, 0.1, 1e+308.
std::string spellNumber(double value);

/// Whether elementOf knows the type.
bool isNumeric(const Array &array);

/// The array with elements of another dlc_dtype. Real numbers become integers by truncation.
llvm::Expected<Array> convert(Array array, int32_t dtype);

/// Images [n, height, width, channels] of uint8 or float32 with one or three channels.
llvm::Expected<Array> withChannels(Array images, int64_t channels);

/// The same images in the middle of larger ones, with zeros around, or what of them smaller ones
/// show.
llvm::Expected<Array> padded(Array images, int64_t height, int64_t width);

/// The same images scaled: bilinear, with the centres of pixels half a pixel from the border.
llvm::Expected<Array> resized(Array images, int64_t height, int64_t width);

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_CONVERT_H
