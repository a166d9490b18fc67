//===- Window.h - checks shared by ops with sliding windows -------------*- C++ -*-===//
#ifndef DLC_DIALECTS_NN_WINDOW_H
#define DLC_DIALECTS_NN_WINDOW_H

#include "dialects/nn/Nn.h"

namespace dlc::nn {

/// The sliding window of a convolution or a pooling op over an NHWC image.
struct Window {
  llvm::ArrayRef<int64_t> size, strides, padding, dilations;
  bool ceilMode = false;
};

/// Computes the output height and width, or reports what does not fit.
llvm::LogicalResult inferWindow(std::optional<mlir::Location> loc, mlir::RankedTensorType image,
                                const Window &window, int64_t &height, int64_t &width);

} // namespace dlc::nn

#endif // DLC_DIALECTS_NN_WINDOW_H
