//===-- Threads.h - The threads of an instance -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_THREADS_H
#define DLC_RUNTIME_THREADS_H

#include "Memory.h"
#include "Message.h"

#include <sched.h>

namespace dlc::rt {

struct Worker;

/// A pool of `count` threads, the caller's included, or the user's own
/// parallel_for. Plain, so that it can live in zeroed memory.
struct Threads {
  int32_t count;
  int32_t started;       ///< workers that run and must be joined
  int32_t owner;         ///< the process that started them; a fork of it has none
  bool coreEach;         ///< there are as many cores, so waiting loops may spin
  uint32_t callerAsleep; ///< waits for a worker on a futex
  cpu_set_t cores;       ///< where the threads may run
  Block workers;

  void (*userFor)(void *user, int64_t count, void (*task)(void *context, int64_t i), void *context);
  void *user;

  /// Starts count - 1 workers, or none when the user brings a parallel_for.
  dlc_status start(int32_t threadCount, const dlc_options &options, const Allocator &allocator,
                   const Message &message);

  /// Ends and joins all workers.
  void stop();

  /// To be called before a call uses run(): in a fork of the process that
  /// started the workers the caller's thread alone is left, and count becomes 1.
  void dropLostWorkers();

  /// Runs task(context, i) for each i in [0, parts), parts <= count, and
  /// returns when all are done.
  void run(int64_t parts, void (*task)(void *context, int64_t i), void *context);
};

/// How many cores the calling thread may run on, from 1 to 1024, and which.
int32_t usableCores(cpu_set_t &cores);

/// Part `i` of [0, n) cut into `parts` contiguous parts that differ by at most
/// one item.
struct Range {
  int64_t lo, hi;
};
inline Range partOf(int64_t n, int64_t parts, int64_t i) {
  const int64_t each = n / parts, extra = n % parts;
  const int64_t lo = i * each + (i < extra ? i : extra);
  return {lo, lo + each + (i < extra)};
}

/// At most `threads` parts of at least `grain` items each, and at least one.
inline int64_t partCount(int64_t n, int64_t grain, int64_t threads) {
  const int64_t parts = n / (grain < 1 ? 1 : grain);
  return parts < 1 ? 1 : parts < threads ? parts : threads;
}

} // namespace dlc::rt

#endif // DLC_RUNTIME_THREADS_H
