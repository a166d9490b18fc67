//===- MemoryTest.cpp - device memory of the simulator -------------------------------===//

#include "test/simulator/Simulator.h"

#include "gmock/gmock.h"

#include <cstdint>

using namespace dlc::simulator;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

struct Access {
  float *address;
  float value;
  bool isWrite;
};

void access(void **params) {
  Access &access = *static_cast<Access *>(params[0]);
  if (access.isWrite)
    *static_cast<volatile float *>(access.address) = access.value;
  else
    access.value = *static_cast<volatile float *>(access.address);
}

std::string runAccess(Access &what) {
  void *params[] = {&what};
  return run(access, {}, params);
}

TEST(Memory, IsAlignedAndPoisoned) {
  float *data = static_cast<float *>(allocate(10 * sizeof(float)));
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 256, 0u);
  EXPECT_NE(data[9], data[9]);
  EXPECT_TRUE(release(data));
  EXPECT_FALSE(release(data));
}

TEST(Memory, KnowsWhatLiesInOneAllocation) {
  char *data = static_cast<char *>(allocate(100));
  EXPECT_TRUE(contains(data, 100));
  EXPECT_TRUE(contains(data + 40, 60));
  EXPECT_FALSE(contains(data + 40, 61));
  EXPECT_FALSE(contains(data - 1, 1));
  release(data);
  EXPECT_FALSE(contains(data, 1));
}

TEST(Memory, AccessesOutOfBoundsAreFound) {
  float *data = static_cast<float *>(allocate(256 * sizeof(float)));
  Access behind{data + 256, 0, false}, before{data - 1024, 1, true}, inside{data + 255, 1, true};
  EXPECT_THAT(runAccess(behind),
              HasSubstr("out of bounds: 1024 bytes after the start of an allocation"
                        " of 1024 bytes"));
  EXPECT_THAT(runAccess(before), HasSubstr("out of bounds: 4096 bytes before an allocation"));
  EXPECT_THAT(runAccess(inside), IsEmpty());
  release(data);
}

TEST(Memory, WritesBetweenTheEndAndItsPageAreFound) {
  float *data = static_cast<float *>(allocate(10 * sizeof(float)));
  Access behind{data + 12, 1, true};
  EXPECT_THAT(runAccess(behind), HasSubstr("written 8 bytes past the end of an allocation of 40"));
  release(data);
}

TEST(Memory, ImagesThatAreNotElfAreRefused) {
  std::string error;
  EXPECT_EQ(loadImage(".version 8.0", error), nullptr);
  EXPECT_THAT(error, HasSubstr("not a simulated one"));
}

} // namespace
