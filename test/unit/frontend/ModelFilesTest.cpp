//===- ModelFilesTest.cpp - the repository's own models, and inspect ----------------===//

#include "TestModel.h"
#include "compiler/frontend/Inspect.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace dlc::frontend;
using namespace dlc::frontend::test;
using testing::HasSubstr;

namespace {

std::string readFile(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(DLC_SOURCE_DIR "/" + path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

TEST(ModelFiles, AllImport) {
  unsigned count = 0;
  for (std::string folder : {"models", "test/e2e/models"}) {
    std::error_code error;
    for (llvm::sys::fs::directory_iterator at(DLC_SOURCE_DIR "/" + folder, error), end;
         at != end && !error; at.increment(error)) {
      if (llvm::sys::path::extension(at->path()) != ".json")
        continue;
      std::string name = llvm::sys::path::filename(at->path()).str();
      Imported m(readFile(folder + "/" + name));
      EXPECT_TRUE(m.ok()) << name << ": " << (m.messages.empty() ? "" : m.messages.front());
      Imported again(m.info.json);
      EXPECT_EQ(again.ir(), m.ir()) << name;
      ++count;
    }
  }
  EXPECT_GE(count, 17u);
}

// Published counts of parameters, plus two moving statistics a batch-normalised channel.
TEST(ModelFiles, ParametersAreThePublishedOnes) {
  for (auto [file, expected] : {std::pair<const char *, int64_t>{"lenet5", 61706},
                                {"vgg16", 138357544},
                                {"resnet18", 11689512 + 9600},
                                {"resnet50", 25557032 + 53120},
                                {"mobilenet_v2", 3504872 + 34112}}) {
    Imported m(readFile(std::string("models/") + file + ".json"));
    ASSERT_TRUE(m.ok()) << file;
    int64_t total = 0;
    for (const LayerInfo &layer : m.info.layers)
      total += layer.parameters;
    EXPECT_EQ(total, expected) << file;
  }
}

TEST(Inspect, CountsOfAConvolution) {
  Imported m(model("[8, 8, 3]", R"({"type": "Conv2D", "name": "c", "filters": 4, "kernel_size": 3,
                                    "activation": "relu"}, {"type": "Flatten"})"));
  ASSERT_TRUE(m.ok());
  const LayerInfo &conv = m.info.layers[0];
  EXPECT_EQ(conv.parameters, 3 * 3 * 3 * 4 + 4);
  EXPECT_EQ(conv.flops, 2 * 6 * 6 * 4 * 27 + 6 * 6 * 4);
  EXPECT_EQ(conv.bytes, 6 * 6 * 4 * 4);
  EXPECT_EQ(m.info.layers[1].flops, 0);
}

TEST(Inspect, TextAndJson) {
  Imported m(
      model("[8, 8, 3]", R"({"type": "Conv2D", "name": "c", "filters": 4, "kernel_size": 3})"));
  std::string text, json;
  llvm::raw_string_ostream textStream(text), jsonStream(json);
  printInspection(textStream, m.info, false);
  printInspection(jsonStream, m.info, true);
  EXPECT_THAT(
      text,
      HasSubstr("c      Conv2D  6x6x4              112              7776               576\n"));
  EXPECT_THAT(text, HasSubstr("total"));
  auto parsed = llvm::json::parse(json);
  ASSERT_TRUE(static_cast<bool>(parsed));
  EXPECT_EQ(parsed->getAsObject()->getObject("totals")->getInteger("parameters"), 112);
}

} // namespace
