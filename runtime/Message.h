//===-- Message.h - Error sentences -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_MESSAGE_H
#define DLC_RUNTIME_MESSAGE_H

#include "dlc_runtime.h"

namespace dlc::rt {

/// Where the reason of a failure is written; drops it when `text` is null.
struct Message {
  char *text;
  uint64_t size;

  /// Formats the sentence and returns `status`, so that a check reads
  /// `return message.set(DLC_ERROR_..., "...")`.
  __attribute__((format(printf, 3, 4))) dlc_status set(dlc_status status, const char *format,
                                                       ...) const;
};

/// A string of somebody else's in quotes, made fit for a message: cut after 80
/// bytes, control characters shown as '?'.
struct Quoted {
  char text[96];
  Quoted(const char *data, uint64_t size);
  explicit Quoted(const char *text);
};

/// A shape as "[5, 5, 1, 20]".
struct ShapeText {
  char text[192];
  ShapeText(const int64_t *shape, int32_t rank);
};

/// numpy's name, "float32", "uint8", ...; "none" for anything that is no dlc_dtype.
const char *dtypeName(int32_t dtype);

} // namespace dlc::rt

#endif // DLC_RUNTIME_MESSAGE_H
