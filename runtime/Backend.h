//===-- Backend.h - What runs an instance's code -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_BACKEND_H
#define DLC_RUNTIME_BACKEND_H

#include "Model.h"

/// What runs an instance's code and holds the memory that the code works on:
/// prepared weights, state and arena. The rest of the runtime knows this
/// interface alone, so that a library for CPUs has nothing of other backends.
/// All functions that return a status leave the reason of a failure in m.error.
struct dlc_rt_backend {
  /// The host can read and write the memory that `allocate` gives.
  bool sharesMemory;

  /// Chooses m.variant, as the options ask and the machine allows, and starts
  /// what runs it. Whatever it did before a failure, `close` takes back.
  dlc_status (*open)(dlc_model &m, const dlc_options &options);
  void (*close)(dlc_model &m);

  /// Memory for `what`, until block.release().
  dlc_status (*allocate)(dlc_model &m, const char *what, uint64_t bytes, dlc::rt::Block &block);

  /// Copies between the host and memory of the instance, complete on return.
  dlc_status (*upload)(dlc_model &m, void *to, const void *from, uint64_t bytes);
  dlc_status (*download)(dlc_model &m, void *to, const void *from, uint64_t bytes);
  /// Within memory of the instance, after all that was begun before.
  dlc_status (*copy)(dlc_model &m, void *to, const void *from, uint64_t bytes);
  dlc_status (*clear)(dlc_model &m, void *data, uint64_t bytes);

  /// Whether the host can read what a caller's pointer points to.
  bool (*isReadable)(dlc_model &m, const void *data);

  /// Runs the variant's prepare.
  dlc_status (*prepare)(dlc_model &m, char *prepared, char *scratch);

  /// Runs an entry on data that the caller gave or that lie in memory of the
  /// instance; ends before it returns wherever the caller could tell.
  dlc_status (*run)(dlc_model &m, dlc::rt::Entry entry, int64_t batch, const void *const *inputs,
                    void *const *outputs);

  /// Does now what else the first such `run` would do.
  dlc_status (*warm)(dlc_model &m, dlc::rt::Entry entry, int64_t batch);
};

namespace dlc::rt {

/// The CPU.
extern const dlc_rt_backend host;

} // namespace dlc::rt

#endif // DLC_RUNTIME_BACKEND_H
