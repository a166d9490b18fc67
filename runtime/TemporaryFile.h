//===-- TemporaryFile.h - Files that are whole or not there -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_TEMPORARYFILE_H
#define DLC_RUNTIME_TEMPORARYFILE_H

#include "Message.h"

namespace dlc::rt {

/// The file beside `path` that becomes it; removed unless committed.
class TemporaryFile {
public:
  ~TemporaryFile();
  dlc_status open(const char *path, const Message &message);
  dlc_status write(const void *bytes, uint64_t count);
  dlc_status commit();

private:
  dlc_status fail();

  const char *target = nullptr;
  char *name = nullptr;
  int fd = -1;
  Message message = {};
};

} // namespace dlc::rt

#endif // DLC_RUNTIME_TEMPORARYFILE_H
