//===-- Message.cpp - Error sentences -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

using namespace dlc::rt;

dlc_status Message::set(dlc_status status, const char *format, ...) const {
  if (!text || size == 0)
    return status;
  va_list args;
  va_start(args, format);
  vsnprintf(text, size, format, args);
  va_end(args);
  return status;
}

Quoted::Quoted(const char *data, uint64_t size) {
  constexpr uint64_t limit = 80;
  const uint64_t shown = size < limit ? size : limit;
  char *out = text;
  *out++ = '"';
  for (uint64_t i = 0; i < shown; ++i) {
    const auto c = static_cast<unsigned char>(data[i]);
    *out++ = c < 0x20 || c == 0x7f ? '?' : data[i];
  }
  strcpy(out, size > limit ? "...\"" : "\"");
}

Quoted::Quoted(const char *text) : Quoted(text, strlen(text)) {}

ShapeText::ShapeText(const int64_t *shape, int32_t rank) {
  char *out = text;
  *out++ = '[';
  for (int32_t i = 0; i < rank; ++i)
    out += sprintf(out, i ? ", %lld" : "%lld", (long long)shape[i]);
  strcpy(out, "]");
}

const char *dlc::rt::dtypeName(int32_t dtype) {
  switch (dtype) {
  case DLC_FLOAT32:
    return "float32";
  case DLC_UINT8:
    return "uint8";
  case DLC_INT32:
    return "int32";
  case DLC_INT64:
    return "int64";
  }
  return "none";
}
