//===- ProductTest.cpp - matrix products of images in the simulator -----------===//
//
// The templates of kernel.implicit_gemm and kernel.implicit_gemm_weights, whatever their tile,
// against plain loops in double precision over operands rounded as the kernel rounds them.
//
//===---------------------------------------------------------------------------------===//

#include "Products.h"

#include "gmock/gmock.h"

using namespace dlc;
using namespace dlc::test;
using testing::IsEmpty;

namespace {

/// Sums in float32 of thousands of products of numbers below 1, relative to the sum of their
/// magnitudes.
constexpr double tolerance = 2e-6;

struct Case {
  const char *name;
  Convolution convolution;
  Tile tile;
};

void PrintTo(const Case &value, std::ostream *os) { *os << value.name; }

const Case cases[] = {
    // Whole tiles.
    {"Pointwise", {2, 8, 8, 32, 1, 1, 32}, {32, 32, 16, 2, 1, 3}},
    // Neither rows, columns nor depth are multiples of the tile's; pixels of three channels.
    {"FirstLayer", {3, 9, 7, 3, 3, 3, 10, 2, 1, 1}, {32, 32, 16, 2, 1, 3}},
    {"Padded", {2, 7, 7, 16, 3, 3, 40, 1, 1, 1}, {64, 32, 16, 2, 2, 3}},
    {"Dilated", {1, 11, 10, 8, 3, 3, 24, 1, 2, 2}, {32, 32, 16, 1, 2, 2}},
    {"OddChannels", {2, 6, 5, 5, 2, 3, 7, 1, 1, 0}, {32, 32, 16, 2, 1, 4}},
    {"Dense", {37, 1, 1, 75, 1, 1, 21}, {32, 32, 16, 2, 1, 3}},
    {"OneSample", {1, 1, 1, 128, 1, 1, 64}, {32, 64, 32, 1, 2, 3}},
    {"LargeTile", {2, 12, 12, 32, 3, 3, 64, 1, 1, 1}, {128, 64, 32, 4, 2, 3}},
    // The largest of the schedule's.
    {"Wide", {3, 8, 8, 16, 3, 3, 130, 1, 1, 1}, {128, 128, 16, 2, 4, 4}},
    {"Split", {2, 5, 5, 64, 3, 3, 16, 1, 1, 1, /*parts=*/4}, {32, 32, 16, 2, 1, 3}},
    // Pieces of 16, 8 and 4 bytes, and single elements; one group of columns for each warp.
    {"LongSteps", {2, 9, 9, 64, 3, 3, 72, 1, 1, 1}, {64, 64, 64, 2, 2, 3}},
    {"Fours", {2, 5, 5, 12, 3, 3, 36, 1, 1, 1}, {32, 64, 32, 1, 2, 3}},
    {"Twos", {2, 5, 5, 6, 3, 3, 42, 1, 1, 1}, {64, 32, 16, 2, 1, 3}},
    {"NarrowWarps", {2, 6, 6, 16, 3, 3, 32, 1, 1, 1}, {64, 32, 32, 1, 4, 3}},
    {"SplitUnevenly", {1, 4, 4, 24, 3, 3, 8, 1, 1, 1, /*parts=*/5}, {32, 32, 16, 2, 1, 3}},
};

struct Way {
  const char *name, *math;
  Storage storage = Storage::Wide;
};

void PrintTo(const Way &value, std::ostream *os) { *os << value.name; }

const Way ways[] = {
    {"simt", "simt"}, {"tf32", "tf32"}, {"bf16", "bf16"}, {"narrow", "bf16", Storage::Narrow}};
// Only a gradient's operands may differ.
const Way narrowRight{"narrowRight", "bf16", Storage::NarrowRight};

class ProductTest : public testing::TestWithParam<std::tuple<Case, Way, bool>> {
protected:
  void TearDown() override { simulator::settings() = {}; }
};

std::string nameOf(const testing::TestParamInfo<std::tuple<Case, Way, bool>> &info) {
  std::string name = std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name;
  return std::get<2>(info.param) ? name + "_weights" : name;
}

INSTANTIATE_TEST_SUITE_P(Cases, ProductTest,
                         testing::Combine(testing::ValuesIn(cases), testing::ValuesIn(ways),
                                          testing::Bool()),
                         nameOf);
INSTANTIATE_TEST_SUITE_P(Mixed, ProductTest,
                         testing::Combine(testing::ValuesIn(cases), testing::Values(narrowRight),
                                          testing::Values(true)),
                         nameOf);

TEST_P(ProductTest, AgreesWithPlainLoops) {
  auto [value, way, isWeights] = GetParam();
  Tile tile = value.tile;
  if (way.storage != Storage::Narrow && tile.k > 32)
    tile.k = 32;
  Product product(value.convolution, tile, way.math, isWeights, way.storage);
  ASSERT_TRUE(product.program && product.program->assemble());
  for (simulator::Settings settings : {simulator::Settings{0, false}, {1, true}, {2, false}}) {
    simulator::settings() = settings;
    ASSERT_THAT(product.run(), IsEmpty()) << "seed " << settings.seed;
    EXPECT_LT(product.findError(), tolerance) << "seed " << settings.seed;
  }
}

} // namespace
