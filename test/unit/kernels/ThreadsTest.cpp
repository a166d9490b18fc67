//===- ThreadsTest.cpp - linalg as threads, in the simulator -------------------------===//
//
// Each plan of threads on sizes that fill neither the last block nor the last warp.
//
//===---------------------------------------------------------------------------------===//

#include "Faults.h"
#include "Program.h"

#include "gmock/gmock.h"

#include <cmath>

using namespace dlc;
using namespace dlc::test;
using testing::IsEmpty;

static constexpr char kPipeline[] = "dlc-gpu-phase,dlc-device-phase";

namespace {

class ThreadsTest : public testing::TestWithParam<simulator::Settings> {
protected:
  void SetUp() override { simulator::settings() = GetParam(); }
  void TearDown() override { simulator::settings() = {}; }

  void make(const char *text) {
    program = Program::make(text, kPipeline);
    ASSERT_TRUE(program && program->assemble());
  }
  std::unique_ptr<Program> program;
};

INSTANTIATE_TEST_SUITE_P(Settings, ThreadsTest,
                         testing::Values(simulator::Settings{0, false},
                                         simulator::Settings{1, false},
                                         simulator::Settings{2, false}),
                         [](const auto &info) { return "seed" + std::to_string(info.param.seed); });

// 420 vectors of four: two blocks, the second not full.
TEST_P(ThreadsTest, ComputesFourElementsAThread) {
  make(R"mlir(
func.func @run(%x: memref<70x24xf32>, %y: memref<70x24xf32>) {
  linalg.exp ins(%x : memref<70x24xf32>) outs(%y : memref<70x24xf32>)
  return
})mlir");
  Array x = Array::random(70 * 24, 1), y(70 * 24);
  ASSERT_THAT(program->run({&x, &y}), IsEmpty());
  for (size_t i = 0; i < y.size; ++i)
    ASSERT_NEAR(y[i], std::exp(x[i]), 1e-6);
}

TEST_P(ThreadsTest, ComputesAnElementAThread) {
  make(R"mlir(
#id = affine_map<(d0, d1) -> (d0, d1)>
#col = affine_map<(d0, d1) -> (d1)>
func.func @run(%x: memref<37x10xf32>, %b: memref<10xf32>, %y: memref<37x10xf32>) {
  linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : memref<37x10xf32>, memref<10xf32>) outs(%y : memref<37x10xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %r = arith.addf %a, %c : f32
    linalg.yield %r : f32
  }
  return
})mlir");
  Array x = Array::random(370, 1), b = Array::random(10, 2), y(370);
  ASSERT_THAT(program->run({&x, &b, &y}), IsEmpty());
  for (size_t i = 0; i < y.size; ++i)
    ASSERT_EQ(y[i], x[i] + b[i % 10]);
}

// Threads walk what is written. It begins at the fourth element, its rows lie 20 apart; the gaps
// stay as they are.
TEST_P(ThreadsTest, WritesPartsOfRows) {
  make(R"mlir(
#id = affine_map<(d0, d1) -> (d0, d1)>
#turned = affine_map<(d0, d1) -> (d1, d0)>
func.func @run(%x: memref<8x45xf32>, %y: memref<45x8xf32, strided<[20, 1], offset: 4>>) {
  linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<8x45xf32>) outs(%y : memref<45x8xf32, strided<[20, 1], offset: 4>>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  linalg.exp ins(%y : memref<45x8xf32, strided<[20, 1], offset: 4>>)
    outs(%y : memref<45x8xf32, strided<[20, 1], offset: 4>>)
  return
})mlir");
  Array x = Array::random(8 * 45, 1), y(45 * 20);
  ASSERT_THAT(program->run({&x, &y}), IsEmpty());
  for (int i = 0; i < 45; ++i)
    for (int j = 0; j < 20; ++j) {
      if (j < 4 || j >= 12)
        ASSERT_TRUE(std::isnan(y[i * 20 + j]));
      else
        ASSERT_NEAR(y[i * 20 + j], std::exp(x[(j - 4) * 45 + i]), 1e-6);
    }
}

