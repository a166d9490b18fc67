//===- HandWrittenTest.cpp - known kernels in the simulator --------------------------===//
//
// Kernels written by hand, each around one thing that GPUs do, show that the simulator does it too.
//
//===---------------------------------------------------------------------------------===//

#include "HandWritten.h"
#include "Program.h"

#include "gmock/gmock.h"

#include <cmath>

using namespace dlc;
using namespace dlc::test;
using testing::IsEmpty;

namespace {

class HandWrittenTest : public testing::TestWithParam<simulator::Settings> {
protected:
  void SetUp() override { simulator::settings() = GetParam(); }
  void TearDown() override { simulator::settings() = {}; }

  std::unique_ptr<Program> program;
  void make(const char *text) {
    program = Program::make(text, handWrittenPipeline);
    ASSERT_TRUE(program && program->assemble());
  }
};

INSTANTIATE_TEST_SUITE_P(
    Settings, HandWrittenTest,
    testing::Values(simulator::Settings{0, false}, simulator::Settings{1, false},
                    simulator::Settings{2, false}, simulator::Settings{3, true}),
    [](const auto &info) {
      return "seed" + std::to_string(info.param.seed) + (info.param.eagerCopies ? "eager" : "");
    });

TEST_P(HandWrittenTest, TransposesThroughSharedMemory) {
  make(transposition);
  Array in = Array::random(70 * 45, 1), out(70 * 45);
  ASSERT_THAT(program->run({&in, &out}), IsEmpty());
  for (int i = 0; i < 70; ++i)
    for (int j = 0; j < 45; ++j)
      ASSERT_EQ(in[i * 45 + j], out[j * 70 + i]);
}

TEST_P(HandWrittenTest, AddsUpByShuffles) {
  make(reduction);
  Array in = Array::random(1000, 1), out(1);
  ASSERT_THAT(program->run({&in, &out}), IsEmpty());
  double sum = 0;
  for (size_t i = 0; i < in.size; ++i)
    sum += in[i];
  EXPECT_NEAR(out[0], sum, 1e-4);
}

TEST_P(HandWrittenTest, MultipliesTf32FromAsynchronousCopies) {
  make(product);
  Array a = Array::random(16 * 32, 1), b = Array::random(8 * 32, 2), out(16 * 8);
  ASSERT_THAT(program->run({&a, &b, &out}), IsEmpty());
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 8; ++j) {
      double sum = 0, magnitude = 0;
      for (int k = 0; k < 32; ++k) {
        sum += double(a[i * 32 + k]) * b[j * 32 + k];
        magnitude += std::abs(double(a[i * 32 + k]) * b[j * 32 + k]);
      }
      // Operands lose up to a 1024th each.
      EXPECT_NEAR(out[i * 8 + j], sum, magnitude * 2 / 1024);
    }
}

} // namespace
