// Register tiles that the schedule chooses: they fit the registers and keep the pipes busy.
#include "compiler/schedule/Tiles.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>

using namespace dlc;
using namespace dlc::schedule;

namespace {

struct TilesTest : testing::Test {
  TilesTest() { context.loadDialect<kernel::KernelDialect>(); }

  std::pair<int64_t, int64_t> conv(llvm::StringRef march, int64_t width, int64_t blocks,
                                   bool dividing = false) {
    kernel::TileAttr tile = chooseTile(&context, *lookupTarget(march), width, blocks, dividing);
    return {tile.getRows(), tile.getCols()};
  }

  mlir::MLIRContext context;
};

using Pair = std::pair<int64_t, int64_t>;

TEST(TargetTest, KnowsTheLevelsOfX86) {
  EXPECT_EQ(lookupTarget("x86-64-v2")->lanes, 4);
  EXPECT_FALSE(lookupTarget("x86-64-v2")->fma);
  EXPECT_EQ(lookupTarget("x86-64-v3")->lanes, 8);
  EXPECT_EQ(lookupTarget("x86-64-v3")->registers, 16);
  EXPECT_EQ(lookupTarget("x86-64-v4")->lanes, 16);
  EXPECT_EQ(lookupTarget("x86-64-v4")->registers, 32);
  EXPECT_FALSE(lookupTarget("i386"));
}

TEST(TargetTest, KnowsNeon) {
  EXPECT_EQ(lookupTarget("aarch64")->lanes, 4);
  EXPECT_EQ(lookupTarget("aarch64")->registers, 32);
  EXPECT_TRUE(lookupTarget("aarch64")->fma);
}

TEST_F(TilesTest, SplitsWideRowsIntoEqualTilesOfTwoColumns) {
  EXPECT_EQ(conv("x86-64-v4", 224, 4), Pair(8, 2));
  EXPECT_EQ(conv("x86-64-v4", 56, 4), Pair(8, 2));
  EXPECT_EQ(conv("x86-64-v4", 55, 6), Pair(11, 2));
  EXPECT_EQ(conv("x86-64-v4", 28, 8), Pair(7, 2));
  EXPECT_EQ(conv("x86-64-v4", 14, 16), Pair(7, 2));
  EXPECT_EQ(conv("x86-64-v4", 7, 32), Pair(7, 2));
  EXPECT_EQ(conv("x86-64-v3", 56, 8), Pair(6, 2));
}

TEST_F(TilesTest, TakesMoreColumnsWhereRowsAreNarrow) {
  EXPECT_EQ(conv("x86-64-v4", 4, 32), Pair(4, 4));
  EXPECT_EQ(conv("x86-64-v4", 1, 32), Pair(1, 4));
  EXPECT_EQ(conv("x86-64-v3", 7, 64), Pair(4, 3));
}

TEST_F(TilesTest, HasNoMoreColumnsThanBlocks) {
  EXPECT_EQ(conv("x86-64-v4", 28, 1).second, 1);
  EXPECT_EQ(conv("x86-64-v3", 1, 1), Pair(1, 1));
}

TEST_F(TilesTest, DividesTheBlocksOfAGroup) {
  for (int64_t blocks = 1; blocks <= 12; ++blocks)
    for (int64_t width : {1, 4, 7, 14, 56})
      EXPECT_EQ(blocks % conv("x86-64-v4", width, blocks, /*dividing=*/true).second, 0);
}

TEST_F(TilesTest, FitTheRegisters) {
  for (llvm::StringRef march : {"x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"})
    for (int64_t width = 1; width <= 224; ++width)
      for (int64_t blocks = 1; blocks <= 40; ++blocks) {
        auto [rows, cols] = conv(march, width, blocks);
        EXPECT_LE(rows * cols + cols + 1, lookupTarget(march)->registers);
        EXPECT_LE(rows, width);
      }
}

TEST_F(TilesTest, ChooseForMatricesAndDepthwise) {
  TargetFacts wide = *lookupTarget("x86-64-v4"), narrow = *lookupTarget("x86-64-v3");
  EXPECT_EQ(chooseGemmTile(&context, wide, 256), kernel::TileAttr::get(&context, 12, 2, 4));
  EXPECT_EQ(chooseGemmTile(&context, narrow, 256), kernel::TileAttr::get(&context, 6, 2, 8));
  EXPECT_EQ(chooseGemmTile(&context, wide, 1).getCols(), 1);
  // Three and three vectors for two threads, not four and two.
  EXPECT_EQ(chooseGemmTile(&context, wide, 6), kernel::TileAttr::get(&context, 8, 3, 4));
  EXPECT_EQ(chooseGemmTile(&context, wide, 4).getCols(), 2);
  EXPECT_EQ(chooseDepthwiseTile(&context, wide, 56, 3).getRows(), 8);
  EXPECT_EQ(chooseDepthwiseTile(&context, wide, 14, 3).getRows(), 7);
}

TEST(TapsTest, StayInRegisters) {
  for (llvm::StringRef march : {"x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"})
    for (int64_t taps = 1; taps <= 9; ++taps) {
      TargetFacts facts = *lookupTarget(march);
      TapsTile tile = chooseTapsTile(facts, taps, taps);
      EXPECT_LE(tile.tapRows * taps + tile.pixels + 2, facts.registers);
      EXPECT_TRUE(tile.tapRows == taps || tile.tapRows == 1);
      EXPECT_EQ(tile.pixels, 4);
    }
  EXPECT_EQ(chooseTapsTile(*lookupTarget("x86-64-v3"), 3, 3).tapRows, 3);
  EXPECT_EQ(chooseTapsTile(*lookupTarget("x86-64-v3"), 5, 5).tapRows, 1);
  EXPECT_EQ(chooseTapsTile(*lookupTarget("x86-64-v4"), 5, 5).tapRows, 5);
}

// Wide rows are cut into strips, small images are computed at once, and bands share few groups of
// channels out evenly.
TEST(StepsTest, FitTheFirstCacheAndShareOutEvenly) {
  auto steps = [](int64_t groups, int64_t pixelBytes, int64_t extent, int64_t stride) {
    WindowsShape shape{
        {extent, extent}, {extent / stride, extent / stride}, {3, 3}, {stride, stride}};
    Steps chosen = chooseSteps({1, false, groups, 2}, pixelBytes, shape);
    return std::array{chosen.rows, chosen.columns, chosen.band};
  };
  using Three = std::array<int64_t, 3>;
  EXPECT_EQ(steps(1, 128, 112, 1), (Three{1, 56, 14}));
  EXPECT_EQ(steps(3, 128, 112, 2), (Three{1, 28, 14}));
  EXPECT_EQ(steps(3, 128, 56, 1), (Three{2, 56, 14}));
  EXPECT_EQ(steps(3, 192, 56, 1), (Three{1, 56, 14}));
  EXPECT_EQ(steps(6, 128, 28, 1), (Three{6, 28, 14}));
  EXPECT_EQ(steps(12, 128, 14, 1), (Three{14, 14, 14}));
  EXPECT_EQ(steps(30, 128, 7, 1), (Three{7, 7, 7}));
  EXPECT_EQ(steps(1, 16, 4, 1), (Three{1, 4, 1}));
}

// Bands of 7 windows need 15 rows, which are whole rows of tiles of 5 or 3.
TEST(StepsTest, BandsAreMadeOfWholeRowsOfTiles) {
  auto band = [](int64_t rows, int64_t extent) {
    kernel::RowMaker maker{rows, true, 1, 4};
    Steps steps =
        chooseSteps(maker, 256, {{extent, extent}, {extent / 2, extent / 2}, {3, 3}, {2, 2}});
    EXPECT_EQ(steps.rows, 1);
    EXPECT_EQ(steps.columns, extent / 2);
    return steps.band;
  };
  EXPECT_EQ(band(5, 112), 7);
  EXPECT_EQ(band(3, 112), 7);
  EXPECT_EQ(band(6, 4), 1);
}

} // namespace
