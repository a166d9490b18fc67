//===- WarpgroupTest.cpp - products of warpgroups in the simulator -------------------===//
//
// kernel.warpgroup_gemm of awkward shapes against sums in float64, of operands rounded as the
// copies round them; and the same with mistakes, which the simulator must catch.
//
//===---------------------------------------------------------------------------------===//

#include "Faults.h"
#include "Program.h"

#include "test/simulator/Device.h"
#include "llvm/Support/FormatVariadic.h"
#include "gmock/gmock.h"

#include <bit>
#include <cmath>

using namespace dlc;
using namespace dlc::test;
using testing::IsEmpty;

namespace {

/// Windows of k x k over images of n x h x w x c; o filters.
struct Layer {
  const char *name;
  int n, h, w, c, o, k, stride, before, after, dilation;
  int columns, stages, parts;
  bool hasResidual;
  int blocks;
  bool isBf16 = false;
  bool isNarrow = false; ///< residual and result of bf16

  int outOf(int extent) const {
    return (extent + before + after - (k - 1) * dilation - 1) / stride + 1;
  }
  int oh() const { return outOf(h); }
  int ow() const { return outOf(w); }
  int rows() const { return n * oh() * ow(); }
};

/// Bias, residual and ReLU; of parts the sums alone.
std::string writeEpilogue(const Layer &layer) {
  if (layer.parts > 1)
    return "^bb0(%acc: f32):\n kernel.yield %acc : f32\n";
  std::string text = layer.hasResidual ? "^bb0(%acc: f32, %bias: f32, %more: f32):\n"
                                         "%0 = arith.addf %acc, %more : f32\n"
                                       : "^bb0(%acc: f32, %bias: f32):\n"
                                         "%0 = arith.addf %acc, %acc : f32\n";
  return text + "%1 = arith.addf %0, %bias : f32\n"
                "%zero = arith.constant 0.0 : f32\n"
                "%2 = arith.maximumf %1, %zero : f32\n"
                "kernel.yield %2 : f32\n";
}

std::string write(const Layer &l) {
  const char *type = l.isBf16 ? "bf16" : "f32";
  std::string x = llvm::formatv("memref<?x{0}x{1}x{2}x{3}>", l.h, l.w, l.c, type);
  std::string w =
      llvm::formatv(l.isBf16 ? "memref<{1}x{1}x{2}x{0}x{3}>" : "memref<{0}x{1}x{1}x{2}x{3}>", l.o,
                    l.k, l.c, type);
  std::string b = llvm::formatv("memref<{0}xf32>", l.o);
  std::string image =
      llvm::formatv("?x{0}x{1}x{2}x{3}>", l.oh(), l.ow(), l.o, l.isNarrow ? "bf16" : "f32");
  std::string r = "memref<" + image;
  std::string out = l.parts > 1 ? "memref<" + std::to_string(l.parts) + "x" + image : r;
  std::string extras = l.parts > 1 ? "" : l.hasResidual ? ", %b, %r" : ", %b";
  std::string extraTypes = l.parts > 1 ? "" : l.hasResidual ? ", " + b + ", " + r : ", " + b;
  std::string op = llvm::formatv(
      "kernel.warpgroup_gemm ins(%x, %w{0} : {1}, {2}{3}) outs(%out : {4})\n"
      "attributes {{strides = array<i64: {5}, {5}>, padding = array<i64: {6}, {7}, {6}, {7}>,\n"
      "dilations = array<i64: {8}, {8}>, cta = #kernel.cta<m = 128, n = {9}, k = {10}, warps_m = "
      "8,\n"
      "warps_n = 1, stages = {11}>, math = #kernel.math<wgmma_{12}>, most_blocks = {13}}\n"
      "epilogue {{\n{14}}\n",
      extras, x, w, extraTypes, out, l.stride, l.before, l.after, l.dilation, l.columns,
      l.isBf16 ? 64 : 32, l.stages, l.isBf16 ? "bf16" : "tf32", l.blocks, writeEpilogue(l));
  return llvm::formatv("func.func @run(%batch: index {{nn.batch}, %x: {0}, %w: {1}, %b: {2}, %r: "
                       "{3}, %out: {4}) {{\n",
                       x, w, b, r, out)
             .str() +
         op + "return\n}\n";
}

const char *const pipeline = "dlc-gpu-phase,dlc-device-phase";

double toTf32(float value) { return std::bit_cast<float>(dlc_sim_round_tf32(value)); }

/// What a product takes of random numbers, and how they lie in memory.
struct Operand {
  std::vector<double> rounded;
  Array stored;

