//===- NpzTest.cpp - several arrays in one file -------------------------------------===//

#include "tools/common/Npz.h"
#include "runtime/dlc_runtime.h"
#include <gmock/gmock.h>

using namespace dlc::tools;
using testing::HasSubstr;

// Two arrays: a, four bytes, and b, two int32.
static std::string makeFile() {
  llvm::Expected<Array> a = makeArray("a", DLC_UINT8, {4});
  llvm::Expected<Array> b = makeArray("b", DLC_INT32, {1, 2});
  std::copy_n("\1\2\3\4", 4, a->begin());
  std::copy_n("\1\0\0\0\2\0\0\0", 8, b->begin());
  std::string file;
  llvm::raw_string_ostream os(file);
  llvm::cantFail(writeNpz(os, {&*a, &*b}));
  return file;
}

static std::string errorOf(const std::string &file) {
  llvm::Expected<std::vector<Array>> arrays = parseNpz(file, "x.npz");
  return arrays ? "read" : llvm::toString(arrays.takeError());
}

TEST(Npz, ReadsWhatItWrites) {
  llvm::Expected<std::vector<Array>> arrays = parseNpz(makeFile(), "x.npz");
  ASSERT_TRUE(bool(arrays)) << llvm::toString(arrays.takeError());
  ASSERT_EQ(arrays->size(), 2u);
  EXPECT_EQ((*arrays)[0].name, "a");
  EXPECT_EQ((*arrays)[0].bytes(), llvm::ArrayRef<char>({1, 2, 3, 4}));
  EXPECT_EQ((*arrays)[1].name, "b");
  EXPECT_EQ((*arrays)[1].file, "x.npz[b]");
  EXPECT_EQ((*arrays)[1].dtype, DLC_INT32);
  EXPECT_EQ((*arrays)[1].shape, (std::vector<int64_t>{1, 2}));
}

TEST(Npz, WritesTheSameBytesAgain) { EXPECT_EQ(makeFile(), makeFile()); }

TEST(Npz, RefusesWhatIsNoNpz) {
  EXPECT_THAT(errorOf(""), HasSubstr("not an .npz file"));
  EXPECT_THAT(errorOf(std::string(1000, 'x')), HasSubstr("not an .npz file"));
}

TEST(Npz, RefusesCutFiles) {
  const std::string sound = makeFile();
  for (size_t size = 0; size < sound.size(); ++size)
    EXPECT_NE(errorOf(sound.substr(0, size)), "read") << size;
}

TEST(Npz, NoticesDamagedData) {
  std::string file = makeFile();
  size_t at = file.find(std::string("\1\2\3\4", 4));
  ASSERT_NE(at, std::string::npos);
  file[at] ^= 1;
  EXPECT_THAT(errorOf(file), HasSubstr("checksum"));
}

// Any byte of a sound file may be wrong: an error or arrays, never anything else.
TEST(Npz, SurvivesSpoiltFiles) {
  const std::string sound = makeFile();
  for (size_t i = 0; i < sound.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string spoilt = sound;
      spoilt[i] ^= char(1 << bit);
      errorOf(spoilt);
    }
}
