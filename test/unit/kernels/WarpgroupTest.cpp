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
  std::string x = llvm::formatv("memref<{0}x{1}x{2}x{3}xf32>", l.n, l.h, l.w, l.c);
  std::string w = llvm::formatv("memref<{0}x{1}x{1}x{2}xf32>", l.o, l.k, l.c);
  std::string b = llvm::formatv("memref<{0}xf32>", l.o);
  std::string image = llvm::formatv("{0}x{1}x{2}x{3}xf32>", l.n, l.oh(), l.ow(), l.o);
  std::string r = "memref<" + image;
  std::string out = l.parts > 1 ? "memref<" + std::to_string(l.parts) + "x" + image : r;
  std::string extras = l.parts > 1 ? "" : l.hasResidual ? ", %b, %r" : ", %b";
  std::string extraTypes = l.parts > 1 ? "" : l.hasResidual ? ", " + b + ", " + r : ", " + b;
  std::string parameters =
      llvm::formatv("%x: {0}, %w: {1}, %b: {2}, %r: {3}, %out: {4}", x, w, b, r, out);
  int tiles = (l.rows() + 127) / 128 * ((l.o + l.columns - 1) / l.columns);
  int shared = l.stages * ((128 + l.columns) * 128 + 16);
  std::string op = llvm::formatv(
      "kernel.warpgroup_gemm ins(%x, %w{0} : {1}, {2}{3}) outs(%out : {4})\n"
      "attributes {{strides = array<i64: {5}, {5}>, padding = array<i64: {6}, {7}, {6}, {7}>,\n"
      "dilations = array<i64: {8}, {8}>, cta = #kernel.cta<m = 128, n = {9}, k = 32, warps_m = 8,\n"
      "warps_n = 1, stages = {10}>, math = #kernel.math<wgmma_tf32>} epilogue {{\n{11}}\n",
      extras, x, w, extraTypes, out, l.stride, l.before, l.after, l.dilation, l.columns, l.stages,
      writeEpilogue(l));
  std::string types =
      llvm::formatv("%x : {0}, %w : {1}, %b : {2}, %r : {3}, %out : {4}", x, w, b, r, out);
  return "module attributes {gpu.container_module} {\ngpu.module @kernels {\ngpu.func @gemm(" +
         parameters + ") kernel {\n" + op + "gpu.return\n}\n}\nfunc.func @run(" + parameters +
         ") {\n%c1 = arith.constant 1 : index\n%threads = arith.constant 384 : index\n" +
         llvm::formatv("%tiles = arith.constant {0} : index\n%parts = arith.constant {1} : index\n"
                       "%bytes = arith.constant {2} : i32\n",
                       tiles, l.parts, shared)
             .str() +
         "gpu.launch_func @kernels::@gemm blocks in (%tiles, %parts, %c1) threads in (%threads, "
         "%c1, %c1) dynamic_shared_memory_size %bytes args(" +
         types + ")\nreturn\n}\n}\n";
}

const char *const pipeline = "dlc-expand-warpgroups,dlc-device-phase";

double rounded(float value) { return std::bit_cast<float>(dlc_sim_round_tf32(value)); }

/// A layer with random numbers, run in the simulator and beside it.
class Trial {
public:
  explicit Trial(const Layer &layer)
      : layer(layer), x(Array::random(size_t(layer.n) * layer.h * layer.w * layer.c, 1)),
        w(Array::random(size_t(layer.o) * layer.k * layer.k * layer.c, 2)),
        b(Array::random(layer.o, 3)), r(Array::random(size_t(layer.rows()) * layer.o, 4)),
        out(size_t(layer.parts) * layer.rows() * layer.o),
        program(Program::make(write(layer), pipeline)) {
    compute();
  }

  bool assemble(const Mutation &mutation = nullptr) {
    return program && program->assemble(mutation);
  }

