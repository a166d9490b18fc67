//===- TemplateFaultTest.cpp - the simulator catches mistakes of the compiler --------===//
//
// The kernels that the compiler makes for matrix products and reductions are broken at each place
// that a fault concerns, one at a time. An error of the simulator catches a fault, and so do wrong
// numbers; races are caught whatever the order of warps.
//
//===---------------------------------------------------------------------------------===//

#include "Faults.h"
#include "Products.h"
#include "Reduction.h"

#include "gmock/gmock.h"

using namespace dlc;
using namespace dlc::test;

namespace {

constexpr double tolerance = 2e-6;

/// Whether each order of warps shows that the kernels are wrong; isRight() runs them.
bool isAlwaysCaught(const std::function<bool()> &isRight) {
  return llvm::all_of(std::array<uint64_t, 4>{0, 1, 2, 3}, [&](uint64_t seed) {
    simulator::settings() = {seed, false};
    return !isRight();
  });
}

/// Whether any setting does.
bool isCaught(const std::function<bool()> &isRight) {
  for (uint64_t seed : {0, 1, 2, 3})
    for (bool eager : {false, true}) {
      simulator::settings() = {seed, eager};
      if (!isRight())
        return true;
    }
  return false;
}

/// Makes the fault at each of its places in turn.
void expectCaught(Program &program, const Fault &fault, const std::function<bool()> &isRight,
                  bool isRace = false) {
  ASSERT_TRUE(program.assemble());
  ASSERT_FALSE(isCaught(isRight)) << "wrong without any fault";
  int places = 1;
  for (int place = 0; place < places; ++place) {
    ASSERT_TRUE(program.assemble([&](mlir::gpu::GPUModuleOp kernels) {
      places = countPlaces(kernels, fault);
      ASSERT_GT(places, 0) << "no place for a " << fault.name;
      applyFault(kernels, fault, place);
    }));
    EXPECT_TRUE(isRace ? isAlwaysCaught(isRight) : isCaught(isRight))
        << fault.name << " " << place << " of " << places;
  }
  simulator::settings() = {};
}

struct Kernel {
  const char *math;
  bool isWeights;
  Storage storage = Storage::Wide;
};

std::string nameOf(const testing::TestParamInfo<Kernel> &info) {
  return std::string(info.param.storage == Storage::Narrow ? "narrow" : info.param.math) +
         (info.param.isWeights ? "_weights" : "");
}

class TemplateFaultTest : public testing::TestWithParam<Kernel> {
protected:
  void expectProductFaultsCaught(const Fault &fault, bool isRace = false) {
    // As many steps that the last one reads the stage where warps then exchange their sums.
    Convolution convolution{2, 10, 7, 16, 3, 3, 40, 1, 1, 1};
    Product product(convolution, {64, 32, 16, 2, 2, 4}, GetParam().math, GetParam().isWeights,
                    GetParam().storage);
    ASSERT_TRUE(product.program);
    expectCaught(
        *product.program, fault,
        [&] { return product.run().empty() && product.findError() < tolerance; }, isRace);
  }
};

INSTANTIATE_TEST_SUITE_P(Kernels, TemplateFaultTest,
                         testing::Values(Kernel{"simt", false}, Kernel{"tf32", false},
                                         Kernel{"bf16", false}, Kernel{"tf32", true},
                                         Kernel{"bf16", false, Storage::Narrow},
                                         Kernel{"bf16", true, Storage::Narrow}),
                         nameOf);

TEST_P(TemplateFaultTest, MissingBarriers) { expectProductFaultsCaught(missingBarrier, true); }
TEST_P(TemplateFaultTest, DivergentBarriers) { expectProductFaultsCaught(divergentBarrier); }
TEST_P(TemplateFaultTest, EarlyWaits) { expectProductFaultsCaught(earlyWait, true); }
TEST_P(TemplateFaultTest, MissingCommits) { expectProductFaultsCaught(missingCommit, true); }
TEST_P(TemplateFaultTest, UnwrittenElements) { expectProductFaultsCaught(missingStore); }

class TensorCoreFaultTest : public TemplateFaultTest {};

INSTANTIATE_TEST_SUITE_P(Kernels, TensorCoreFaultTest,
                         testing::Values(Kernel{"tf32", false}, Kernel{"bf16", false},
                                         Kernel{"tf32", true},
                                         Kernel{"bf16", false, Storage::Narrow},
                                         Kernel{"bf16", true, Storage::Narrow}),
                         nameOf);

TEST_P(TensorCoreFaultTest, WrongSwizzles) { expectProductFaultsCaught(wrongSwizzle); }

// Whole tiles of K and of columns: only pixels outside the image, or past the batch, are zeros.
TEST(UncheckedCopyTest, IsCaught) {
  Product product({2, 7, 7, 16, 3, 3, 32, 1, 1, 1}, {64, 32, 16, 2, 2, 3}, "tf32", false);
  ASSERT_TRUE(product.program);
  expectCaught(*product.program, uncheckedCopy,
               [&] { return product.run().empty() && product.findError() < tolerance; });
}

TEST(ReductionTest, FaultsAreCaught) {
  Reduction reduction;
  ASSERT_TRUE(reduction.program);
  for (const Fault *fault : {&missingBarrier, &divergentBarrier, &missingStore}) {
    SCOPED_TRACE(fault->name);
    expectCaught(*reduction.program, *fault, [&] { return reduction.isRight(); });
  }
}

} // namespace
