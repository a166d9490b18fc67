//===-- Threads.cpp - The threads of an instance -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Every worker waits on its own word, so a job wakes only as many workers as it
// has parts. Waiting spins, longer than the gaps between the kernels of one
// forward, and then sleeps on a futex.
//
//===----------------------------------------------------------------------===//

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

/// What a worker's word says.
enum : uint32_t { Idle, Asleep, Posted, Quit };

/// Set in Threads::pending while the caller sleeps.
constexpr uint32_t kCallerAsleep = 1u << 31;

constexpr int32_t kNowhere = -1;

void futexWait(uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, nullptr);
}

void futexWake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1); }

uint32_t load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

} // namespace

struct alignas(64) dlc::rt::Worker {
  uint32_t word;
  int32_t part; ///< which part of a job it runs
  int32_t core; ///< where it was last seen, or kNowhere
  Threads *pool;
  pthread_t handle;
};

/// Waits for Posted or Quit and takes it.
static uint32_t awaitOrder(Worker &worker) {
  const int32_t spins = worker.pool->coreEach ? kSpins : 0;
  for (int32_t i = 0; i < spins && load(&worker.word) == Idle; ++i)
    relax();
  uint32_t expected = Idle;
  if (__atomic_compare_exchange_n(&worker.word, &expected, Asleep, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_ACQUIRE))
    while (load(&worker.word) == Asleep)
      futexWait(&worker.word, Asleep);
  return __atomic_exchange_n(&worker.word, Idle, __ATOMIC_ACQUIRE);
}

static void giveOrder(Worker &worker, uint32_t order) {
  if (__atomic_exchange_n(&worker.word, order, __ATOMIC_ACQ_REL) == Asleep)
    futexWake(&worker.word);
}

/// Leaves the core if the caller or a worker before this one runs there. Whoever
/// runs on the freed core later is not in the way: only this pool's threads wait
/// for each other.
static void leaveSharedCore(Worker &self) {
  Threads &pool = *self.pool;
  const auto *first = reinterpret_cast<const Worker *>(pool.workers.data);
  const int32_t core = sched_getcpu();
  bool shared = core == pool.callerCore;
  for (const Worker *other = first; other < &self; ++other)
    shared |= core == __atomic_load_n(&other->core, __ATOMIC_RELAXED);
  if (shared) {
    cpu_set_t free = pool.cores;
    CPU_CLR(pool.callerCore, &free); // ignores what is no core
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
  while (awaitOrder(worker) == Posted) {
    if (pool.coreEach)
      leaveSharedCore(worker);
    pool.task(pool.context, worker.part);
    if (__atomic_sub_fetch(&pool.pending, 1, __ATOMIC_ACQ_REL) == kCallerAsleep)
      futexWake(&pool.pending);
  }
  return nullptr;
}

/// Returns when no worker is busy.
static void awaitWorkers(Threads &pool) {
  const int32_t spins = pool.coreEach ? kCallerSpins : 0;
  for (int32_t i = 0; i < spins; ++i) {
    if (load(&pool.pending) == 0)
      return;
    relax();
  }
  uint32_t left = __atomic_or_fetch(&pool.pending, kCallerAsleep, __ATOMIC_ACQ_REL);
  while (left != kCallerAsleep) {
    futexWait(&pool.pending, left);
    left = load(&pool.pending);
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
  for (int32_t i = 0; i < started; ++i)
    giveOrder(first[i], Quit);
  for (int32_t i = 0; i < started; ++i)
    pthread_join(first[i].handle, nullptr);
  started = 0;
  workers.release();
}

void Threads::run(int64_t parts, void (*partTask)(void *context, int64_t i), void *partContext) {
  if (parts == 1)
    return partTask(partContext, 0);
  if (userFor)
    return userFor(user, parts, partTask, partContext);
  task = partTask;
  context = partContext;
  callerCore = sched_getcpu();
  __atomic_store_n(&pending, static_cast<uint32_t>(parts - 1), __ATOMIC_RELEASE);
  auto *first = reinterpret_cast<Worker *>(workers.data);
  for (int64_t i = 0; i < parts - 1; ++i)
    giveOrder(first[i], Posted);
  partTask(partContext, 0);
  awaitWorkers(*this);
}
