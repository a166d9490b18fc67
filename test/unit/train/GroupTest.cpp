//===- GroupTest.cpp - sums in one order --------------------------------------------===//

#include "tools/train/Group.h"
#include "tools/train/Counter.h"
#include "tools/train/JointStep.h"
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <gmock/gmock.h>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

using namespace dlc::tools::train;
using testing::HasSubstr;

namespace {

/// Messages between threads that play processes.
struct Mail {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::pair<int64_t, int64_t>, std::deque<std::string>> letters;
};

class ThreadGroup : public Group {
public:
  ThreadGroup(int64_t rank, int64_t size, Mail &mail) : Group(rank, size), mail(mail) {}

protected:
  void send(const void *data, size_t bytes, int64_t to) override {
    std::lock_guard lock(mail.mutex);
    mail.letters[{rank(), to}].emplace_back(static_cast<const char *>(data), bytes);
    mail.changed.notify_all();
  }
  void receive(void *data, size_t bytes, int64_t from) override {
    std::unique_lock lock(mail.mutex);
    std::deque<std::string> &box = mail.letters[{from, rank()}];
    mail.changed.wait(lock, [&] { return !box.empty(); });
    ASSERT_EQ(box.front().size(), bytes);
    std::memcpy(data, box.front().data(), bytes);
    box.pop_front();
    ++received;
  }

public:
  std::atomic<int> received = 0;

private:
  Mail &mail;
};

template <typename Body> void runProcesses(int64_t count, Body body) {
  Mail mail;
  std::vector<std::thread> threads;
  for (int64_t rank = 0; rank < count; ++rank)
    threads.emplace_back([&, rank] {
      ThreadGroup group(rank, count, mail);
      body(group);
    });
  for (std::thread &thread : threads)
    thread.join();
}

/// Numbers whose sum depends on the order.
std::vector<float> shard(int64_t index, size_t size = 5) {
  Counter random({uint64_t(index)});
  std::vector<float> values(size);
  for (float &value : values)
    value = std::ldexp(random.uniform(-1, 1), int(random.uniform(0, 30)));
  return values;
}

/// What the tree is, level by level.
std::vector<float> treeOf(int64_t count, size_t size = 5) {
  std::vector<std::vector<float>> level;
  for (int64_t i = 0; i < count; ++i)
    level.push_back(shard(i, size));
  while (level.size() > 1) {
    std::vector<std::vector<float>> next;
    for (size_t i = 0; i < level.size(); i += 2) {
      next.push_back(level[i]);
      if (i + 1 < level.size())
        addTo<float>(next.back(), level[i + 1]);
    }
    level = std::move(next);
  }
  return level[0];
}

std::vector<float> sumOf(int64_t first, int64_t count, size_t size = 5) {
  TreeSum<float> sum;
  for (int64_t i = first; i < first + count; ++i) {
    std::vector<float> values = shard(i, size);
    sum.add(values);
  }
  return sum.take();
}

} // namespace

TEST(TreeSumTest, IsTheTreeForEveryCount) {
  for (int64_t count = 1; count <= 40; ++count)
    EXPECT_EQ(sumOf(0, count), treeOf(count)) << count;
  // And it is not the order of the summands.
  std::vector<float> inOrder = shard(0);
  for (int64_t i = 1; i < 40; ++i)
    addTo<float>(inOrder, shard(i));
  EXPECT_NE(inOrder, treeOf(40));
}

TEST(TreeSumTest, BeginsAnewAfterTake) {
  TreeSum<float> sum;
  for (int round = 0; round < 2; ++round) {
    std::vector<float> values;
    for (int i = 0; i < 7; ++i)
      values = shard(i), sum.add(values);
    EXPECT_EQ(sum.take(), treeOf(7));
  }
}

TEST(GroupTest, ManyProcessesAddAsOne) {
  for (int64_t processes : {1, 2, 3, 4, 5, 6, 7, 8, 13})
    for (int64_t each : {1, 2, 4}) {
      std::vector<float> want = treeOf(processes * each);
      runProcesses(processes, [&](Group &group) {
        std::vector<float> values = sumOf(group.rank() * each, each);
        group.combine(values);
        EXPECT_EQ(values, want) << processes << " " << each << " " << group.rank();
      });
    }
}

TEST(GroupTest, ManyPieces) {
  std::vector<float> want = treeOf(3, 600000);
  runProcesses(3, [&](Group &group) {
    std::vector<float> values = shard(group.rank(), 600000), none;
    group.combine(values);
    EXPECT_EQ(values, want);
    group.combine(none);
  });
}

