//===- FaultTest.cpp - the simulator catches mistakes --------------------------------===//
//
// Kernels that work are broken in one place each. An error of the simulator catches a fault, and so
// do wrong numbers, under any of a few settings.
//
//===---------------------------------------------------------------------------------===//

#include "Faults.h"
#include "HandWritten.h"
#include "Program.h"

#include "gmock/gmock.h"

#include <cmath>

using namespace dlc;
using namespace dlc::test;
using testing::IsEmpty;

namespace {

class FaultTest : public testing::Test {
protected:
  void TearDown() override { simulator::settings() = {}; }

  void make(const char *text) {
    program = Program::make(text, handWrittenPipeline);
    ASSERT_TRUE(program);
  }

  /// What each setting says of the kernels with this fault, until one sees it. `compute` tells
  /// whether the numbers are right. Empty: none sees it.
  std::string findFault(const Fault &fault, int place, std::function<bool(std::string &)> compute) {
    bool isAssembled = program->assemble([&](mlir::gpu::GPUModuleOp kernels) {
      ASSERT_LT(place, countPlaces(kernels, fault));
      applyFault(kernels, fault, place);
    });
    if (!isAssembled)
      return "";
    for (uint64_t seed : {0, 1, 2, 3})
      for (bool eager : {false, true}) {
        simulator::settings() = {seed, eager};
        std::string error;
        if (!compute(error))
          return error.empty() ? "wrong numbers" : error;
      }
    return "";
  }

  /// The same for what is found whatever the order of warps.
  std::string findRace(const Fault &fault, int place, std::function<bool(std::string &)> compute) {
    std::string found = findFault(fault, place, compute);
    for (uint64_t seed : {0, 1, 2, 3}) {
      simulator::settings() = {seed, false};
      std::string error;
      compute(error);
      if (error.find("a race with") == std::string::npos)
        return "no race with seed " + std::to_string(seed) + ": " + error;
    }
    return found;
  }

  std::unique_ptr<Program> program;
};

class TranspositionFaultTest : public FaultTest {
protected:
  void SetUp() override { make(transposition); }
  std::string find(const Fault &fault, int place) { return findFault(fault, place, compute()); }
  std::function<bool(std::string &)> compute() {
    return [&](std::string &error) {
      out.poison();
      error = program->run({&in, &out});
      bool isRight = error.empty();
      for (int i = 0; i < 70; ++i)
        for (int j = 0; j < 45; ++j)
          isRight &= in[i * 45 + j] == out[j * 70 + i];
      return isRight;
    };
  }
  Array in = Array::random(70 * 45, 1), out{70 * 45};
};

TEST_F(TranspositionFaultTest, MissingBarrier) {
  EXPECT_THAT(findRace(missingBarrier, 0, compute()),
              testing::AllOf(testing::HasSubstr("llvm.store #0"),
                             testing::HasSubstr("a race with a read by thread"),
                             testing::HasSubstr("llvm.load #1"),
                             testing::HasSubstr("of shared memory")));
}

TEST_F(TranspositionFaultTest, DivergentBarrier) {
  EXPECT_THAT(find(divergentBarrier, 0), testing::HasSubstr("a race with"));
}

TEST_F(TranspositionFaultTest, UnwrittenElements) {
  EXPECT_EQ(find(missingStore, 0), "wrong numbers");
}

// The comparisons are those of the first loop and its tile's rows and columns, then the second's.
TEST_F(TranspositionFaultTest, AccessesOutOfBounds) {
  EXPECT_THAT(find(missingCheck, 1), testing::HasSubstr("out of bounds"));
  EXPECT_THAT(find(missingCheck, 4), testing::HasSubstr("allocation"));
}

class ReductionFaultTest : public FaultTest {
protected:
  void SetUp() override { make(reduction); }
  std::string find(const Fault &fault, int place) { return findFault(fault, place, compute()); }
  std::function<bool(std::string &)> compute() {
    return [&](std::string &error) {
      out.poison();
      error = program->run({&in, &out});
      double sum = 0;
      for (size_t i = 0; i < in.size; ++i)
        sum += in[i];
      return error.empty() && std::abs(out[0] - sum) < 1e-4;
    };
  }
  Array in = Array::random(1000, 1), out{1};
};

TEST_F(ReductionFaultTest, MissingBarrier) {
  EXPECT_THAT(findRace(missingBarrier, 0, compute()), testing::HasSubstr("a race with"));
}

TEST_F(ReductionFaultTest, DivergentBarrier) { EXPECT_NE(find(divergentBarrier, 0), ""); }

class ProductFaultTest : public FaultTest {
protected:
  void SetUp() override { make(product); }
  std::string find(const Fault &fault, int place) { return findFault(fault, place, compute()); }
  std::function<bool(std::string &)> compute() {
    return [&](std::string &error) {
      out.poison();
      error = program->run({&a, &b, &out});
      bool isRight = error.empty();
      for (int i = 0; i < 16; ++i)
        for (int j = 0; j < 8; ++j) {
          double sum = 0;
          for (int k = 0; k < 32; ++k)
            sum += double(a[i * 32 + k]) * b[j * 32 + k];
          isRight &= std::abs(out[i * 8 + j] - sum) < 0.02;
        }
      return isRight;
    };
  }
  Array a = Array::random(16 * 32, 1), b = Array::random(8 * 32, 2), out{16 * 8};
};

TEST_F(ProductFaultTest, MissingWarpBarrier) {
  EXPECT_THAT(findRace(missingBarrier, 0, compute()), testing::HasSubstr("a race with"));
}

TEST_F(ProductFaultTest, DivergentWarpBarrier) {
  EXPECT_THAT(find(divergentBarrier, 0), testing::HasSubstr("divergent"));
}

TEST_F(ProductFaultTest, EarlyWaits) {
  for (int place : {0, 1})
    EXPECT_THAT(findRace(earlyWait, place, compute()),
                testing::HasSubstr("a race with a copy that was not waited for"));
}

TEST_F(ProductFaultTest, MissingCommit) {
  EXPECT_THAT(findRace(missingCommit, 0, compute()),
              testing::HasSubstr("a race with a copy that was not waited for"));
}

TEST_F(ProductFaultTest, UnwrittenElements) {
  for (int place = 0; place < 4; ++place)
    EXPECT_EQ(find(missingStore, place), "wrong numbers");
}

} // namespace
