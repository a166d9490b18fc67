//===- Window.h - padding of sliding windows ----------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_LAYERS_WINDOW_H
#define DLC_COMPILER_FRONTEND_LAYERS_WINDOW_H

#include "compiler/frontend/LayerBuilder.h"

namespace dlc::frontend {

/// The field "padding" as [top, bottom, left, right] for a window over an NHWC image. "same" is
/// Keras's: ceil(extent / stride) outputs, the odd row or column behind the image.
llvm::SmallVector<int64_t, 4> resolvePadding(const LayerBuilder &b, mlir::Value image,
                                             llvm::ArrayRef<int64_t> window,
                                             llvm::ArrayRef<int64_t> strides,
                                             llvm::ArrayRef<int64_t> dilations);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_LAYERS_WINDOW_H