// 20736 outputs: four neighbours a thread, each with its own sums.
TEST_P(ThreadsTest, ComputesWindows) {
  make(R"mlir(
#x = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 + d4, d2 + d5, d6)>
#w = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>
#y = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
func.func @run(%x: memref<1x20x20x3xf32>, %w: memref<3x3x3x64xf32>, %y: memref<1x18x18x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<1x18x18x64xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<1x20x20x3xf32>, memref<3x3x3x64xf32>) outs(%y : memref<1x18x18x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %r = arith.addf %o, %p : f32
    linalg.yield %r : f32
  }
  return
})mlir");
  Array x = Array::random(20 * 20 * 3, 1), w = Array::random(27 * 64, 2), y(18 * 18 * 64);
  ASSERT_THAT(program->run({&x, &w, &y}), IsEmpty());
  for (int i = 0; i < 18 * 18 * 64; ++i) {
    int row = i / 64 / 18, column = i / 64 % 18;
    double sum = 0;
    for (int k = 0; k < 27; ++k)
      sum += double(x[((row + k / 9) * 20 + column + k / 3 % 3) * 3 + k % 3]) * w[k * 64 + i % 64];
    ASSERT_NEAR(y[i], sum, 1e-5);
  }
}

//===----------------------------------------------------------------------===//
// Threads that share reductions
//===----------------------------------------------------------------------===//

// What the sums and maxima begin with counts.
static std::string reduction(const char *combine, int rows, int columns, int dim) {
  std::string in = "memref<" + std::to_string(rows) + "x" + std::to_string(columns) + "xf32>";
  std::string out = "memref<" + std::to_string(dim == 1 ? rows : columns) + "xf32>";
  return "func.func @run(%x: " + in + ", %y: " + out + ") {\n  linalg.reduce {" + combine +
         "} ins(%x : " + in + ") outs(%y : " + out + ") dimensions = [" + std::to_string(dim) +
         "]\n  return\n}";
}

static Array ones(size_t size) {
  Array array(size);
  for (size_t i = 0; i < size; ++i)
    array[i] = 1;
  return array;
}

TEST_P(ThreadsTest, AddsUpARowByAWarp) {
  make(reduction("arith.addf", 13, 100, 1).c_str());
  Array x = Array::random(1300, 1), y = ones(13);
  ASSERT_THAT(program->run({&x, &y}), IsEmpty());
  for (int i = 0; i < 13; ++i) {
    double sum = 1;
    for (int j = 0; j < 100; ++j)
      sum += x[i * 100 + j];
    EXPECT_NEAR(y[i], sum, 1e-5);
  }
}

TEST_P(ThreadsTest, FindsTheLargestOfARowByABlock) {
  make(reduction("arith.maximumf", 3, 1000, 1).c_str());
  Array x = Array::random(3000, 1), y(3);
  y[0] = y[1] = -2;
  y[2] = 2;
  ASSERT_THAT(program->run({&x, &y}), IsEmpty());
  for (int i = 0; i < 3; ++i) {
    float largest = i == 2 ? 2 : -2;
    for (int j = 0; j < 1000; ++j)
      largest = std::max(largest, x[i * 1000 + j]);
    EXPECT_EQ(y[i], largest);
  }
}

TEST_P(ThreadsTest, AddsUpColumns) {
  // By fours where they are so many, else one by one.
  for (auto [rows, columns] : {std::pair(150, 40), {700, 40}, {700, 16}, {150, 37}, {700, 70}}) {
    make(reduction("arith.addf", rows, columns, 0).c_str());
    Array x = Array::random(rows * columns, 1), y = ones(columns);
    ASSERT_THAT(program->run({&x, &y}), IsEmpty());
    for (int j = 0; j < columns; ++j) {
      double sum = 1;
      for (int i = 0; i < rows; ++i)
        sum += x[i * columns + j];
      EXPECT_NEAR(y[j], sum, 1e-4);
    }
  }
}