  Operand(size_t size, unsigned seed, bool isBf16) : stored(Array::random(size, seed)) {
    Array wide(size);
    if (isBf16) {
      Array narrow = Array::narrow(stored);
      wide.widenFrom(narrow);
      std::swap(stored.data, narrow.data);
    }
    for (size_t i = 0; i < size; ++i)
      rounded.push_back(isBf16 ? wide[i] : toTf32(stored[i]));
  }
};

/// A layer with random numbers, run in the simulator and beside it.
class Trial {
public:
  explicit Trial(const Layer &layer)
      : layer(layer), x(size_t(layer.n) * layer.h * layer.w * layer.c, 1, layer.isBf16),
        w(size_t(layer.o) * layer.k * layer.k * layer.c, 2, layer.isBf16), b(layer.o, 3, false),
        r(size_t(layer.rows()) * layer.o, 4, layer.isNarrow),
        out(size_t(layer.parts) * layer.rows() * layer.o),
        program(Program::make(write(layer), pipeline, layer.n)) {
    compute();
  }

  bool assemble(const Mutation &mutation = nullptr) {
    return program && program->assemble(mutation);
  }

  std::string run() {
    out.poison();
    Array narrow(out.size);
    narrow.poison();
    std::string error =
        program->run({&x.stored, &w.stored, &b.stored, &r.stored, layer.isNarrow ? &narrow : &out});
    if (layer.isNarrow)
      out.widenFrom(narrow);
    return error;
  }

  /// The largest error of an element, relative to the magnitude of its products.
  double error() const {
    double largest = 0;
    size_t size = expected.size();
    for (size_t i = 0; i < size; ++i) {
      double sum = 0;
      for (int part = 0; part < layer.parts; ++part)
        sum += out[part * size + i];
      double error = std::abs(sum - expected[i]) / scale[i];
      // Not a number is no smaller than anything.
      if (!(error <= largest))
        largest = std::isnan(error) ? INFINITY : error;
    }
    return largest;
  }

private:
  void compute() {
    for (int row = 0; row < layer.rows(); ++row)
      for (int o = 0; o < layer.o; ++o) {
        double sum = 0, magnitude = 1;
        forEachTap(row, [&](size_t pixel, int tap) {
          for (int c = 0; c < layer.c; ++c) {
            double product = x.rounded[pixel * layer.c + c] * w.rounded[placeOf(o, tap, c)];
            sum += product;
            magnitude += std::abs(product);
          }
        });
        size_t at = size_t(row) * layer.o + o;
        if (layer.parts == 1)
          sum = std::max(0.0, sum + b.stored[o] + (layer.hasResidual ? residual(at) : sum));
        expected.push_back(sum);
        scale.push_back(magnitude);
      }
  }

  double residual(size_t at) const { return layer.isNarrow ? r.rounded[at] : r.stored[at]; }

  size_t placeOf(int o, int tap, int c) const {
    if (layer.isBf16)
      return (size_t(tap) * layer.c + c) * layer.o + o;
    return (size_t(o) * layer.k * layer.k + tap) * layer.c + c;
  }

  template <typename Act> void forEachTap(int row, Act act) const {
    int ox = row % layer.ow(), oy = row / layer.ow() % layer.oh();
    int image = row / layer.ow() / layer.oh();
    for (int tap = 0; tap < layer.k * layer.k; ++tap) {
      int y = oy * layer.stride - layer.before + tap / layer.k * layer.dilation;
      int column = ox * layer.stride - layer.before + tap % layer.k * layer.dilation;
      if (y >= 0 && y < layer.h && column >= 0 && column < layer.w)
        act((size_t(image) * layer.h + y) * layer.w + column, tap);
    }
  }

