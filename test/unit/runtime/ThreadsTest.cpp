//===-- ThreadsTest.cpp - The threads of an instance -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/Threads.h"
#include "ToyModel.h"
#include "runtime/Model.h"

#include <atomic>
#include <csignal>
#include <gtest/gtest.h>
#include <pthread.h>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace dlc::rt;
using toy::Instance;

namespace {

dlc_options optionsFor(int32_t threads) {
  dlc_options options = {};
  options.threads = threads;
  return options;
}

/// What one parallel_for did.
struct Record {
  std::vector<std::atomic<int>> hits;
  std::atomic<int64_t> calls{0}, shortest{INT64_MAX}, highestSlot{0};

  explicit Record(int64_t n) : hits(static_cast<size_t>(n)) {}

  static void run(void *self, int64_t lo, int64_t hi, int64_t slot) {
    auto &record = *static_cast<Record *>(self);
    for (int64_t i = lo; i < hi; ++i)
      ++record.hits[static_cast<size_t>(i)];
    ++record.calls;
    raise(record.highestSlot, slot);
    int64_t seen = record.shortest;
    while (hi - lo < seen && !record.shortest.compare_exchange_weak(seen, hi - lo)) {
    }
  }
  static void raise(std::atomic<int64_t> &to, int64_t value) {
    int64_t seen = to;
    while (value > seen && !to.compare_exchange_weak(seen, value)) {
    }
  }
  bool everyItemOnce() const {
    for (auto &count : hits)
      if (count != 1)
        return false;
    return true;
  }
};

} // namespace

TEST(ParallelFor, EveryItemOnceInGrains) {
  for (int32_t threads : {1, 2, 4, 7, 20}) {
    Instance toy(optionsFor(threads));
    ASSERT_EQ(toy.status, DLC_OK);
    for (int64_t n : {1, 2, 3, 5, 64, 1001})
      for (int64_t grain : {-1, 1, 2, 10, 5000}) {
        Record record(n);
        dlc_rt_parallel_for_slots(toy.m, Record::run, &record, n, grain);
        EXPECT_TRUE(record.everyItemOnce()) << threads << ' ' << n << ' ' << grain;
        EXPECT_LT(record.highestSlot, threads);
        EXPECT_GE(record.shortest, std::min(n, grain));
        EXPECT_GE(record.calls, partCount(n, grain, threads));
      }
  }
}

TEST(ParallelFor, NothingToDo) {
  Instance toy(optionsFor(2));
  Record record(1);
  dlc_rt_parallel_for_slots(toy.m, Record::run, &record, 0, 1);
  dlc_rt_parallel_for_slots(toy.m, Record::run, &record, -5, 1);
  EXPECT_EQ(record.calls, 0);
}

TEST(ParallelFor, KeptItemsStayWithTheirThreadAndTurnAround) {
  constexpr int64_t n = 10;
  struct Walk {
    std::thread::id owner[n];
    std::atomic<int64_t> turn{0};
    int64_t when[n];
  };
  for (int32_t threads : {1, 2, 3}) {
    Instance toy(optionsFor(threads));
    for (int64_t grain : {1, 2, 4, 100}) {
      Walk walks[4];
      for (Walk &walk : walks) {
        toy.m->back = !toy.m->back;
        dlc_rt_parallel_for_kept(
            toy.m,
            [](void *to, int64_t lo, int64_t hi) {
              auto &walk = *static_cast<Walk *>(to);
              EXPECT_LT(lo, hi);
              for (int64_t i = lo; i < hi; ++i) {
                walk.owner[i] = std::this_thread::get_id();
                walk.when[i] = walk.turn++;
              }
            },
            &walk, n, grain);
        EXPECT_EQ(walk.turn, n);
        for (int64_t i = 0; i < n; ++i)
          EXPECT_EQ(walk.owner[i], walks[0].owner[i]) << threads << ' ' << grain << ' ' << i;
      }
      const int64_t parts = partCount(n, grain, threads);
      for (int64_t part = 0; part < parts && grain == 1; ++part)
        for (int64_t i = partOf(n, parts, part).lo; i + 1 < partOf(n, parts, part).hi; ++i) {
          EXPECT_GT(walks[0].when[i], walks[0].when[i + 1]);
          EXPECT_LT(walks[1].when[i], walks[1].when[i + 1]);
        }
    }
  }
}