// Each barrier of the tree is needed.
TEST_P(ThreadsTest, NeedsEachBarrier) {
  program = Program::make(reduction("arith.addf", 700, 40, 0), kPipeline);
  ASSERT_TRUE(program);
  Array x = Array::random(700 * 40, 1);
  int places = 0;
  for (int place = 0; place == 0 || place < places; ++place) {
    ASSERT_TRUE(program->assemble([&](mlir::gpu::GPUModuleOp kernels) {
      places = countPlaces(kernels, missingBarrier);
      applyFault(kernels, missingBarrier, place);
    }));
    bool isCaught = false;
    for (uint64_t seed = 0; seed < 4 && !isCaught; ++seed) {
      simulator::settings() = {seed, false};
      Array y = ones(40);
      isCaught = !program->run({&x, &y}).empty();
      for (int j = 0; j < 40; ++j) {
        double sum = 1;
        for (int i = 0; i < 700; ++i)
          sum += x[i * 40 + j];
        isCaught |= !(std::abs(y[j] - sum) < 1e-4);
      }
    }
    EXPECT_TRUE(isCaught) << "without barrier " << place;
  }
  EXPECT_EQ(places, 6);
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

static constexpr char kJoined[] = "func.func(dlc-join-steps),dlc-gpu-phase,dlc-device-phase";

// ROWS and COLS in a text.
static std::string withSizes(std::string text, int rows, int columns) {
  for (auto [name, value] : {std::pair("ROWS", rows), {"COLS", columns}})
    for (size_t at; (at = text.find(name)) != std::string::npos;)
      text.replace(at, 4, std::to_string(value));
  return text;
}

// The sum stays in registers; the mean is stored, and what follows it is read and written.
TEST_P(ThreadsTest, DoesStepsBehindAReduction) {
  for (auto [rows, columns] : {std::pair(700, 40), {150, 37}, {5, 64}}) {
    std::string text = R"mlir(
!in = memref<ROWSxCOLSxf32>
!out = memref<COLSxf32>
func.func @run(%x: !in, %mean: !out, %old: !out) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant ROWS.0 : f32
  %sum = memref.alloc() : !out
  linalg.fill ins(%zero : f32) outs(%sum : !out)
  linalg.reduce {arith.addf} ins(%x : !in) outs(%sum : !out) dimensions = [0]
  linalg.generic {indexing_maps = [affine_map<(c) -> (c)>, affine_map<(c) -> (c)>], iterator_types = ["parallel"]}
      ins(%sum : !out) outs(%mean : !out) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.divf %a, %n : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [affine_map<(c) -> (c)>, affine_map<(c) -> (c)>], iterator_types = ["parallel"]}
      ins(%mean : !out) outs(%old : !out) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %o : f32
    linalg.yield %r : f32
  }
  return
})mlir";
    program = Program::make(withSizes(text, rows, columns), kJoined);
    ASSERT_TRUE(program && program->assemble());
    Array x = Array::random(rows * columns, 1), mean(columns), old = ones(columns);
    ASSERT_THAT(program->run({&x, &mean, &old}), IsEmpty());
    for (int j = 0; j < columns; ++j) {
      double sum = 0;
      for (int i = 0; i < rows; ++i)
        sum += x[i * columns + j];
      EXPECT_NEAR(mean[j], sum / rows, 1e-5);
      EXPECT_NEAR(old[j], sum / rows + 1, 1e-5);
    }
  }
}

