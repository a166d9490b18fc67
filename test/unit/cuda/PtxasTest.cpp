//===- PtxasTest.cpp - what NVIDIA's assembler says ----------------------------------===//

#include "compiler/cuda/Ptxas.h"
#include "gtest/gtest.h"

using namespace dlc::cuda;

// As ptxas 13.0 prints it, with the functions in its own order.
static constexpr char kOutput[] =
    R"(ptxas info    : 0 bytes gmem, 8 bytes cmem[4]
ptxas info    : Compiling entry function 'gemm_0' for 'sm_80'
ptxas info    : Function properties for gemm_0
    8 bytes stack frame, 12 bytes spill stores, 20 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 8 bytes cumulative stack size, 1024 bytes smem, 400 bytes cmem[0]
ptxas info    : Compile time = 10.1 ms
ptxas info    : Compiling entry function 'exp_0' for 'sm_80'
ptxas info    : Function properties for exp_0
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 19 registers, used 0 barriers, 376 bytes cmem[0]
)";

TEST(Ptxas, TellsWhatKernelsTakeInTheirOrder) {
  auto resources = parseResources(kOutput, {"exp_0", "gemm_0"});
  ASSERT_TRUE(bool(resources));
  ASSERT_EQ(resources->size(), 2u);
  EXPECT_EQ((*resources)[0].kernel, "exp_0");
  EXPECT_EQ((*resources)[0].registers, 19);
  EXPECT_EQ((*resources)[0].spillBytes, 0);
  EXPECT_EQ((*resources)[0].sharedBytes, 0);
  EXPECT_EQ((*resources)[1].kernel, "gemm_0");
  EXPECT_EQ((*resources)[1].registers, 255);
  EXPECT_EQ((*resources)[1].stackBytes, 8);
  EXPECT_EQ((*resources)[1].spillBytes, 32);
  EXPECT_EQ((*resources)[1].sharedBytes, 1024);
}

TEST(Ptxas, MissesAKernel) {
  auto resources = parseResources(kOutput, {"exp_0", "exp_1"});
  ASSERT_FALSE(bool(resources));
  EXPECT_EQ(llvm::toString(resources.takeError()),
            "ptxas does not say what kernel 'exp_1' takes");
}

TEST(Ptxas, SaysWhatItCannotAssemble) {
  std::string ptxas = findPtxas();
  if (ptxas.empty())
    GTEST_SKIP() << "no ptxas";
  Image image;
  image.ptx = ".version 7.0\n.target sm_80\n.address_size 64\n.nonsense\n";
  std::string message = llvm::toString(runPtxas(ptxas, {"sm_80", "+ptx70"}, image));
  EXPECT_NE(message.find("failed for sm_80"), std::string::npos) << message;
  EXPECT_NE(message.find("nonsense"), std::string::npos) << message;
}

TEST(Ptxas, ThatDoesNotStartIsAnError) {
  Image image;
  EXPECT_NE(llvm::toString(runPtxas("/nonexistent/ptxas", {"sm_80", "+ptx70"}, image)), "");
}
