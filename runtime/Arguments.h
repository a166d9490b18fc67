//===-- Arguments.h - Checking what a call was given -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_ARGUMENTS_H
#define DLC_RUNTIME_ARGUMENTS_H

#include "Model.h"

namespace dlc::rt {

/// A tensor that a call reads or writes.
struct Taken {
  const char *kind, *name;
  const char *first, *last; ///< last is past the end
};

/// The checks of one call's tensors, in the order in which a user would look.
class Arguments {
public:
  Arguments(dlc_model &m, int64_t batch) : m(m), batch(batch), message(m.message()) {}

  /// Whether the batch is allowed.
  dlc_status checkBatch() const;

  /// Takes `count` tensors to read and puts their data into `data`. `bytes` are
  /// those of one sample of each.
  dlc_status takeInputs(const char *kind, int32_t count, const dlc_tensor_info *declared,
                        const dlc_in *given, const int64_t *bytes, const void **data);

  /// Takes a tensor to write. All inputs must have been taken.
  dlc_status takeOutput(const char *kind, const dlc_tensor_info &declared, const dlc_out &given,
                        int64_t bytes);

private:
  dlc_status checkBuffer(const char *kind, const dlc_tensor_info &declared, const void *data,
                         int32_t dtype) const;
  dlc_status checkArena(const Taken &mine) const;
  const Taken &take(const char *kind, const char *name, const void *data, int64_t bytes);

  dlc_model &m;
  const int64_t batch;
  const Message message;
  int32_t count = 0; ///< of m.taken
};

} // namespace dlc::rt

#endif // DLC_RUNTIME_ARGUMENTS_H