// One that differs is known to some, which is enough to end all.
TEST(GroupTest, Agreement) {
  std::atomic<int> knowing = 0;
  runProcesses(5, [&](Group &group) {
    EXPECT_FALSE(group.isAny(false));
    EXPECT_TRUE(group.isAny(group.rank() == 3));
    EXPECT_TRUE(group.isSame(4294967295u));
    knowing += !group.isSame(group.rank() == 3 ? 12 : 7);
  });
  EXPECT_GT(knowing, 0);
}

/// Lists of these sizes, cut from the numbers of a shard.
std::vector<llvm::MutableArrayRef<float>> cut(std::vector<float> &values,
                                              llvm::ArrayRef<size_t> sizes) {
  std::vector<llvm::MutableArrayRef<float>> lists;
  llvm::MutableArrayRef<float> rest = values;
  for (size_t size : sizes) {
    lists.push_back(rest.take_front(size));
    rest = rest.drop_front(size);
  }
  return lists;
}

// Alone in a message, together in one, and what is left at the end.
constexpr size_t kSizes[] = {300000, 5, 200000, 7, 100000, 0, 1, 20};
constexpr size_t kAll = 600033;

TEST(ExchangeTest, GivesTheBitsOfTheTree) {
  for (int64_t processes : {2, 3, 5}) {
    std::vector<float> want = treeOf(processes, kAll);
    runProcesses(processes, [&](Group &group) {
      Exchange exchange(group);
      for (int step = 0; step < 3; ++step) {
        std::vector<float> values = shard(group.rank(), kAll);
        exchange.begin(1);
        for (llvm::MutableArrayRef<float> list : cut(values, kSizes))
          exchange.takeGradient(list);
        exchange.finish();
        EXPECT_EQ(values, want) << processes << " " << group.rank();
        EXPECT_TRUE(group.isAny(group.rank() == 1)) << "the group is free between steps";
      }
    });
  }
}

// Each process's share of the samples; nothing of one that has none, whatever it computed.
TEST(ExchangeTest, WeighsShares) {
  runProcesses(3, [&](Group &group) {
    Exchange exchange(group);
    float values[] = {float(group.rank()), group.rank() == 2 ? float(NAN) : 4};
    exchange.begin(group.rank() == 0 ? 0.25f : group.rank() == 1 ? 0.75f : 0.0f);
    exchange.takeGradient(values);
    exchange.finish();
    EXPECT_EQ(values[0], 0.75f);
    EXPECT_EQ(values[1], 4);
  });
}

// A process gives its last gradient only once it has heard of the other one's first: both would
// wait forever if nothing were sent before the last one is there.
TEST(ExchangeTest, AddsWhileOthersAreComputed) {
  runProcesses(2, [&](ThreadGroup &group) {
    std::vector<float> first(300000, 1), last(10, 1);
    Exchange exchange(group);
    exchange.begin(1);
    exchange.takeGradient(first);
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!group.received && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    EXPECT_GT(group.received, 0) << "nothing comes before the last one is there";
    exchange.takeGradient(last);
    exchange.finish();
    EXPECT_EQ(first[0], 2);
    EXPECT_EQ(last[0], 2);
  });
}

// A step that failed leaves what it gave away to its end.
TEST(ExchangeTest, EndsWhatHasBegun) {
  runProcesses(2, [&](Group &group) {
    std::vector<float> first(300000, 1), last(10, 1);
    {
      Exchange exchange(group);
      exchange.begin(1);
      exchange.takeGradient(first);
      exchange.takeGradient(last);
    }
    EXPECT_EQ(first[0], 2);
    EXPECT_EQ(last[0], 1);
  });
}

TEST(ShardTest, CutsEvenly) {
  std::vector<int64_t> batch(11);
  std::iota(batch.begin(), batch.end(), 0);
  for (int64_t shards : {1, 2, 4, 7, 16}) {
    std::vector<int64_t> all;
    for (int64_t i = 0; i < shards; ++i) {
      llvm::ArrayRef<int64_t> part = shardOf(batch, shards, i);
      EXPECT_GE(int64_t(part.size()), 11 / shards);
      EXPECT_LE(int64_t(part.size()), 11 / shards + 1);
      all.insert(all.end(), part.begin(), part.end());
    }
    EXPECT_EQ(all, batch);
  }
}

TEST(ShardTest, RefusesWhatHasAnotherTree) {
  auto message = [](int64_t shards, int64_t batch, int64_t processes) {
    return llvm::toString(checkShards(shards, batch, processes));
  };
  EXPECT_EQ(message(3, 32, 1), "");
  EXPECT_EQ(message(12, 32, 3), "");
  EXPECT_THAT(message(9, 32, 3), HasSubstr("--shards 9 cannot be shared out among 3 processes"));
  EXPECT_THAT(message(2, 32, 4), HasSubstr("1, 2, 4, 8, ... times their number"));
  EXPECT_THAT(message(8, 7, 4), HasSubstr("a batch of 7 has no sample for each of 8 shards"));
}
