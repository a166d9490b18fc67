//===-- TemporaryFile.cpp - Files that are whole or not there -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TemporaryFile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

using namespace dlc::rt;

static constexpr int kAttempts = 1000;

TemporaryFile::~TemporaryFile() {
  const bool abandoned = fd >= 0;
  if (abandoned) {
    close(fd);
    unlink(name);
  }
  free(name);
}

dlc_status TemporaryFile::fail() {
  return message.set(DLC_ERROR_IO,
                     "%s: cannot be written: %s; check the folder, its "
                     "permissions and the space left",
                     target, strerror(errno));
}

dlc_status TemporaryFile::open(const char *path, const Message &to) {
  target = path;
  message = to;
  const uint64_t bytes = strlen(path) + 48;
  name = static_cast<char *>(malloc(bytes));
  if (!name)
    return fail();
  // Another thread may be writing the same file, and a process that was killed may have left one:
  // in a container the next has the same number.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    snprintf(name, bytes, "%s.%ld.%d.tmp", path, (long)getpid(), attempt);
    fd = ::open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0)
      return DLC_OK;
    if (errno != EEXIST)
      break;
  }
  return fail();
}

dlc_status TemporaryFile::write(const void *bytes, uint64_t count) {
  for (auto *from = static_cast<const char *>(bytes); count;) {
    const ssize_t done = ::write(fd, from, count);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return fail();
    from += done;
    count -= static_cast<uint64_t>(done);
  }
  return DLC_OK;
}

dlc_status TemporaryFile::commit() {
  if (fsync(fd) != 0 || rename(name, target) != 0)
    return fail();
  close(fd);
  fd = -1;
  return DLC_OK;
}