  Layer layer;
  Operand x, w, b, r;
  Array out;
  std::unique_ptr<Program> program;
  std::vector<double> expected, scale;
};

class WarpgroupTest : public testing::TestWithParam<Layer> {
protected:
  void TearDown() override { simulator::settings() = {}; }
};

//                 n  h  w   c   o  k  s  p  p  d  columns, stages, parts, residual, blocks, bf16,
//                 narrow
constexpr Layer layers[] = {
    {"Plain", 3, 7, 9, 64, 128, 1, 1, 0, 0, 1, 128, 4, 1, false, 132},
    {"Tails", 2, 5, 7, 36, 70, 1, 1, 0, 0, 1, 64, 2, 1, true, 1},
    {"OddColumns", 2, 5, 7, 12, 33, 1, 1, 0, 0, 1, 64, 3, 1, true, 132},
    {"Windows", 2, 9, 10, 32, 64, 3, 1, 1, 1, 1, 64, 4, 1, false, 132},
    {"Strides", 3, 13, 12, 40, 72, 3, 2, 0, 1, 1, 64, 3, 1, true, 132},
    {"OddStrides", 2, 17, 19, 8, 64, 5, 3, 2, 2, 1, 64, 4, 1, false, 132},
    {"StridesAlone", 3, 15, 13, 32, 40, 1, 2, 0, 0, 1, 64, 4, 1, false, 132},
    {"Dilations", 1, 14, 15, 32, 64, 3, 1, 2, 2, 2, 64, 4, 1, false, 132},
    {"Wide", 2, 12, 11, 64, 256, 1, 1, 0, 0, 1, 256, 4, 1, true, 132},
    {"Parts", 1, 6, 6, 32, 64, 3, 1, 1, 1, 1, 64, 4, 4, false, 132},
    {"PartsWithoutSteps", 1, 6, 6, 64, 64, 1, 1, 0, 0, 1, 64, 2, 3, false, 132},
    // A block's tiles in turn: fewer steps than stages, groups of rows that are not full.
    {"OneBlock", 3, 9, 10, 48, 104, 1, 1, 0, 0, 1, 56, 3, 1, true, 1},
    {"Groups", 1, 40, 30, 8, 48, 1, 1, 0, 0, 1, 24, 3, 1, false, 3},
    {"PartsInTurn", 2, 9, 10, 64, 64, 3, 1, 1, 1, 1, 64, 2, 3, false, 2},
    {"EmptyPartsInTurn", 2, 9, 10, 64, 64, 1, 1, 0, 0, 1, 64, 2, 3, false, 1},
    {"Bf16Plain", 3, 7, 9, 128, 128, 1, 1, 0, 0, 1, 128, 3, 1, false, 1, true},
    {"Bf16Tails", 2, 5, 7, 72, 136, 1, 1, 0, 0, 1, 136, 2, 1, true, 132, true, true},
    {"Bf16Narrow", 2, 9, 10, 24, 40, 1, 1, 0, 0, 1, 40, 4, 1, true, 1, true},
    {"Bf16Windows", 2, 9, 10, 64, 64, 3, 1, 1, 1, 1, 64, 4, 1, false, 132, true},
    {"Bf16Strides", 3, 13, 12, 40, 72, 3, 2, 0, 1, 1, 40, 3, 1, true, 2, true},
    {"Bf16Dilations", 1, 14, 15, 64, 64, 3, 1, 2, 2, 2, 64, 4, 1, false, 132, true},
    {"Bf16Wide", 2, 12, 11, 64, 256, 1, 1, 0, 0, 1, 256, 4, 1, true, 1, true, true},
    {"NarrowOfTf32", 2, 5, 7, 12, 33, 1, 1, 0, 0, 1, 64, 3, 1, true, 132, false, true},
    {"Bf16Parts", 1, 6, 6, 64, 64, 3, 1, 1, 1, 1, 64, 4, 4, false, 3, true},
};

INSTANTIATE_TEST_SUITE_P(Layers, WarpgroupTest, testing::ValuesIn(layers),
                         [](const auto &info) { return info.param.name; });

TEST_P(WarpgroupTest, ComputesItsLayer) {
  Trial trial(GetParam());
  ASSERT_TRUE(trial.assemble());
  for (uint64_t seed : {0, 1, 2}) {
    simulator::settings() = {seed, seed == 1};
    ASSERT_THAT(trial.run(), IsEmpty());
    // A result of bf16 is rounded to 8 bits.
    EXPECT_LT(trial.error(), GetParam().isNarrow ? 4e-3 : 1e-5);
  }
}

//===----------------------------------------------------------------------===//
// Mistakes
//===----------------------------------------------------------------------===//

bool isNamed(mlir::Operation *op, llvm::StringRef name) {
  return op->getName().getStringRef() == name;
}

/// Without the n-th of its kind.
template <const char *const &name> Fault missing() {
  return {name, [](mlir::Operation *op) { return isNamed(op, name); },
          [](mlir::Operation *op) { op->erase(); }};
}

constexpr const char *wait = "nvvm.mbarrier.try_wait.parity", *arrive = "nvvm.mbarrier.arrive",
                     *copy = "nvvm.cp.async.bulk.tensor.shared.cluster.global",
                     *fence = "nvvm.wgmma.wait.group.sync.aligned",
                     *warpBarrier = "nvvm.bar.warp.sync";

class WarpgroupFaultTest : public testing::TestWithParam<bool> {
protected:
  void TearDown() override { simulator::settings() = {}; }