TEST(ParallelFor, PartitionIsContiguousAndBalanced) {
  for (int64_t n : {int64_t(1), int64_t(7), int64_t(100), INT64_MAX})
    for (int64_t parts : {1, 2, 3, 64}) {
      int64_t at = 0;
      for (int64_t i = 0; i < parts; ++i) {
        const Range range = partOf(n, parts, i);
        EXPECT_EQ(range.lo, at);
        EXPECT_GE(range.hi - range.lo, n / parts);
        EXPECT_LE(range.hi - range.lo - n / parts, 1);
        at = range.hi;
      }
      EXPECT_EQ(at, n);
    }
}

TEST(ParallelFor, ManyJobsBackToBackAndAfterSleep) {
  for (int32_t threads : {2, 4}) {
    Instance toy(optionsFor(threads));
    std::atomic<int64_t> sum{0};
    auto add = [](void *to, int64_t lo, int64_t hi) {
      for (int64_t i = lo; i < hi; ++i)
        *static_cast<std::atomic<int64_t> *>(to) += i;
    };
    for (int job = 0; job < 20000; ++job)
      dlc_rt_parallel_for(toy.m, add, &sum, 8, 1);
    for (int job = 0; job < 20; ++job) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2)); // all asleep
      dlc_rt_parallel_for(toy.m, add, &sum, 8, 1);
    }
    EXPECT_EQ(sum, 20020 * 28);
  }
}

TEST(ParallelFor, EachBeginsWithItsShare) {
  Instance toy(optionsFor(2));
  static std::atomic<int64_t> slots[1000];
  for (int64_t grain : {1, 100, 400}) {
    dlc_rt_parallel_for_slots(
        toy.m,
        [](void *, int64_t lo, int64_t hi, int64_t slot) {
          for (int64_t i = lo; i < hi; ++i)
            slots[i] = slot;
        },
        nullptr, 1000, grain);
    for (int64_t i = 0; i < 250; ++i) {
      EXPECT_EQ(slots[i], 0) << grain << ' ' << i;
      EXPECT_EQ(slots[500 + i], 1) << grain << ' ' << i;
    }
  }
}

TEST(ParallelFor, ABusyThreadKeepsNobodyWaiting) {
  Instance toy(optionsFor(2));
  struct Work {
    std::atomic<int64_t> others{0};
    std::atomic<bool> waited{false};
  } work;
  // The part of slot 1 does not end before slot 0 has done three quarters of all.
  dlc_rt_parallel_for_slots(
      toy.m,
      [](void *to, int64_t lo, int64_t hi, int64_t slot) {
        auto &work = *static_cast<Work *>(to);
        if (slot == 0)
          work.others += hi - lo;
        for (int i = 0; slot == 1 && i < 10000 && work.others < 750; ++i)
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (slot == 1)
          work.waited = work.others >= 750;
      },
      &work, 1000, 1);
  EXPECT_TRUE(work.waited);
}

TEST(ParallelFor, TheCallerSleepsThroughALongPart) {
  Instance toy(optionsFor(2));
  std::atomic<int> done{0};
  for (int i = 0; i < 20; ++i)
    dlc_rt_parallel_for(
        toy.m,
        [](void *to, int64_t lo, int64_t) {
          if (lo == 1)
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
          ++*static_cast<std::atomic<int> *>(to);
        },
        &done, 2, 1);
  EXPECT_EQ(done, 40);
}

