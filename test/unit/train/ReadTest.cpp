//===- ReadTest.cpp - data sets from files ------------------------------------------===//

#include "runtime/dlc_runtime.h"
#include "tools/common/OpenModel.h"
#include "tools/train/Convert.h"
#include "tools/train/DataSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <gmock/gmock.h>

using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;
using llvm::StringRef;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

class ReadTest : public testing::Test {
protected:
  std::string write(StringRef name, StringRef content) {
    std::string path = folder->file(name);
    std::error_code failure;
    llvm::raw_fd_ostream(path, failure) << content;
    return path;
  }
  DataParts read(std::vector<std::string> paths, CsvOptions csv = {}) {
    llvm::Expected<DataParts> parts = readData(paths, csv);
    EXPECT_TRUE(bool(parts)) << message(parts.takeError());
    return std::move(*parts);
  }
  std::string errorOf(std::vector<std::string> paths, CsvOptions csv = {}) {
    llvm::Expected<DataParts> parts = readData(paths, csv);
    return parts ? "read" : message(parts.takeError());
  }
  static std::string message(llvm::Error error) { return llvm::toString(std::move(error)); }

  llvm::Expected<TemporaryFolder> folder = TemporaryFolder::create();
};

} // namespace

// A set without one of the classes counts the others differently.
TEST_F(ReadTest, MatchesClassesByName) {
  DataParts training = read({write("a.csv", "1,cat\n2,dog\n3,eel\n")});
  DataParts other = read({write("b.csv", "1,eel\n2,cat\n3,eel\n")});
  ASSERT_FALSE(matchClasses(training.train, other.train));
  EXPECT_EQ(elementOf(other.train.targets[0], 0), 2);
  EXPECT_EQ(elementOf(other.train.targets[0], 1), 0);
  EXPECT_EQ(other.train.classes, training.train.classes);
  DataParts stranger = read({write("c.csv", "1,cat\n2,fox\n")});
  EXPECT_THAT(message(matchClasses(training.train, stranger.train)),
              HasSubstr("are of the class \"fox\", and none to train on is"));
}

static std::string idx(std::vector<int> shape, StringRef data) {
  std::string file{0, 0, 8, char(shape.size())};
  for (int extent : shape)
    file += {char(extent >> 24), char(extent >> 16), char(extent >> 8), char(extent)};
  return file + data.str();
}

static std::vector<double> elements(const Array &array) {
  std::vector<double> values;
  int64_t count = 1;
  for (int64_t extent : array.shape)
    count *= extent;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(elementOf(array, i));
  return values;
}