  std::string run() {
    out.poison();
    return program->run({&x, &w, &b, &r, &out});
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
            size_t at = (size_t(o) * layer.k * layer.k + tap) * layer.c + c;
            double product = rounded(x[pixel * layer.c + c]) * rounded(w[at]);
            sum += product;
            magnitude += std::abs(product);
          }
        });
        size_t at = size_t(row) * layer.o + o;
        if (layer.parts == 1)
          sum = std::max(0.0, sum + b[o] + (layer.hasResidual ? double(r[at]) : sum));
        expected.push_back(sum);
        scale.push_back(magnitude);
      }
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
  Array x, w, b, r, out;
  std::unique_ptr<Program> program;
  std::vector<double> expected, scale;
};

class WarpgroupTest : public testing::TestWithParam<Layer> {
protected:
  void TearDown() override { simulator::settings() = {}; }
};

//                 n  h  w   c   o  k  s  p  p  d  columns, stages, parts, residual
constexpr Layer layers[] = {
    {"Plain", 3, 7, 9, 64, 128, 1, 1, 0, 0, 1, 128, 4, 1, false},
    {"Tails", 2, 5, 7, 36, 70, 1, 1, 0, 0, 1, 64, 2, 1, true},
    {"OddColumns", 2, 5, 7, 12, 33, 1, 1, 0, 0, 1, 64, 3, 1, true},
    {"Windows", 2, 9, 10, 32, 64, 3, 1, 1, 1, 1, 64, 4, 1, false},
    {"Strides", 3, 13, 12, 40, 72, 3, 2, 0, 1, 1, 64, 3, 1, true},
    {"OddStrides", 2, 17, 19, 8, 64, 5, 3, 2, 2, 1, 64, 4, 1, false},
    {"StridesAlone", 3, 15, 13, 32, 40, 1, 2, 0, 0, 1, 64, 4, 1, false},
    {"Dilations", 1, 14, 15, 32, 64, 3, 1, 2, 2, 2, 64, 4, 1, false},
    {"Wide", 2, 12, 11, 64, 256, 1, 1, 0, 0, 1, 256, 4, 1, true},
    {"Parts", 1, 6, 6, 32, 64, 3, 1, 1, 1, 1, 64, 4, 4, false},
    {"PartsWithoutSteps", 1, 6, 6, 64, 64, 1, 1, 0, 0, 1, 64, 2, 3, false},
};

INSTANTIATE_TEST_SUITE_P(Layers, WarpgroupTest, testing::ValuesIn(layers),
                         [](const auto &info) { return info.param.name; });

TEST_P(WarpgroupTest, ComputesItsLayer) {
  Trial trial(GetParam());
  ASSERT_TRUE(trial.assemble());
  for (uint64_t seed : {0, 1, 2}) {
    simulator::settings() = {seed, seed == 1};
    ASSERT_THAT(trial.run(), IsEmpty());
    EXPECT_LT(trial.error(), 1e-5);
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
                     *fence = "nvvm.wgmma.wait.group.sync.aligned";

class WarpgroupFaultTest : public testing::Test {
protected:
  void TearDown() override { simulator::settings() = {}; }

  /// What some setting says of the kernel with this fault; empty: none sees it.
  std::string find(const Fault &fault, int place) {
    Trial trial({"", 1, 12, 11, 128, 64, 3, 1, 1, 1, 1, 64, 2, 1, false});
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

// The first wait is that for an empty stage, the second that for a full one.
TEST_F(WarpgroupFaultTest, CopiesBeforeStagesAreEmpty) { EXPECT_NE(find(missing<wait>(), 0), ""); }

TEST_F(WarpgroupFaultTest, MultipliesBeforeStagesAreFull) {
  EXPECT_NE(find(missing<wait>(), 1), "");
}

TEST_F(WarpgroupFaultTest, GivesNoStageBack) {
  EXPECT_THAT(find(missing<arrive>(), 0), testing::HasSubstr("deadlock"));
}

TEST_F(WarpgroupFaultTest, CopiesTooLittle) {
  EXPECT_THAT(find(missing<copy>(), 1), testing::HasSubstr("deadlock"));
}

TEST_F(WarpgroupFaultTest, GivesStagesBackWhileProductsRead) {
  EXPECT_THAT(find(missing<fence>(), 0), testing::HasSubstr("a race"));
}

} // namespace