  /// What some setting says of the kernel with this fault; empty: none sees it.
  std::string find(const Fault &fault, int place) {
    Trial trial({"", 1, 12, 11, 128, 64, 3, 1, 1, 1, 1, 64, 2, 1, false, 1, GetParam()});
    bool isAssembled = trial.assemble([&](mlir::gpu::GPUModuleOp kernels) {
      ASSERT_LT(place, countPlaces(kernels, fault));
      applyFault(kernels, fault, place);
    });
    if (!isAssembled)
      return "";
    for (uint64_t seed : {0, 1, 2})
      for (bool eager : {false, true}) {
        simulator::settings() = {seed, eager};
        std::string error = trial.run();
        if (!error.empty() || !(trial.error() < 1e-5))
          return error.empty() ? "wrong numbers" : error;
      }
    return "";
  }
};

INSTANTIATE_TEST_SUITE_P(Types, WarpgroupFaultTest, testing::Bool(),
                         [](const auto &info) { return info.param ? "bf16" : "tf32"; });

// The first wait is that for an empty stage, the second that for a full one.
TEST_P(WarpgroupFaultTest, CopiesBeforeStagesAreEmpty) { EXPECT_NE(find(missing<wait>(), 0), ""); }

TEST_P(WarpgroupFaultTest, MultipliesBeforeStagesAreFull) {
  EXPECT_NE(find(missing<wait>(), 1), "");
}

// In a step, and after a tile's last one.
TEST_P(WarpgroupFaultTest, GivesNoStageBack) {
  EXPECT_THAT(find(missing<arrive>(), 0), testing::HasSubstr("deadlock"));
  EXPECT_THAT(find(missing<arrive>(), 1), testing::HasSubstr("deadlock"));
}

TEST_P(WarpgroupFaultTest, CopiesTooLittle) {
  EXPECT_THAT(find(missing<copy>(), 1), testing::HasSubstr("deadlock"));
}

TEST_P(WarpgroupFaultTest, GivesStagesBackWhileProductsRead) {
  EXPECT_THAT(find(missing<fence>(), 0), testing::HasSubstr("a race"));
}

// Each of two exchanges of 32 columns has two.
TEST_P(WarpgroupFaultTest, StoresWhatOthersHaveNotExchanged) {
  EXPECT_THAT(find(missing<warpBarrier>(), 1), testing::HasSubstr("a race"));
  EXPECT_THAT(find(missing<warpBarrier>(), 2), testing::HasSubstr("a race"));
  EXPECT_THAT(find(missing<warpBarrier>(), 3), testing::HasSubstr("a race"));
}

} // namespace
