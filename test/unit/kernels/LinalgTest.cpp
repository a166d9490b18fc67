//===- LinalgTest.cpp - linalg for GPUs in the simulator -----------------------------===//
//
// What has no kernel of its own is linalg, of which a thread computes elements or a block a
// reduction: awkward shapes against plain loops.
//
//===---------------------------------------------------------------------------------===//

#include "Program.h"

#include "llvm/Support/FormatVariadic.h"
#include "gmock/gmock.h"

#include <cmath>

using namespace dlc;
using namespace dlc::test;
using llvm::formatv;
using testing::IsEmpty;

namespace {

/// Batch, height, width, channels.
using Shape = std::array<int, 4>;

class LinalgTest : public testing::TestWithParam<Shape> {
protected:
  void TearDown() override { simulator::settings() = {}; }

  /// Runs `op` on %x [batch, h, w, c], %v [c] and %out, under several settings; `expected(n, y, x,
  /// c)` is each element of `out`.
  void check(const std::string &op, const std::string &outType, Shape out,
             std::function<double(int, int, int, int)> expected) {
    auto [n, h, w, c] = GetParam();
    std::string text = formatv("#all = affine_map<(n, y, x, c) -> (n, y, x, c)>\n"
                               "#last = affine_map<(n, y, x, c) -> (c)>\n"
                               "!image = memref<?x{0}x{1}x{2}xf32>\n!vector = memref<{2}xf32>\n"
                               "!out = {3}\n"
                               "func.func @run(%batch: index {{nn.batch}, %x: !image, %v: !vector, "
                               "%out: !out) {{\n{4}\n  return\n}\n",
                               h, w, c, outType, op);
    auto program = Program::make(text, "dlc-gpu-phase,dlc-device-phase", n);
    ASSERT_TRUE(program && program->assemble());
    Array result(size_t(out[0]) * out[1] * out[2] * out[3]);
    for (uint64_t seed : {0, 1, 2}) {
      simulator::settings().seed = seed;
      result.poison();
      ASSERT_THAT(program->run({&image, &vector, &result}), IsEmpty());
      for (size_t i = 0; i < result.size; ++i)
        ASSERT_NEAR(result[i],
                    expected(i / out[3] / out[2] / out[1], i / out[3] / out[2] % out[1],
                             i / out[3] % out[2], i % out[3]),
                    1e-4)
            << "element " << i << ", seed " << seed;
    }
  }

  float at(int n, int y, int x, int c) const {
    auto [_, h, w, channels] = GetParam();
    return image[((size_t(n) * h + y) * w + x) * channels + c];
  }

  Array image =
      Array::random(size_t(GetParam()[0]) * GetParam()[1] * GetParam()[2] * GetParam()[3], 1);
  Array vector = Array::random(GetParam()[3], 2);
};

INSTANTIATE_TEST_SUITE_P(Shapes, LinalgTest,
                         testing::Values(Shape{2, 8, 8, 32}, Shape{3, 7, 5, 3}, Shape{1, 2, 2, 1},
                                         Shape{5, 9, 4, 17}, Shape{2, 33, 31, 4}),
                         [](const auto &info) {
                           return formatv("{0}x{1}x{2}x{3}", info.param[0], info.param[1],
                                          info.param[2], info.param[3])
                               .str();
                         });

TEST_P(LinalgTest, AddsAVectorToEachPixel) {
  auto [n, h, w, c] = GetParam();
  check(R"mlir(
  linalg.generic {indexing_maps = [#all, #last, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %v : !image, !vector) outs(%out : !out) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    %t = math.tanh %s : f32
    linalg.yield %t : f32
  })mlir",
        formatv("memref<?x{0}x{1}x{2}xf32>", h, w, c), {n, h, w, c},
        [&](int n, int y, int x, int c) { return std::tanh(double(at(n, y, x, c)) + vector[c]); });
}

TEST_P(LinalgTest, Transposes) {
  auto [n, h, w, c] = GetParam();
  check("  linalg.transpose ins(%x : !image) outs(%out : !out) permutation = [0, 3, 1, 2]",
        formatv("memref<?x{2}x{0}x{1}xf32>", h, w, c), {n, c, h, w},
        [&](int n, int c, int y, int x) { return at(n, y, x, c); });
}

TEST_P(LinalgTest, AddsUpPixels) {
  auto [n, h, w, c] = GetParam();
  check(R"mlir(
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : !out)
  linalg.generic {indexing_maps = [#all, affine_map<(n, y, x, c) -> (n, c)>], iterator_types = ["parallel", "reduction", "reduction", "parallel"]}
      ins(%x : !image) outs(%out : !out) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %a, %s : f32
    linalg.yield %t : f32
  })mlir",
        formatv("memref<?x{0}xf32>", c), {n, 1, 1, c}, [&, h = h, w = w](int n, int, int, int c) {
          double sum = 0;
          for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x)
              sum += at(n, y, x, c);
          return sum;
        });
}

TEST_P(LinalgTest, FindsLargestChannels) {
  auto [n, h, w, c] = GetParam();
  check(R"mlir(
  %least = arith.constant 0xFF800000 : f32
  linalg.fill ins(%least : f32) outs(%out : !out)
  linalg.generic {indexing_maps = [#all, affine_map<(n, y, x, c) -> (n, y, x)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x : !image) outs(%out : !out) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.maximumf %a, %s : f32
    linalg.yield %t : f32
  })mlir",
        formatv("memref<?x{0}x{1}xf32>", h, w), {n, 1, h, w}, [&, c = c](int n, int, int y, int x) {
          float largest = -INFINITY;
          for (int channel = 0; channel < c; ++channel)
            largest = std::max(largest, at(n, y, x, channel));
          return largest;
        });
}

} // namespace
