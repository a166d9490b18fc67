//===- WorkerTest.cpp - work done beside the caller's --------------------------------===//

#include "tools/common/Worker.h"
#include <gtest/gtest.h>
#include <vector>

using namespace dlc::tools;

TEST(Worker, KeepsTheOrder) {
  std::vector<int> done, expected;
  Worker worker;
  for (int i = 0; i < 100; ++i) {
    worker.give([&done, i] { done.push_back(i); });
    expected.push_back(i);
  }
  worker.wait();
  EXPECT_EQ(done, expected);
}

TEST(Worker, EndsWhatItWasGiven) {
  int done = 0;
  {
    Worker worker;
    for (int i = 0; i < 100; ++i)
      worker.give([&done] { ++done; });
  }
  EXPECT_EQ(done, 100);
}
