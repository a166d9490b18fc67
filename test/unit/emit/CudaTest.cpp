//===-- CudaTest.cpp - Libraries with code for GPUs, and without -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaleModel.h"

#include "runtime/ModelDesc.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/Support/SourceMgr.h"
#include "gmock/gmock.h"

using namespace llvm;
using namespace dlc::emit;
using namespace dlc::emit::test;
using testing::HasSubstr;
using testing::Not;

static const std::string tools = DLC_LLVM_TOOLS "/";

static constexpr StringLiteral code = R"(
declare void @dlc_rt_launch(ptr, i64, ptr, ptr)
define void @forward(ptr %rt, i64 %batch, ptr %inputs, ptr %outputs, ptr %prepared, ptr %arena) {
  %geometry = alloca [5 x i64]
  %params = alloca [1 x ptr]
  call void @dlc_rt_launch(ptr %rt, i64 0, ptr %geometry, ptr %params)
  ret void
}
)";

static void addGpuVariant(Model &model, LLVMContext &context) {
  Variant variant;
  variant.name = "sm_80";
  variant.targetCpu = "x86-64";
  SMDiagnostic diagnostic;
  variant.module = parseAssemblyString(code, diagnostic, context);
  ASSERT_TRUE(variant.module);
  variant.gpu = GpuCode{{{"the text of PTX", 80, DLC_RT_PTX}}, {"kernel_0"}, 1000};
  model.variants.push_back(std::move(variant));
}

static void emit(const std::string &folder, bool withGpu) {
  LLVMContext context;
  Model model = scaleModel(context, "scale");
  if (withGpu)
    addGpuVariant(model, context);
  Options options;
  options.outputDir = folder;
  ASSERT_EQ(toString(emitLibrary(std::move(model), options).takeError()), "");
}

TEST(EmitCuda, LibrariesForCpusHaveNothingOfIt) {
  TemporaryFolder folder;
  emit(folder.path, /*withGpu=*/false);
  EXPECT_THAT(readFile(folder / "libscale.so"), Not(HasSubstr("libcuda")));
  EXPECT_THAT(readFile(folder / "libscale.a"), Not(HasSubstr("libcuda")));
  EXPECT_THAT(shell(tools + "llvm-nm " + folder / "libscale.a"),
              Not(testing::AnyOf(HasSubstr("dlopen"), HasSubstr("cuda"))));
  EXPECT_THAT(readFile(folder / "scale.h"), Not(HasSubstr("scale_warm")));
}

TEST(EmitCuda, LibrariesForGpus) {
  TemporaryFolder folder;
  emit(folder.path, /*withGpu=*/true);
  const std::string library = folder / "libscale.so";
  EXPECT_THAT(readFile(library), HasSubstr("libcuda.so.1"));
  EXPECT_THAT(readFile(library), HasSubstr(StringRef("the text of PTX\0", 16).str()));
  EXPECT_THAT(shell(tools + "llvm-nm -D " + library), HasSubstr("U dlopen@GLIBC_2.34"));
  EXPECT_THAT(shell(tools + "llvm-nm -D -j --defined-only " + library), HasSubstr("scale_warm"));
  EXPECT_THAT(shell(tools + "llvm-readelf -d " + library), Not(HasSubstr("[libcuda")));
  EXPECT_EQ(shell(tools + "clang -fsyntax-only -std=c99 -Wall -Wextra -Werror -pedantic -x c " +
                  folder / "scale.h" + " -Wno-unused-function"),
            "");
  EXPECT_THAT(readFile(folder / "scale.h"),
              HasSubstr("dlc_status scale_warm(scale *m, int64_t batch);"));
}