// Windows, then a bias and a residual, by fours.
TEST_P(ThreadsTest, DoesStepsBehindWindows) {
  program = Program::make(R"mlir(
#x = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d4, d2 + d5, d3)>
#w = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, d3)>
#y = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#last = affine_map<(d0, d1, d2, d3) -> (d3)>
!y = memref<1x18x18x64xf32>
func.func @run(%x: memref<1x20x20x64xf32>, %w: memref<3x3x64xf32>, %b: memref<64xf32>, %y: !y) {
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : !y
  linalg.fill ins(%zero : f32) outs(%sums : !y)
  linalg.generic {indexing_maps = [#x, #w, #y],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<1x20x20x64xf32>, memref<3x3x64xf32>) outs(%sums : !y) {
  ^bb0(%a: f32, %v: f32, %o: f32):
    %p = arith.mulf %a, %v : f32
    %r = arith.addf %o, %p : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #last, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%sums, %b : !y, memref<64xf32>) outs(%y : !y) {
  ^bb0(%a: f32, %v: f32, %o: f32):
    %s = arith.addf %a, %v : f32
    %r = arith.addf %s, %o : f32
    linalg.yield %r : f32
  }
  return
})mlir",
                          kJoined);
  ASSERT_TRUE(program && program->assemble());
  Array x = Array::random(400 * 64, 1), w = Array::random(9 * 64, 2), b = Array::random(64, 3);
  Array y = ones(18 * 18 * 64);
  ASSERT_THAT(program->run({&x, &w, &b, &y}), IsEmpty());
  for (int i = 0; i < 18 * 18 * 64; ++i) {
    int row = i / 64 / 18, column = i / 64 % 18, channel = i % 64;
    double sum = 1.0 + b[channel];
    for (int k = 0; k < 9; ++k)
      sum += double(x[((row + k / 3) * 20 + column + k % 3) * 64 + channel]) * w[k * 64 + channel];
    ASSERT_NEAR(y[i], sum, 1e-5);
  }
}

// Softmax of each row, and the logarithm of its sum: a warp a row, or a block; the last block of
// warps is not full. The exponentials are read by the lanes that wrote them.
static constexpr char kSoftmax[] = R"mlir(
#all = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>
#one = affine_map<(n) -> (n)>
!in = memref<ROWSxCOLSxf32>
!out = memref<ROWSxf32>
func.func @run(%x: !in, %powers: !in, %y: !in, %log: !out) {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %max = memref.alloc() : !out
  %sum = memref.alloc() : !out
  linalg.fill ins(%least : f32) outs(%max : !out)
  linalg.reduce {arith.maximumf} ins(%x : !in) outs(%max : !out) dimensions = [1]
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : !in, !out) outs(%powers : !in) {
  ^bb0(%a: f32, %m: f32, %o: f32):
    %d = arith.subf %a, %m : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  }
  linalg.fill ins(%zero : f32) outs(%sum : !out)
  linalg.reduce {arith.addf} ins(%powers : !in) outs(%sum : !out) dimensions = [1]
  linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]} ins(%sum : !out) outs(%log : !out) {
  ^bb0(%a: f32, %o: f32):
    %l = math.log %a : f32
    linalg.yield %l : f32
  }
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%powers, %sum : !in, !out) outs(%y : !in) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  }
  return
})mlir";

static void expectSoftmax(const Array &x, const Array &y, const Array &log, int rows, int columns) {
  for (int i = 0; i < rows; ++i) {
    double largest = -INFINITY, sum = 0;
    for (int j = 0; j < columns; ++j)
      largest = std::max<double>(largest, x[i * columns + j]);
    for (int j = 0; j < columns; ++j)
      sum += std::exp(x[i * columns + j] - largest);
    ASSERT_NEAR(log[i], std::log(sum), 1e-5);
    for (int j = 0; j < columns; ++j)
      ASSERT_NEAR(y[i * columns + j], std::exp(x[i * columns + j] - largest) / sum, 1e-6);
  }
}

TEST_P(ThreadsTest, DoesStepsAlongRows) {
  for (auto [rows, columns] : {std::pair(13, 10), {9, 100}, {3, 1500}, {1, 1}}) {
    program = Program::make(withSizes(kSoftmax, rows, columns), kJoined);
    ASSERT_TRUE(program && program->assemble());
    Array x = Array::random(rows * columns, 1), powers(rows * columns), y(rows * columns);
    Array log(rows);
    ASSERT_EQ(program->launches(), 1);
    ASSERT_THAT(program->run({&x, &powers, &y, &log}), IsEmpty());
    expectSoftmax(x, y, log, rows, columns);
  }
}

} // namespace