TEST(ParallelFor, TheUsersOwnIsUsed) {
  struct User {
    int calls = 0;
    int64_t most = 0;
  } user;
  dlc_options options = optionsFor(3);
  options.parallel_for_user = &user;
  options.parallel_for = [](void *self, int64_t count, void (*task)(void *, int64_t),
                            void *context) {
    auto &u = *static_cast<User *>(self);
    ++u.calls;
    u.most = std::max(u.most, count);
    for (int64_t i = count - 1; i >= 0; --i) // any order
      task(context, i);
  };
  Instance toy(options);
  Record record(100);
  dlc_rt_parallel_for_slots(toy.m, Record::run, &record, 100, 1);
  EXPECT_TRUE(record.everyItemOnce());
  EXPECT_EQ(user.calls, 1);
  EXPECT_EQ(user.most, 3);
}

TEST(Threads, DefaultIsOnePerCore) {
  Instance toy(optionsFor(0));
  cpu_set_t cores;
  const int64_t count = usableCores(cores);
  Record record(count);
  dlc_rt_parallel_for_slots(toy.m, Record::run, &record, count, 1);
  EXPECT_EQ(record.highestSlot, count - 1);
}

TEST(Threads, LeaveTheCallersCore) {
  cpu_set_t all;
  if (usableCores(all) < 2)
    GTEST_SKIP() << "needs two cores";
  Instance toy(optionsFor(2));
  struct Seen {
    int core[2];
  } seen;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &all))
      continue;
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(core, &only);
    ASSERT_EQ(sched_setaffinity(0, sizeof only, &only), 0);
    dlc_rt_parallel_for_slots(
        toy.m,
        [](void *to, int64_t, int64_t, int64_t slot) {
          static_cast<Seen *>(to)->core[slot] = sched_getcpu();
        },
        &seen, 2, 1);
    EXPECT_EQ(seen.core[0], core);
    EXPECT_NE(seen.core[1], core);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
}

TEST(Threads, TakeNoSignals) {
  Instance toy(optionsFor(3));
  std::atomic<int> open{0};
  dlc_rt_parallel_for_slots(
      toy.m,
      [](void *to, int64_t, int64_t, int64_t slot) {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        if (slot && !sigismember(&mask, SIGUSR1))
          ++*static_cast<std::atomic<int> *>(to);
      },
      &open, 3, 1);
  EXPECT_EQ(open, 0);
  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  EXPECT_FALSE(sigismember(&mine, SIGUSR1));
}

/// Three threads, a part for each.
static dlc_options forForks() {
  dlc_options options = optionsFor(3);
  options.max_batch = 8;
  return options;
}

/// The exit code of a child that runs `body`, or -1 when it hangs or crashes.
template <typename Body> static int inFork(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Threads, AForkGoesOnWithoutThem) {
  const std::vector<float> image(24, 2);
  Instance toy(forForks());
  ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
  std::vector<float> out;
  ASSERT_EQ(toy.run(image, out), DLC_OK); // the workers are awake
  EXPECT_EQ(inFork([&] {
              std::vector<float> again;
              if (toy.run(image, again) || again != out || toy.load(toy::weights(2)) ||
                  toy.run(image, again) || again != toy::expected(image, 2))
                return 1;
              Instance own(forForks()); // with threads of its own
              if (own.load(toy::weights()) || own.run(image, again) || again != out)
                return 2;
              dlc_rt_destroy(toy.m); // joins nobody
              return 0;
            }),
            0);
  EXPECT_EQ(toy.run(image, out), DLC_OK);
  EXPECT_EQ(out, toy::expected(image));
}

TEST(Threads, AForkOfAForkToo) {
  const std::vector<float> image(24, 2);
  Instance toy(forForks());
  ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
  EXPECT_EQ(inFork([&] {
              return inFork([&] {
                std::vector<float> out;
                return toy.run(image, out) || out != toy::expected(image);
              });
            }),
            0);
}

TEST(Threads, ManyInstancesComeAndGo) {
  for (int i = 0; i < 200; ++i) {
    Instance toy(optionsFor(1 + i % 5));
    ASSERT_EQ(toy.status, DLC_OK);
    Record record(10);
    dlc_rt_parallel_for_slots(toy.m, Record::run, &record, 10, 1);
    EXPECT_TRUE(record.everyItemOnce());
  }
}
