//===-- ScaleModel.cpp - A model that needs no compiler -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaleModel.h"

#include "runtime/ModelDesc.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

#include "gtest/gtest.h"

#include <cstdio>
#include <sys/wait.h>

using namespace llvm;
using namespace dlc::emit;

namespace dlc::emit::test {

static constexpr StringLiteral code = R"(
; Every variant has a constant and a function of these names.
@one = internal constant float 1.0
declare void @dlc_rt_parallel_for(ptr, ptr, ptr, i64, i64)
declare void @dlc_rt_read_param(ptr, i64, i64, i64, ptr)

define internal void @kernel(ptr %args, i64 %lo, i64 %hi) {
entry:
  %in = load ptr, ptr %args
  %out.slot = getelementptr ptr, ptr %args, i64 1
  %out = load ptr, ptr %out.slot
  %w.slot = getelementptr ptr, ptr %args, i64 2
  %w = load ptr, ptr %w.slot
  %weights = load <4 x float>, ptr %w, align 64
  %one = load volatile float, ptr @one
  br label %loop
loop:
  %i = phi i64 [%lo, %entry], [%next, %loop]
  %in.i = getelementptr <4 x float>, ptr %in, i64 %i
  %out.i = getelementptr <4 x float>, ptr %out, i64 %i
  %x = load <4 x float>, ptr %in.i, align 4
  %product = fmul contract <4 x float> %x, %weights
  %y = fadd contract <4 x float> %product, zeroinitializer
  store <4 x float> %y, ptr %out.i, align 4
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %hi
  br i1 %more, label %loop, label %exit
exit:
  ret void
}

define void @forward(ptr %rt, i64 %batch, ptr %inputs, ptr %outputs, ptr %prepared, ptr %arena) {
  %args = alloca [3 x ptr]
  %in = load ptr, ptr %inputs
  store ptr %in, ptr %args
  %out = load ptr, ptr %outputs
  %out.slot = getelementptr ptr, ptr %args, i64 1
  store ptr %out, ptr %out.slot
  %w.slot = getelementptr ptr, ptr %args, i64 2
  store ptr %prepared, ptr %w.slot
  call void @dlc_rt_parallel_for(ptr %rt, ptr @kernel, ptr %args, i64 %batch, i64 1)
  ret void
}

define void @prepare(ptr %rt, ptr %prepared, ptr %scratch) {
  call void @dlc_rt_read_param(ptr %rt, i64 0, i64 0, i64 16, ptr %prepared)
  ret void
}
)";

Model scaleDescription(StringRef name) {
  Model model;
  model.name = name.str();
  model.inputs = {{"image", 1, {-1, 4}}};
  model.outputs = {{"out", 1, {-1, 4}}};
  model.params = {{"scale/w", 1, {4}}};
  return model;
}

Model scaleModel(LLVMContext &context, StringRef name) {
  Model model = scaleDescription(name);
  for (const char *cpu : {"x86-64-v4", "x86-64-v3", "x86-64"}) {
    Variant variant;
    variant.name = variant.targetCpu = cpu;
    variant.cpuFeatures = cpuFeatureBit(cpu);
    variant.preparedBytes = 64;
    variant.arenaConstBytes = 128;
    variant.arenaBatchBytes = variant.name == "x86-64" ? 192 : 64;
    variant.arenaThreadBytes = 256;
    SMDiagnostic diagnostic;
    variant.module = parseAssemblyString(code, diagnostic, context);
    EXPECT_NE(variant.module, nullptr) << diagnostic.getMessage().str();
    model.variants.push_back(std::move(variant));
  }
  return model;
}

Model trainableScaleModel(LLVMContext &context, StringRef folder) {
  const std::string file = (folder + "/code.ll").str();
  EXPECT_EQ(shell(DLC_LLVM_TOOLS "/clang -O1 -ffp-contract=off -fno-math-errno -S -emit-llvm -o " +
                  file + " " DLC_TEST_SOURCE "/TrainScale.c"),
            "");
  Model model = scaleDescription("scale");
  model.training.emplace();
  Training &training = *model.training;
  training.targets = {{{"out", 1, {-1, 4}}, 0}};
  training.metrics = {"loss", "mean absolute error"};
  training.stateBytes = 192;
  const TensorInfo w = model.params[0];
  training.state = {{w, 0, DLC_RT_PARAMETER, {DLC_RT_UNIFORM, -1, 1}},
                    {{"momentum/scale/w", 1, {4}}, 64, DLC_RT_SLOT, {}},
                    {w, 128, DLC_RT_GRADIENT, {}}};
  training.schedule.learningRate = 0.0625;
  Variant variant;
  variant.name = variant.targetCpu = "x86-64";
  variant.preparedBytes = 64;
  variant.trainArenaConstBytes = 64;
  variant.trainArenaBatchBytes = 128;
  SMDiagnostic diagnostic;
  variant.module = parseAssemblyFile(file, diagnostic, context);
  EXPECT_NE(variant.module, nullptr) << diagnostic.getMessage().str();
  model.variants.push_back(std::move(variant));
  return model;
}

static std::string makeFolder() {
  SmallString<128> path;
  EXPECT_FALSE(sys::fs::createUniqueDirectory("dlc-emit-test", path));
  return path.str().str();
}

TemporaryFolder::TemporaryFolder() : path(makeFolder()) {}

TemporaryFolder::~TemporaryFolder() { (void)sys::fs::remove_directories(path); }

std::string TemporaryFolder::operator/(StringRef file) const { return path + "/" + file.str(); }

std::string readFile(const std::string &path) {
  auto buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

std::string shell(const std::string &command) {
  std::FILE *pipe = popen(("(" + command + ") 2>&1").c_str(), "r");
  if (!pipe)
    return "cannot run " + command;
  std::string output;
  for (int c; (c = std::fgetc(pipe)) != EOF;)
    output += static_cast<char>(c);
  int status = pclose(pipe);
  if (status != 0)
    output += "exit " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : status);
  return output;
}

} // namespace dlc::emit::test
