//===-- NamesTest.cpp - C names and headers -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaleModel.h"

#include "compiler/emit/Check.h"
#include "compiler/emit/Header.h"
#include "compiler/emit/Names.h"

#include "gmock/gmock.h"

using namespace llvm;
using namespace dlc::emit;
using namespace dlc::emit::test;
using testing::HasSubstr;
using testing::Not;

static std::string checkMessage(const Model &model) { return toString(checkModel(model)); }

TEST(EmitNames, MakesIdentifiers) {
  EXPECT_EQ(makeIdentifier("lenet"), "lenet");
  EXPECT_EQ(makeIdentifier("ResNet-20 (v1.5)"), "ResNet_20__v1_5_");
  EXPECT_EQ(makeIdentifier("../../etc/x"), "m_______etc_x");
  EXPECT_EQ(makeIdentifier("3d"), "m_3d");
  EXPECT_EQ(makeIdentifier("int"), "m_int");
  EXPECT_EQ(makeIdentifier("class"), "m_class");
  EXPECT_EQ(makeIdentifier("linux"), "m_linux");
  EXPECT_EQ(makeIdentifier("_x"), "m__x");
  EXPECT_EQ(makeIdentifier("dlc_runtime"), "m_dlc_runtime");
  EXPECT_EQ(makeIdentifier("é"), "m___");
  EXPECT_EQ(makeIdentifier(""), "m_");
}

// `#include <math.h>` with -I of the library's folder must not find the model's header, nor -lm
// with -L the model's library.
TEST(EmitNames, GivesModelsNoNamesOfTheSystem) {
  for (const char *name :
       {"errno",    "math",   "stdio",   "stdlib",  "string",   "time",        "assert",
        "limits",   "signal", "ctype",   "float",   "inttypes", "iso646",      "locale",
        "setjmp",   "stdarg", "stdbool", "stddef",  "stdint",   "wchar",       "wctype",
        "complex",  "fenv",   "tgmath",  "threads", "uchar",    "stdalign",    "stdatomic",
        "features", "unistd", "pthread", "memory",  "alloca",   "stdnoreturn", "m",
        "c",        "dl",     "rt"}) {
    Expected<Names> names = makeNames(scaleDescription(name));
    ASSERT_TRUE(static_cast<bool>(names));
    EXPECT_EQ(names->model, std::string("m_") + name);
  }
  Expected<Names> names = makeNames(scaleDescription("Math"));
  ASSERT_TRUE(static_cast<bool>(names));
  EXPECT_EQ(names->model, "Math");
  // Tensors have no files; only macros are in their way.
  EXPECT_EQ(makeIdentifier("features"), "features");
  EXPECT_EQ(makeIdentifier("errno"), "m_errno");
}

TEST(EmitNames, GivesParametersNamesOfTheirOwn) {
  Model model = scaleDescription("net");
  model.inputs = {{"batch", 1, {-1, 2}}, {"m", 1, {-1, 2}}, {"dlc_inputs", 1, {-1, 2}}};
  Expected<Names> names = makeNames(model);
  ASSERT_TRUE(static_cast<bool>(names));
  EXPECT_THAT(names->inputs, testing::ElementsAre("m_batch", "m_m", "m_dlc_inputs"));
}

TEST(EmitNames, RejectsCollisions) {
  Model model = scaleDescription("net");
  model.inputs = {{"a-b", 1, {-1, 2}}, {"a_b", 1, {-1, 2}}};
  EXPECT_EQ(checkMessage(model), "model \"net\": input \"a-b\" and input \"a_b\" would both be "
                                 "\"a_b\" in C; rename one of them");
  model.inputs = {{"Out", 1, {-1, 2}}};
  EXPECT_THAT(checkMessage(model), HasSubstr("input \"Out\" and output \"out\""));
}

TEST(EmitNames, RejectsWhatIsNoName) {
  EXPECT_EQ(checkMessage(scaleDescription("")), "the model has no name; give it one with \"name\"");
  EXPECT_THAT(checkMessage(scaleDescription(std::string(300, 'x'))),
              HasSubstr("has 300 characters, too many for a file name; use at most 200"));
}

TEST(EmitNames, RejectsShapesThatDoNotFit) {
  Model model = scaleDescription("net");
  model.inputs[0].shape = {-1, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_THAT(checkMessage(model), HasSubstr("has 9 dimensions"));
  model.inputs[0].shape = {-1, int64_t(1) << 40, int64_t(1) << 40};
  EXPECT_THAT(checkMessage(model), HasSubstr("impossible shape"));
  model.inputs[0].shape = {-1, 0};
  EXPECT_THAT(checkMessage(model), HasSubstr("impossible shape"));
  model = scaleDescription("net");
  model.params.push_back(model.params[0]);
  EXPECT_THAT(checkMessage(model), HasSubstr("two parameters are called \"scale/w\""));
}

TEST(EmitHeader, DocumentsTensors) {
  Model model = scaleDescription("net");
  model.inputs = {{"image", 2, {-1, 28, 28, 1}}};
  Expected<Names> names = makeNames(model);
  ASSERT_TRUE(static_cast<bool>(names));
  std::string header = makeHeader(model, *names);
  EXPECT_THAT(header, HasSubstr("0: image, uint8 [batch, 28, 28, 1], 784 bytes a sample"));
  EXPECT_THAT(header, HasSubstr("#define NET_IMAGE_ELEMENTS 784"));
  EXPECT_THAT(header,
              HasSubstr("net_run(net *m, int64_t batch, const uint8_t *image, float *out)"));
  EXPECT_THAT(header, Not(HasSubstr("${")));
}

TEST(EmitHeader, KeepsTextOutOfTheCode) {
  Model model = scaleDescription("x */ int y; \\\n#error \"no\"");
  Expected<Names> names = makeNames(model);
  ASSERT_TRUE(static_cast<bool>(names));
  std::string header = makeHeader(model, *names);
  EXPECT_THAT(header, Not(HasSubstr("#error")));
  EXPECT_THAT(header, Not(HasSubstr("*/")));
}

TEST(EmitFeatures, KnowsTheRuntimesBits) {
  EXPECT_EQ(cpuFeatureBit("x86-64-v2"), 1u);
  EXPECT_EQ(cpuFeatureBit("x86-64-v4"), 4u);
  EXPECT_EQ(cpuFeatureBit("avx512vnni"), 128u);
  EXPECT_EQ(cpuFeatureBit("x86-64"), 0u);
}