TEST_F(ReadTest, ReadsIdxPairsAndTheirTestSet) {
  std::string images = write("train-images-idx3-ubyte", idx({2, 1, 2}, "\1\2\3\4"));
  write("train-labels-idx1-ubyte", idx({2}, "\7\x9"));
  for (std::string path : {images, folder->folder()}) {
    DataParts parts = read({path});
    EXPECT_THAT(parts.train.inputs[0].shape, ElementsAre(2, 1, 2, 1));
    EXPECT_THAT(elements(parts.train.inputs[0]), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(elements(parts.train.targets[0]), ElementsAre(7, 9));
    EXPECT_FALSE(parts.test);
  }
  write("t10k-images-idx3-ubyte", idx({1, 1, 2}, "\5\6"));
  write("t10k-labels-idx1-ubyte", idx({1}, "\1"));
  DataParts parts = read({folder->folder()});
  ASSERT_TRUE(parts.test);
  EXPECT_THAT(elements(parts.test->inputs[0]), ElementsAre(5, 6));
}

TEST_F(ReadTest, RefusesBrokenIdx) {
  std::string labels = write("y", idx({2}, "\1\2"));
  EXPECT_THAT(errorOf({write("a", idx({2, 2, 2}, "\1\2")), labels}),
              HasSubstr("cut off: bytes [2, 2, 2] take 8, it has 2"));
  EXPECT_THAT(errorOf({write("a", idx({1, 1, 1}, "\1\2")), labels}), HasSubstr("too long"));
  EXPECT_THAT(errorOf({write("a", idx({3, 1, 1}, "\1\2\3")), labels}),
              HasSubstr("has 3 samples and"));
  EXPECT_THAT(errorOf({write("a", idx({0, 1, 1}, "")), write("b", idx({0}, ""))}),
              HasSubstr("the data set is empty"));
  std::string reals = idx({1}, "\1");
  reals[2] = 0xd;
  EXPECT_THAT(errorOf({write("a", reals), labels}), HasSubstr("only bytes (type 8) are read"));
  EXPECT_THAT(errorOf({write("x-images-idx3", idx({1, 1, 1}, "\1"))}),
              HasSubstr("x-labels-idx1: error: cannot read it"));
  EXPECT_THAT(errorOf({write("z.gz", StringRef("\x1f\x8b\x08", 3))}), HasSubstr("gunzip -k"));
  EXPECT_THAT(errorOf({write("huge", idx({-1, -1, -1}, ""))}), HasSubstr("not a data set"));
}

TEST_F(ReadTest, ReadsCifar) {
  std::string record(3073, 0);
  record[0] = 3;
  record[1] = 10, record[1 + 1024] = 20, record[1 + 2048] = 30;
  write("data_batch_1.bin", record + record);
  write("test_batch.bin", record);
  DataParts parts = read({folder->folder()});
  EXPECT_THAT(parts.train.inputs[0].shape, ElementsAre(2, 32, 32, 3));
  EXPECT_THAT(elements(parts.train.targets[0]), ElementsAre(3, 3));
  EXPECT_EQ(elementOf(parts.train.inputs[0], 3 * 1024 + 1), 20);
  EXPECT_EQ(parts.train.classes[3], "cat");
  EXPECT_EQ(parts.test->samples(), 1);
  std::string hundred = std::string(1, 19) + std::string(1, 99) + std::string(3072, 0);
  EXPECT_THAT(elements(read({write("c.bin", hundred)}).train.targets[0]), ElementsAre(99));
  record[0] = 10;
  EXPECT_THAT(errorOf({write("bad.bin", record)}), HasSubstr("sample 0 has the label 10"));
  EXPECT_THAT(errorOf({write("cut.bin", record.substr(1))}), HasSubstr("no whole number"));
}

TEST_F(ReadTest, ReadsCsv) {
  DataParts parts = read({write("a.csv", "x, y, kind\n1,2,no\n# nothing\n\n3,4.5,\"yes\"\n")});
  EXPECT_THAT(elements(parts.train.inputs[0]), ElementsAre(1, 2, 3, 4.5));
  EXPECT_THAT(elements(parts.train.targets[0]), ElementsAre(0, 1));
  EXPECT_THAT(parts.train.classes, ElementsAre("no", "yes"));
  parts = read({write("b.csv", "5;1;2\r\n6;3;4")}, {"first"});
  EXPECT_THAT(elements(parts.train.inputs[0]), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(elements(parts.train.targets[0]), ElementsAre(5, 6));
  parts = read({write("c.csv", "a,b,c\n1,2,3\n")}, {"b"});
  EXPECT_THAT(elements(parts.train.targets[0]), ElementsAre(2));
  EXPECT_THAT(elements(read({folder->file("c.csv")}, {"0"}).train.targets[0]), ElementsAre(1));
}

TEST_F(ReadTest, RefusesBrokenCsv) {
  EXPECT_THAT(errorOf({write("a.csv", "1,2\n1,2,3\n")}),
              HasSubstr("a.csv:2: error: a row of 3 fields, where the first has 2"));
  EXPECT_THAT(errorOf({write("a.csv", "1,2,3\n1,oops,3\n")}),
              HasSubstr("a.csv:2: error: \"oops\" in column 1 is no number"));
  EXPECT_THAT(errorOf({write("a.csv", "\n")}), HasSubstr("the data set is empty"));
  EXPECT_THAT(errorOf({write("a.csv", "")}), HasSubstr("the data set is empty"));
  EXPECT_THAT(errorOf({write("a.csv", "a,b\n")}), HasSubstr("a header only"));
  EXPECT_THAT(errorOf({write("a.csv", "1\n2\n")}), HasSubstr("one field only"));
  EXPECT_THAT(errorOf({write("a.csv", "a,b\n1,2\n")}, {"c"}),
              HasSubstr("an index from 0 to 1, or one of a, b"));
}

static Array arrayOf(StringRef name, std::vector<int64_t> shape) {
  llvm::Expected<Array> array = makeArray(name, DLC_FLOAT32, shape);
  std::fill_n(array->begin(), array->bytes().size(), 0);
  return std::move(*array);
}

TEST_F(ReadTest, ReadsArrays) {
  Array x = arrayOf("x_train", {3, 2}), y = arrayOf("y_train", {3}), xt = arrayOf("x_test", {1, 2}),
        yt = arrayOf("y_test", {1});
  std::string all = folder->file("a.npz"), inputs = folder->file("x.npy"),
              targets = folder->file("y.npy");
  ASSERT_FALSE(writeArrays(all, {&x, &y, &xt, &yt}));
  ASSERT_FALSE(writeArrays(inputs, {&x}));
  ASSERT_FALSE(writeArrays(targets, {&y}));
  DataParts parts = read({all});
  EXPECT_EQ(parts.train.samples(), 3);
  EXPECT_EQ(parts.test->samples(), 1);
  EXPECT_EQ(read({inputs, targets}).train.samples(), 3);
  EXPECT_THAT(errorOf({inputs}), HasSubstr("two .npy"));
  EXPECT_THAT(errorOf({inputs, inputs}), HasSubstr("are one file"));
  EXPECT_THAT(errorOf({inputs, targets, targets}), HasSubstr("one path, or two"));
  ASSERT_FALSE(writeArrays(all, {&x}));
  EXPECT_THAT(errorOf({all}), HasSubstr("its arrays are no data set"));
  ASSERT_FALSE(writeArrays(targets, {&yt}));
  EXPECT_THAT(errorOf({inputs, targets}), HasSubstr("has 3 samples and"));
  EXPECT_THAT(errorOf({folder->file("none")}), HasSubstr("cannot read it"));
}

// A grey PNG of one pixel of the value 0x80; byte 19 is its width.
static const unsigned char kPixel[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00,
    0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9c, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0x00,
    0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

TEST_F(ReadTest, ReadsFoldersOfImages) {
  StringRef png(reinterpret_cast<const char *>(kPixel), sizeof kPixel);
  for (StringRef kind : {"dogs", "cats"})
    ASSERT_FALSE(llvm::sys::fs::create_directory(folder->file(kind)));
  EXPECT_THAT(errorOf({folder->folder()}), HasSubstr("no PNG or JPEG image is in the folder"));
  write("dogs/a.png", png);
  write("cats/a.png", png);
  write("cats/b.PNG", png);
  DataParts parts = read({folder->folder()});
  EXPECT_THAT(parts.train.inputs[0].shape, ElementsAre(3, 1, 1, 1));
  EXPECT_THAT(elements(parts.train.inputs[0]), ElementsAre(0x80, 0x80, 0x80));
  EXPECT_THAT(elements(parts.train.targets[0]), ElementsAre(0, 0, 1));
  EXPECT_THAT(parts.train.classes, ElementsAre("cats", "dogs"));
  std::string wide = png.str();
  wide[19] = 2;
  write("dogs/wide.png", wide);
  EXPECT_THAT(errorOf({folder->folder()}), HasSubstr("an image of 2x1 pixels, where"));
  write("dogs/wide.png", "nothing");
  EXPECT_THAT(errorOf({folder->folder()}), HasSubstr("not a PNG or JPEG image"));
  write("dogs/wide.png", png.take_front(40));
  EXPECT_THAT(errorOf({folder->folder()}), HasSubstr("damaged or cut off"));
}
