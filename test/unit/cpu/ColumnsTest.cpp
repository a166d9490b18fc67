// Output rows cut into tiles of equal padding.
#include "compiler/cpu/Columns.h"
#include <gtest/gtest.h>

using namespace dlc::cpu;

namespace {

// Input, output, taps, stride, dilation, padding in front.
constexpr Window1D same3{56, 56, 3, 1, 1, 1};

TEST(ColumnsTest, SharesTheTilesBetweenTheEdges) {
  auto runs = cutColumns(same3, 14);
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[1].begin, 14);
  EXPECT_EQ(runs[1].end, 42);
  EXPECT_FALSE(runs[0].taps[0][0]);
  EXPECT_TRUE(runs[0].taps[0][1]);
  EXPECT_FALSE(runs[2].taps[2][13]);
}

TEST(ColumnsTest, CutsNearlyEqualTilesThatCoverTheRow) {
  for (int64_t width = 1; width <= 60; ++width)
    for (int64_t limit = 1; limit <= 14; ++limit) {
      Window1D window{width, width, 1, 1, 1, 0};
      int64_t x = 0;
      for (const ColumnRun &run : cutColumns(window, limit)) {
        EXPECT_EQ(run.begin, x);
        EXPECT_LE(run.width, limit);
        EXPECT_EQ((run.end - run.begin) % run.width, 0);
        x = run.end;
      }
      EXPECT_EQ(x, width);
    }
}

TEST(ColumnsTest, FindsTheWindowsWithoutPadding) {
  EXPECT_EQ(wholeWindows(same3), std::pair(int64_t(1), int64_t(55)));
  EXPECT_EQ(wholeWindows({5, 5, 9, 1, 1, 4}), std::pair(int64_t(0), int64_t(0)));
  EXPECT_EQ(wholeWindows({8, 4, 2, 2, 1, 0}), std::pair(int64_t(0), int64_t(4)));
}

} // namespace
