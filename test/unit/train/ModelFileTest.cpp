//===- ModelFileTest.cpp - a model file as training sees it -------------------------===//

#include "tools/train/ModelFile.h"
#include "tools/common/OpenModel.h"
#include "llvm/Support/raw_ostream.h"
#include <gmock/gmock.h>

using namespace dlc::tools;
using namespace dlc::tools::train;
using llvm::StringRef;
using testing::HasSubstr;

static const char *kModel = R"({ "layers": [ {"name": "c1", "filters": 20},
  {"name": "out", "units": 10} ],
  "train": {"loss": "mse",
    "optimizer": {"type": "SGD", "learning_rate": 0.01}, "epochs": 3, "shuffle": false,
    "augmentation": [{"type": "RandomFlip", "mode": "vertical"}, {"type": "RandomCrop", "padding": 2}],
    "early_stopping": {"patience": 5} } })";

static llvm::Expected<ModelFile> read(StringRef text) {
  static llvm::Expected<TemporaryFolder> folder = TemporaryFolder::create();
  std::string path = folder->file("m.json");
  std::error_code failure;
  llvm::raw_fd_ostream(path, failure) << text;
  return ModelFile::read(path);
}

TEST(ModelFile, ReadsSettings) {
  ModelFile file = llvm::cantFail(read(kModel));
  Settings settings;
  ASSERT_FALSE(file.readSettings(settings));
  EXPECT_EQ(settings.optimizer, "SGD (keras)");
  EXPECT_EQ(settings.epochs, 3);
  EXPECT_EQ(settings.batchSize, 32);
  EXPECT_FALSE(settings.shuffle);
  EXPECT_EQ(settings.stopping.patience, 5);
  EXPECT_EQ(settings.augment.spell(), "RandomFlip 1.000000e+00 RandomCrop 2.000000e+00");
}

TEST(ModelFile, RefusesWrongSettings) {
  struct Case {
    const char *train, *text;
  };
  for (auto [train, text] :
       {Case{"{\"epochs\": 0}", "m.json:1:22: error: train: \"epochs\" must be an integer of at "
                                "least 1, or null, not 0"},
        Case{"{\"shuffle\": 1}", "\"shuffle\" must be true or false, or null, not 1\n"},
        Case{"{\"validation_split\": \"a\"}",
             "must be a number between 0 and 1, or null, not \"a\""},
        Case{"{\"augmentation\": [1]}", "a list of objects with a \"type\""},
        Case{"{\"augmentation\": [{\"type\": \"RandomCrop\"}]}", "\"padding\" must be an integer"},
        Case{"{\"early_stopping\": {\"patence\": 1}}", "did you mean \"patience\"?"}}) {
    ModelFile file = llvm::cantFail(read(std::string("{\"train\": ") + train + "}"));
    Settings settings;
    testing::internal::CaptureStderr();
    llvm::Error error = file.readSettings(settings);
    EXPECT_TRUE(bool(error)) << train;
    llvm::consumeError(std::move(error));
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(text));
  }
  Settings settings;
  EXPECT_THAT(llvm::toString(llvm::cantFail(read("{}")).readSettings(settings)),
              HasSubstr("give it a \"train\""));
}

TEST(ModelFile, SetsNumbersInPlace) {
  ModelFile file = llvm::cantFail(read(kModel));
  ASSERT_FALSE(file.set("layers.c1.filters", "8"));
  ASSERT_FALSE(file.set("layers.1.units", "5"));
  ASSERT_FALSE(file.set("optimizer.learning_rate", "1e-05"));
  EXPECT_THAT(file.getText(), HasSubstr("\"c1\", \"filters\": 8}"));
  EXPECT_THAT(file.getText(), HasSubstr("\"out\", \"units\": 5} ]"));
  EXPECT_EQ(llvm::cantFail(file.get("optimizer.learning_rate")), 1e-5);
  for (StringRef where : {"optimizer", "optimizer.momentum", "layers.c2.filters", "layers.7.units",
                          "loss", "", "shuffle"})
    EXPECT_THAT(llvm::toString(file.set(where, "1")), HasSubstr("there is no number at"));
}

TEST(ModelFile, SetsClassWeights) {
  ModelFile file = llvm::cantFail(read(kModel));
  ASSERT_FALSE(file.setClassWeights({1, 0.5}));
  EXPECT_THAT(file.getText(), HasSubstr("{\"type\": \"mse\", \"class_weight\": [1, 0.5]},\n"));
  EXPECT_THAT(llvm::toString(file.setClassWeights({1})),
              HasSubstr("has a \"class_weight\" already"));
  file = llvm::cantFail(read("{\"train\": {\"loss\": {\"type\": \"mse\"}}}"));
  ASSERT_FALSE(file.setClassWeights({2}));
  EXPECT_THAT(file.getText(), HasSubstr("{\"class_weight\": [2], \"type\": \"mse\"}"));
  file = llvm::cantFail(read("{\"train\": {\"loss\": [\"a\", \"b\"]}}"));
  EXPECT_THAT(llvm::toString(file.setClassWeights({2})), HasSubstr("a model with one loss"));
}
