//===-- TrainingTest.cpp - Libraries that train, as their users see them -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaleModel.h"

#include "compiler/emit/Header.h"
#include "compiler/emit/Names.h"
#include "runtime/ModelDesc.h"

#include "gmock/gmock.h"

using namespace llvm;
using namespace dlc::emit;
using namespace dlc::emit::test;
using testing::HasSubstr;
using testing::Not;

static const std::string source = DLC_TEST_SOURCE;
static const std::string tools = DLC_LLVM_TOOLS "/";
static const std::string strict = " -Wall -Wextra -Werror -pedantic ";

static Error emitTrainable(const std::string &folder) {
  LLVMContext context;
  Options options;
  options.outputDir = folder;
  return emitLibrary(trainableScaleModel(context, folder), options).takeError();
}

/// What emit says of the trainable model after `change`.
template <typename Change> static std::string messageOf(Change change) {
  TemporaryFolder folder;
  LLVMContext context;
  Options options;
  options.outputDir = folder.path;
  Model model = trainableScaleModel(context, folder.path);
  change(model);
  return toString(emitLibrary(std::move(model), options).takeError());
}

TEST(EmitTraining, ALibraryThatTrains) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitTrainable(folder.path)), "");
  EXPECT_EQ(shell(tools + "clang -std=c99" + strict + "-I" + folder.path + " " + source +
                  "/UseTraining.c -L" + folder.path + " -lscale -Wl,-rpath," + folder.path +
                  " -o " + folder / "use" + " && " + folder / "use" + " " + folder / "w"),
            "out mean absolute error scale/w small: 2.00/3/1.00 6.00/4/2.00 12.00/5/3.00 "
            "20.00/6/4.00 step 0 rate 0.03125 arena 320\n");
}

TEST(EmitTraining, HeaderIsCleanCAndCxx) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitTrainable(folder.path)), "");
  for (const char *dialect : {"c++ -std=c++11", "c++ -std=c++20", "c -std=c99"})
    EXPECT_EQ(shell(tools + "clang -fsyntax-only" + strict + "-x " + dialect + " " +
                    folder / "scale.h" + " -Wno-pragma-once-outside-header -Wno-unused-function"),
              "");
}

TEST(EmitTraining, ExportsWhatIsDocumented) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitTrainable(folder.path)), "");
  std::string exported = shell(tools + "llvm-nm -D -j --defined-only " + folder / "libscale.so");
  EXPECT_EQ(StringRef(exported).count('\n'), 25u) << exported;
  EXPECT_THAT(exported, HasSubstr("scale_train_step\n"));
  std::string header = readFile(folder / "scale.h");
  SmallVector<StringRef> symbols;
  StringRef(exported).split(symbols, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef symbol : symbols)
    if (symbol != "dlc_model_entry")
      EXPECT_THAT(header, HasSubstr((symbol + "(").str()));
  // Nothing of the C++ library or of libgcc.
  EXPECT_THAT(shell(tools + "llvm-readelf -d " + folder / "libscale.so"),
              Not(testing::AnyOf(HasSubstr("libstdc++"), HasSubstr("libgcc"))));
}

TEST(EmitTraining, AHeaderForInferenceHasNoneOfIt) {
  Model model = scaleDescription("scale");
  Expected<Names> names = makeNames(model);
  ASSERT_TRUE(bool(names));
  EXPECT_THAT(makeHeader(model, *names), Not(HasSubstr("train_step")));
}

TEST(EmitTraining, NamesOfTargets) {
  EXPECT_THAT(messageOf([](Model &model) { model.inputs[0].name = "out_target"; }),
              HasSubstr("input \"out_target\" and target \"out_target\" would both be"));
}

TEST(EmitTraining, WhatIsWrongWithTheDescription) {
  EXPECT_THAT(messageOf([](Model &m) { m.training->state[1].tensor.name = "scale/w"; }),
              HasSubstr("two tensors of its training state are called \"scale/w\"; rename"));
  EXPECT_THAT(messageOf([](Model &m) { m.training->state[1].offset = 32; }),
              HasSubstr("\"momentum/scale/w\" lies at byte 32 of a state of 192"));
  EXPECT_THAT(messageOf([](Model &m) { m.training->state[2].offset = 192; }),
              HasSubstr("lies at byte 192 of a state of 192"));
  EXPECT_THAT(messageOf([](Model &m) { m.training->state[0].role = DLC_RT_SLOT; }),
              HasSubstr("\"scale/w\" is missing in the state"));
  EXPECT_THAT(messageOf([](Model &m) { m.training->targets[0].classes = 3; }),
              HasSubstr("the labels of \"out\" are no int32"));
  EXPECT_THAT(messageOf([](Model &m) { m.training->targets.clear(); }),
              HasSubstr("trains without a target or a metric"));
  EXPECT_THAT(messageOf([](Model &m) { m.training->stateBytes = 191; }),
              HasSubstr("the state is no multiple of 64 bytes: 191"));
  EXPECT_THAT(messageOf([](Model &m) { m.variants[0].trainArenaBatchBytes = 3; }),
              HasSubstr("has a block that is no multiple of 64 bytes: 3"));
  EXPECT_THAT(messageOf([](Model &m) {
                m.variants[0].module->getFunction("backward")->setName("forwards");
              }),
              HasSubstr("does not define @backward(ptr, i64, ptr, ptr, ptr, ptr)"));
}
