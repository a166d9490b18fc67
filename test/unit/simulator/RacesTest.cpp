//===- RacesTest.cpp - accesses that nothing puts in order ---------------------------===//

#include "test/simulator/Races.h"
#include "test/simulator/Device.h"
#include "test/simulator/Simulator.h"

#include "gmock/gmock.h"

using namespace dlc::simulator;
using testing::HasSubstr;
using testing::IsEmpty;

extern "C" float dlc_sim_shared[];

namespace {

constexpr uint32_t numThreads = 256;

/// Two warpgroups, and a word that they work on.
class RacesTest : public testing::Test {
protected:
  void SetUp() override { races.beginBlock(0); }

  std::string read(uint32_t thread) { return races.read(thread, "read", &word, 4); }
  std::string write(uint32_t thread) { return races.write(thread, "write", &word, 4); }
  void joinAll() {
    std::vector<uint32_t> all(numThreads);
    for (uint32_t i = 0; i < numThreads; ++i)
      all[i] = i;
    races.join(all);
  }

  Races races{numThreads, 2};
  alignas(16) float word[4] = {};
  int mbarrier = 0, other = 0;
};

TEST_F(RacesTest, AThreadIsInOrder) {
  EXPECT_THAT(write(3), IsEmpty());
  EXPECT_THAT(read(3), IsEmpty());
  EXPECT_THAT(write(3), IsEmpty());
}

TEST_F(RacesTest, ReadersDoNotRace) {
  EXPECT_THAT(read(0), IsEmpty());
  EXPECT_THAT(read(1), IsEmpty());
  EXPECT_THAT(write(1), HasSubstr("a race with a read by thread 0 at read"));
}

TEST_F(RacesTest, WritesRace) {
  EXPECT_THAT(write(0), IsEmpty());
  EXPECT_THAT(write(1), HasSubstr("a race with a write by thread 0 at write"));
  EXPECT_THAT(read(2), HasSubstr("a race with a write by thread 0 at write"));
}

TEST_F(RacesTest, NeighboursDoNot) {
  EXPECT_THAT(races.write(0, "a", word, 2), IsEmpty());
  EXPECT_THAT(races.write(1, "b", reinterpret_cast<char *>(word) + 2, 2), IsEmpty());
}

TEST_F(RacesTest, BarriersOrderThoseWhoMeet) {
  EXPECT_THAT(write(0), IsEmpty());
  races.join({0, 1, 2, 3});
  EXPECT_THAT(read(3), IsEmpty());
  EXPECT_THAT(read(4), HasSubstr("a race with a write by thread 0"));
  joinAll();
  EXPECT_THAT(write(4), IsEmpty());
  joinAll();
  joinAll();
  EXPECT_THAT(write(9), IsEmpty());
}

// What thread 1 learnt of thread 0 it tells thread 2.
TEST_F(RacesTest, OrderIsPassedOn) {
  EXPECT_THAT(write(0), IsEmpty());
  races.join({0, 1});
  races.join({1, 2});
  EXPECT_THAT(write(2), IsEmpty());
  EXPECT_THAT(write(0), HasSubstr("a race with a write by thread 2"));
}

// What comes after a barrier is not what came before it.
TEST_F(RacesTest, ABarrierOrdersThePastAlone) {
  races.join({0, 1});
  EXPECT_THAT(write(0), IsEmpty());
  EXPECT_THAT(read(1), HasSubstr("a race"));
}

TEST_F(RacesTest, ArrivalsComeBeforeThoseWhoPass) {
  EXPECT_THAT(write(0), IsEmpty());
  races.arrive(0, &mbarrier);
  races.passed(7, &other);
  EXPECT_THAT(read(7), HasSubstr("a race"));
  races.passed(8, &mbarrier);
  EXPECT_THAT(read(8), IsEmpty());
  EXPECT_THAT(write(0), HasSubstr("a race with a read by thread 8"));
}

TEST_F(RacesTest, CopiesAreWaitedFor) {
  EXPECT_THAT(races.beginCopy(0, "copy", word, 16), IsEmpty());
  EXPECT_THAT(read(0),
              HasSubstr("a race with a copy that was not waited for, by thread 0 at copy"));
  races.endCopy(0u, word, 16);
  EXPECT_THAT(read(0), IsEmpty());
  EXPECT_THAT(read(1), HasSubstr("a race with a write by thread 0 at copy"));
  joinAll();
  EXPECT_THAT(read(1), IsEmpty());
  EXPECT_THAT(races.beginCopy(0, "copy", word, 16), HasSubstr("a race with a read by thread 1"));
}

TEST_F(RacesTest, BulkCopiesAreOrderedByTheirMbarrier) {
  EXPECT_THAT(races.beginCopy(0, "copy", word, 16), IsEmpty());
  joinAll();
  EXPECT_THAT(read(1), HasSubstr("not waited for"));
  races.endCopy(&mbarrier, word, 16);
  EXPECT_THAT(read(1), HasSubstr("a race with a write by a copy that an mbarrier counts at copy"));
  races.passed(1, &other);
  EXPECT_THAT(read(1), HasSubstr("a race"));
  races.passed(1, &mbarrier);
  EXPECT_THAT(read(1), IsEmpty());
}

TEST_F(RacesTest, ProductsReadUntilTheyEnd) {
  races.beginProduct(1, 1);
  EXPECT_THAT(races.readByProduct("product", word, 16), IsEmpty());
  joinAll();
  EXPECT_THAT(write(0), HasSubstr("a race with a read by warpgroup 1 at product"));
  races.endProducts(1, 1);
  EXPECT_THAT(write(0), HasSubstr("a race"));
  races.arrive(128, &mbarrier);
  races.passed(0, &mbarrier);
  EXPECT_THAT(write(0), IsEmpty());
}

TEST_F(RacesTest, ProductsReadWhatAllTheirThreadsKnow) {
  EXPECT_THAT(write(0), IsEmpty());
  races.join({0, 128});
  races.beginProduct(1, 1);
  EXPECT_THAT(races.readByProduct("product", word, 16),
              HasSubstr("a race with a write by thread 0"));
  joinAll();
  races.beginProduct(1, 2);
  EXPECT_THAT(races.readByProduct("product", word, 16), IsEmpty());
}

TEST_F(RacesTest, NothingOrdersBlocks) {
  EXPECT_THAT(read(0), IsEmpty());
  races.beginBlock(1);
  EXPECT_THAT(read(0), IsEmpty());
  EXPECT_THAT(write(0), HasSubstr("a race with a read by thread 0 of another block at read"));
}

TEST_F(RacesTest, SharedMemoryIsTheBlocksOwn) {
  EXPECT_THAT(races.write(0, "write", dlc_sim_shared, 4), IsEmpty());
  races.beginBlock(1);
  EXPECT_THAT(races.write(1, "write", dlc_sim_shared, 4), IsEmpty());
}

/// As an image tells: each thread reads what its neighbour wrote.
void readNeighbour(void **params) {
  int thread = dlc_sim_thread_id(0);
  dlc_sim_write("readNeighbour: store", dlc_sim_shared + thread, 4);
  if (*static_cast<bool *>(params[0]))
    dlc_sim_barrier("readNeighbour: barrier", 0, 0);
  dlc_sim_read("readNeighbour: load", dlc_sim_shared + (thread ^ 1), 4);
}

TEST(Races, AreFoundInEveryOrder) {
  Launch launch{{2, 1, 1}, {64, 1, 1}, 256};
  for (uint64_t seed : {0, 1, 2, 3}) {
    settings().seed = seed;
    bool isSafe = true;
    void *params[] = {&isSafe};
    EXPECT_THAT(run(readNeighbour, launch, params), IsEmpty());
    isSafe = false;
    EXPECT_THAT(run(readNeighbour, launch, params), HasSubstr("of shared memory"));
  }
  settings() = {};
}

} // namespace
