//===- PlannerTest.cpp - places in an arena -----------------------------------------===//

#include "compiler/memory/Planner.h"
#include <gtest/gtest.h>
#include <random>

using namespace dlc::memory;

static void expectDisjoint(llvm::ArrayRef<Lifetime> buffers, const Placement &placement,
                           int64_t alignment) {
  for (size_t a = 0; a < buffers.size(); ++a) {
    EXPECT_EQ(placement.offsets[a] % alignment, 0);
    EXPECT_LE(placement.offsets[a] + buffers[a].size, placement.total);
    for (size_t b = 0; b < a; ++b) {
      bool meet = buffers[a].begin <= buffers[b].end && buffers[b].begin <= buffers[a].end;
      bool apart = placement.offsets[a] + buffers[a].size <= placement.offsets[b] ||
                   placement.offsets[b] + buffers[b].size <= placement.offsets[a];
      EXPECT_TRUE(!meet || apart) << "buffers " << a << " and " << b << " overlap";
    }
  }
}

TEST(Planner, NothingTakesNothing) {
  EXPECT_EQ(planArena({}, 64).total, 0);
  EXPECT_EQ(largestLiveSet({}, 64), 0);
}

// Each step of a chain reads one buffer and writes the next: two live at a time.
TEST(Planner, ChainReusesTwoPlaces) {
  std::vector<Lifetime> chain;
  for (int64_t i = 0; i < 10; ++i)
    chain.push_back({i, i + 1, 1000});
  Placement placement = planArena(chain, 64);
  EXPECT_EQ(placement.total, 2 * 1024);
  expectDisjoint(chain, placement, 64);
}

TEST(Planner, SharedStepMeansBothLive) {
  std::vector<Lifetime> buffers = {{0, 3, 64}, {3, 5, 64}};
  EXPECT_EQ(planArena(buffers, 64).total, 128);
}

TEST(Planner, ResidualStaysAcrossTheChain) {
  std::vector<Lifetime> buffers = {{0, 4, 640}, {1, 2, 640}, {2, 3, 640}, {3, 4, 640}, {4, 5, 640}};
  Placement placement = planArena(buffers, 64);
  EXPECT_EQ(placement.total, largestLiveSet(buffers, 64));
  expectDisjoint(buffers, placement, 64);
}

// Large first leaves no gap for the small buffer between steps 3 and 4; placed first, it costs
// nothing.
TEST(Planner, SmallBufferBetweenLargeOnes) {
  std::vector<Lifetime> buffers = {{0, 1, 3200}, {0, 1, 448},  {1, 2, 3200}, {2, 3, 3200},
                                   {3, 4, 1600}, {4, 5, 3200}, {5, 6, 3200}, {6, 7, 1600}};
  Placement placement = planArena(buffers, 64);
  EXPECT_EQ(placement.total, largestLiveSet(buffers, 64));
  expectDisjoint(buffers, placement, 64);
}

TEST(Planner, RandomLifetimesNeverOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> buffers;
    for (int i = 0; i < 60; ++i) {
      int64_t begin = random() % 100;
      buffers.push_back({begin, begin + static_cast<int64_t>(random() % 10),
                         1 + static_cast<int64_t>(random() % 5000)});
    }
    Placement placement = planArena(buffers, 64);
    expectDisjoint(buffers, placement, 64);
    EXPECT_GE(placement.total, largestLiveSet(buffers, 64));
    EXPECT_LE(placement.total, largestLiveSet(buffers, 64) * 21 / 20);
  }
}
