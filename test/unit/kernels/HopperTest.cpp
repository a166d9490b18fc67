//===- HopperTest.cpp - bulk copies, mbarriers and warpgroups in the simulator ===//

#include "Faults.h"
#include "HandWritten.h"
#include "Program.h"
#include "test/simulator/TensorMap.h"

#include "gmock/gmock.h"

#include <cmath>

using namespace dlc;
using namespace dlc::test;
using simulator::TensorMap;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

/// Tiles of 64 rows of 32 floats out of a matrix.
TensorMap makeMap(const Array &matrix, uint32_t rows, uint32_t columns) {
  TensorMap map = {};
  map.magic = TensorMap::expectedMagic;
  map.elementBytes = sizeof(float);
  map.rank = 2;
  map.isSwizzled = true;
  map.address = reinterpret_cast<const char *>(matrix.data);
  map.extents[0] = columns, map.extents[1] = rows;
  map.strides[0] = sizeof(float), map.strides[1] = columns * sizeof(float);
  map.box[0] = 32, map.box[1] = 64;
  return map;
}

class HopperTest : public testing::Test {
protected:
  static constexpr int m = 128, n = 64, k = 96;

  void SetUp() override {
    program = Program::make(writeHopperProduct(), handWrittenPipeline);
    ASSERT_TRUE(program && program->assemble());
  }
  void TearDown() override { simulator::settings() = {}; }

  std::string run(uint64_t seed, bool eager, uint64_t sharedBytes = 32800) {
    simulator::settings() = {seed, eager};
    alignas(64) char maps[2][128] = {};
    TensorMap mapA = makeMap(a, m, k), mapB = makeMap(b, n, k);
    memcpy(maps[0], &mapA, sizeof(mapA));
    memcpy(maps[1], &mapB, sizeof(mapB));
    void *params[] = {maps[0], maps[1], &out.data};
    out.poison();
    return program->launch("multiply", {{m / 64, 1, 1}, {256, 1, 1}, sharedBytes}, params);
  }

  bool isRight() const {
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < n; ++j) {
        double sum = 0;
        for (int l = 0; l < k; ++l)
          sum += double(a[i * k + l]) * b[j * k + l];
        if (!(std::abs(out[i * n + j] - sum) < 0.05))
          return false;
      }
    return true;
  }

  /// As in FaultTest.
  std::string find(const Fault &fault, int place) {
    bool isAssembled = program->assemble([&](mlir::gpu::GPUModuleOp kernels) {
      ASSERT_LT(place, countPlaces(kernels, fault));
      applyFault(kernels, fault, place);
    });
    if (!isAssembled)
      return "";
    for (uint64_t seed : {0, 1, 2, 3})
      for (bool eager : {false, true}) {
        std::string error = run(seed, eager);
        if (!error.empty() || !isRight())
          return error.empty() ? "wrong numbers" : error;
      }
    return "";
  }

  Array a = Array::random(m * k, 1), b = Array::random(n * k, 2), out{m * n};
  std::unique_ptr<Program> program;
};

TEST_F(HopperTest, MultipliesByWarpgroups) {
  for (uint64_t seed : {0, 1, 2, 3})
    for (bool eager : {false, true}) {
      ASSERT_THAT(run(seed, eager), IsEmpty());
      EXPECT_TRUE(isRight());
    }
}

TEST_F(HopperTest, MissingBarrier) {
  EXPECT_THAT(find(missingBarrier, 0),
              HasSubstr("a race with a write by thread 0 at multiply: nvvm.mbarrier.init"));
}

TEST_F(HopperTest, WrongCounts) {
  EXPECT_THAT(find(wrongCount, 0), HasSubstr("deadlock"));
  EXPECT_THAT(find(wrongCount, 1), HasSubstr("deadlock"));
}

// A wait of the producer, then one of the consumer.
TEST_F(HopperTest, MissingWaits) {
  EXPECT_NE(find(missingPhaseWait, 0), "");
  EXPECT_NE(find(missingPhaseWait, 1), "");
}

TEST_F(HopperTest, EarlyWaitForProducts) {
  EXPECT_THAT(find(earlyProductWait, 0), HasSubstr("race"));
}

TEST_F(HopperTest, TooLittleSharedMemory) {
  EXPECT_THAT(run(0, false, 30000), HasSubstr("misplaced mbarrier"));
}

} // namespace
