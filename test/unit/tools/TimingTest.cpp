//===- TimingTest.cpp - measured times ----------------------------------------------===//

#include "tools/common/Timing.h"
#include <gtest/gtest.h>

using namespace dlc::tools;

TEST(Timing, Quantiles) {
  EXPECT_EQ(quantile({7}, 0.5), 7);
  EXPECT_EQ(quantile({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(quantile({4, 1, 2, 3}, 0.5), 2.5);
  EXPECT_EQ(quantile({3, 1, 2}, 0), 1);
  EXPECT_EQ(quantile({3, 1, 2}, 1), 3);
}
