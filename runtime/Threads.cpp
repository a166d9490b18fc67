//===-- Threads.cpp - The threads of an instance -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Each worker has a cache line that the caller alone writes, its order, and one
// that it alone writes, its answer. So a job is two transfers of a line between
// two cores, there and back, and no atomic operation that waits for one; it wakes
// only as many workers as it has parts. Waiting spins, longer than the gaps
// between the kernels of one forward, and then sleeps on a futex.
//

#include "Threads.h"

#include "Cpu.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace dlc::rt;

namespace {

/// Turns of a worker's wait for the next job, some 50 to 150 microseconds: a
/// core should not poll for long when the application does something else.
constexpr int32_t kSpins = 5000;

/// The caller waits for work that is under way, so it may wait longer, about a
/// millisecond. When it sleeps, the thread that wakes it may get its core.
constexpr int32_t kCallerSpins = 50000;

constexpr int32_t kNowhere = -1;

void futexWait(uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, nullptr);
}

void futexWake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1); }

uint32_t load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

/// Spins, then says so in `asleep` and sleeps, until `word` is another than `value`.
/// Who changes the word looks at `asleep` behind a fence, so one of the two sees what
/// the other wrote.
void awaitChange(uint32_t *word, uint32_t value, int32_t spins, uint32_t *asleep) {
  for (int32_t i = 0; i < spins; ++i) {
    if (load(word) != value)
      return;
    relax();
  }
  __atomic_store_n(asleep, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == value)
    futexWait(word, value);
  __atomic_store_n(asleep, 0, __ATOMIC_RELAXED);
}

} // namespace

struct dlc::rt::Worker {
  /// Written by the caller. To end, there is no task.
  struct alignas(64) Order {
    uint32_t number; ///< of the job: one more each time
    int32_t callerCore;
    void (*task)(void *context, int64_t i);
    void *context;
  } order;

  /// Written by the worker.
  struct alignas(64) Answer {
    uint32_t number; ///< of the last job that is done
    uint32_t asleep; ///< waits for an order on a futex
  } answer;

  /// Hardly ever written.
  alignas(64) int32_t core; ///< where it was last seen, or kNowhere
  int32_t part;             ///< which part of a job it runs
  Threads *pool;
  pthread_t handle;
};

static void giveOrders(Worker *first, const Worker *end, void (*task)(void *context, int64_t i),
                       void *context) {
  const int32_t core = sched_getcpu();
  for (Worker *worker = first; worker < end; ++worker) {
    worker->order.task = task;
    worker->order.context = context;
    worker->order.callerCore = core;
    __atomic_store_n(&worker->order.number, worker->order.number + 1, __ATOMIC_RELEASE);
  }
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  for (Worker *worker = first; worker < end; ++worker)
    if (__atomic_load_n(&worker->answer.asleep, __ATOMIC_RELAXED))
      futexWake(&worker->order.number);
}

/// Leaves the core if the caller or a worker before this one runs there. Whoever
/// runs on the freed core later is not in the way: only this pool's threads wait
/// for each other.
static void leaveSharedCore(Worker &self) {
  Threads &pool = *self.pool;
  const auto *first = reinterpret_cast<const Worker *>(pool.workers.data);
  const int32_t core = sched_getcpu(), callerCore = self.order.callerCore;
  bool shared = core == callerCore;
  for (const Worker *other = first; other < &self; ++other)
    shared |= core == __atomic_load_n(&other->core, __ATOMIC_RELAXED);
  if (shared) {
    cpu_set_t free = pool.cores;
    CPU_CLR(callerCore, &free); // ignores what is no core
    for (const Worker *other = first; other < &self; ++other)
      CPU_CLR(__atomic_load_n(&other->core, __ATOMIC_RELAXED), &free);
    sched_setaffinity(0, sizeof free, &free); // fails when none is free
  }
  const int32_t now = shared ? sched_getcpu() : core;
  if (now != self.core)
    __atomic_store_n(&self.core, now, __ATOMIC_RELAXED);
}

static void *workerMain(void *argument) {
  Worker &worker = *static_cast<Worker *>(argument);
  Threads &pool = *worker.pool;
  Worker::Answer &answer = worker.answer;
  const int32_t spins = pool.coreEach ? kSpins : 0;
  for (uint32_t done = 0;; __atomic_store_n(&answer.number, ++done, __ATOMIC_SEQ_CST)) {
    if (__atomic_load_n(&pool.callerAsleep, __ATOMIC_SEQ_CST))
      futexWake(&answer.number);
    awaitChange(&worker.order.number, done, spins, &answer.asleep);
    if (!worker.order.task)
      return nullptr;
    if (pool.coreEach)
      leaveSharedCore(worker);
    worker.order.task(worker.order.context, worker.part);
  }
}

int32_t dlc::rt::usableCores(cpu_set_t &cores) {
  // Fails on machines with more cores than the set can tell.
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) {
    CPU_ZERO(&cores);
    return CPU_SETSIZE;
  }
  int32_t count = 0;
  for (int32_t core = 0; core < CPU_SETSIZE; ++core)
    count += CPU_ISSET(core, &cores) != 0;
  return count;
}

dlc_status Threads::start(int32_t threadCount, const dlc_options &options,
                          const Allocator &allocator, const Message &message) {
  count = threadCount;
  userFor = options.parallel_for;
  user = options.parallel_for_user;
  if (userFor || count == 1)
    return DLC_OK;
  // More threads than cores take the core from the one they wait for.
  coreEach = count <= usableCores(cores);

  const uint64_t bytes = uint64_t(count - 1) * sizeof(Worker);
  if (!workers.allocate(allocator, bytes))
    return message.set(DLC_ERROR_RESOURCE, "no memory for %d threads", count);
  memset(workers.data, 0, bytes);

  owner = getpid();
  // The application's signal handlers must not run on our threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failure = 0;
  for (auto *worker = reinterpret_cast<Worker *>(workers.data); started < count - 1 && !failure;
       ++worker) {
    worker->pool = this;
    worker->part = started + 1;
    worker->core = kNowhere;
    failure = pthread_create(&worker->handle, nullptr, workerMain, worker);
    started += !failure;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure)
    return message.set(DLC_ERROR_RESOURCE,
                       "only %d of %d threads could be started: %s; set "
                       "dlc_options.threads to fewer",
                       started + 1, count, strerror(failure));
  return DLC_OK;
}

void Threads::dropLostWorkers() {
  if (started == 0 || owner == getpid())
    return;
  started = 0;
  count = 1;
}

void Threads::stop() {
  dropLostWorkers();
  auto *first = reinterpret_cast<Worker *>(workers.data);
  giveOrders(first, first + started, /*task=*/nullptr, nullptr);
  for (int32_t i = 0; i < started; ++i)
    pthread_join(first[i].handle, nullptr);
  started = 0;
  workers.release();
}

void Threads::run(int64_t parts, void (*task)(void *context, int64_t i), void *context) {
  if (parts == 1)
    return task(context, 0);
  if (userFor)
    return userFor(user, parts, task, context);
  auto *first = reinterpret_cast<Worker *>(workers.data), *end = first + parts - 1;
  giveOrders(first, end, task, context);
  task(context, 0);
  for (Worker *worker = first; worker < end; ++worker)
    awaitChange(&worker->answer.number, worker->order.number - 1, coreEach ? kCallerSpins : 0,
                &callerAsleep);
}
