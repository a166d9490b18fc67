//===- BlockTest.cpp - threads, barriers and shared memory of the simulator ----------===//

#include "test/simulator/Device.h"
#include "test/simulator/Simulator.h"

#include "gmock/gmock.h"

#include <numeric>
#include <vector>

using namespace dlc::simulator;
using testing::HasSubstr;
using testing::IsEmpty;

extern "C" float dlc_sim_shared[];

namespace {

/// Every test runs with each of these orders of warps.
class BlockTest : public testing::TestWithParam<uint64_t> {
protected:
  void SetUp() override { settings() = {GetParam(), false}; }
  void TearDown() override { settings() = {}; }
};

INSTANTIATE_TEST_SUITE_P(Seeds, BlockTest, testing::Values(0, 1, 2, 3));

template <typename T> T &parameter(void **params, int index) {
  return *static_cast<T *>(params[index]);
}

void writeIds(void **params) {
  int width = dlc_sim_grid_dim(0) * dlc_sim_block_dim(0);
  int x = dlc_sim_block_id(0) * dlc_sim_block_dim(0) + dlc_sim_thread_id(0);
  int y = dlc_sim_block_id(1) * dlc_sim_block_dim(1) + dlc_sim_thread_id(1);
  parameter<int *>(params, 0)[y * width + x] += y * width + x;
}

TEST_P(BlockTest, EachThreadRunsOnce) {
  std::vector<int> out(3 * 40 * 2 * 3, 0), expected(out.size());
  std::iota(expected.begin(), expected.end(), 0);
  int *data = out.data();
  void *params[] = {&data};
  EXPECT_THAT(run(writeIds, {{3, 2, 1}, {40, 3, 1}, 0}, params), IsEmpty());
  EXPECT_EQ(out, expected);
}

/// Reverses what each thread brought through shared memory; without barriers where params[1] says
/// so.
void reverse(void **params) {
  float *data = parameter<float *>(params, 0);
  bool isSafe = parameter<bool>(params, 1);
  int thread = dlc_sim_thread_id(0), last = dlc_sim_block_dim(0) - 1;
  dlc_sim_shared[thread] = data[thread];
  if (isSafe)
    dlc_sim_barrier("reverse: barrier", 0, 0);
  data[thread] = dlc_sim_shared[last - thread];
}

std::vector<float> runReverse(bool isSafe) {
  std::vector<float> out(256);
  std::iota(out.begin(), out.end(), 0.f);
  float *data = out.data();
  void *params[] = {&data, &isSafe};
  EXPECT_THAT(run(reverse, {{1, 1, 1}, {256, 1, 1}, 256 * sizeof(float)}, params), IsEmpty());
  return out;
}

TEST_P(BlockTest, BarrierMakesWritesSeen) {
  std::vector<float> out = runReverse(true);
  for (int i = 0; i < 256; ++i)
    EXPECT_EQ(out[i], 255 - i);
}

TEST_P(BlockTest, MissingBarrierGivesPoison) {
  std::vector<float> out = runReverse(false);
  EXPECT_TRUE(std::any_of(out.begin(), out.end(), [](float value) { return value != value; }));
}

void leaveEarly(void **) {
  if (dlc_sim_thread_id(0) >= 96)
    return;
  dlc_sim_barrier("leaveEarly: barrier", 0, 0);
}

TEST_P(BlockTest, ThreadsThatLeaveBeforeABarrierAreADeadlock) {
  EXPECT_THAT(
      run(leaveEarly, {{2, 1, 1}, {128, 1, 1}, 0}, nullptr),
      HasSubstr("block (0, 0, 0): deadlock: 96 threads wait at leaveEarly: barrier, 32 have"));
}

void diverge(void **) {
  if (dlc_sim_thread_id(0) % 2)
    dlc_sim_barrier("diverge: first barrier", 0, 0);
  else
    dlc_sim_barrier("diverge: second barrier", 0, 0);
}

TEST_P(BlockTest, BarrierInDivergentCodeIsAnError) {
  EXPECT_THAT(run(diverge, {{1, 1, 1}, {64, 1, 1}, 0}, nullptr), HasSubstr("divergent"));
}

/// One half of the block waits for itself twice, the other once.
void halves(void **params) {
  int half = dlc_sim_thread_id(0) / 64;
  int *counts = parameter<int *>(params, 0);
  for (int i = 0; i < 2 - half; ++i) {
    ++counts[half];
    dlc_sim_barrier("halves: barrier", 1 + half, 64);
    if (counts[half] != 64 * (i + 1))
      counts[half] = -1000;
    dlc_sim_barrier("halves: second barrier", 1 + half, 64);
  }
}

TEST_P(BlockTest, NamedBarriersAreApart) {
  int counts[2] = {0, 0}, *data = counts;
  void *params[] = {&data};
  EXPECT_THAT(run(halves, {{1, 1, 1}, {128, 1, 1}, 0}, params), IsEmpty());
  EXPECT_EQ(counts[0], 128);
  EXPECT_EQ(counts[1], 64);
}

void loopForEver(void **params) {
  while (!parameter<bool>(params, 0))
    dlc_sim_step("loopForEver: loop");
}

TEST(Block, LoopWithoutAnEndIsAnError) {
  bool isDone = false;
  void *params[] = {&isDone};
  settings().steps = 1000;
  EXPECT_THAT(run(loopForEver, {{1, 1, 1}, {32, 1, 1}, 0}, params),
              HasSubstr("loopForEver: loop: still in a loop after 1000 rounds"));
  isDone = true;
  EXPECT_THAT(run(loopForEver, {{1, 1, 1}, {32, 1, 1}, 0}, params), IsEmpty());
  settings() = {};
}

void touchShared(void **params) { dlc_sim_shared[parameter<int>(params, 0)] = 1; }

TEST(Block, SharedMemoryEndsWhereItWasSaid) {
  int index = 100;
  void *params[] = {&index};
  Launch launch{{1, 1, 1}, {1, 1, 1}, 400};
  EXPECT_THAT(run(touchShared, launch, params),
              HasSubstr("written 0 bytes past the end of 400 bytes of shared memory"));
  index = 1024;
  EXPECT_THAT(run(touchShared, launch, params), HasSubstr("byte 4096 of shared memory"));
  index = 99;
  EXPECT_THAT(run(touchShared, launch, params), IsEmpty());
}

TEST(Block, ImpossibleLaunchesAreRefused) {
  EXPECT_THAT(run(touchShared, {{1, 1, 1}, {1025, 1, 1}, 0}, nullptr), HasSubstr("1025 threads"));
  EXPECT_THAT(run(touchShared, {{1, 70000, 1}, {1, 1, 1}, 0}, nullptr), HasSubstr("70000 blocks"));
  EXPECT_THAT(run(touchShared, {{1, 1, 1}, {1, 1, 1}, 1 << 20}, nullptr),
              HasSubstr("1048576 bytes"));
}

} // namespace
