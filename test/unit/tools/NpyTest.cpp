//===- NpyTest.cpp - arrays in numpy's file formats ---------------------------------===//

#include "tools/common/Npy.h"
#include "runtime/dlc_runtime.h"
#include "llvm/Support/Endian.h"
#include <gmock/gmock.h>

using namespace dlc::tools;
using llvm::StringRef;
using testing::ElementsAre;
using testing::HasSubstr;

// A file of version `major` with that header text and so many bytes of data.
static std::string makeFile(StringRef header, size_t bytes, int major = 1) {
  std::string file = "\x93NUMPY";
  file += {char(major), 0};
  char length[4];
  llvm::support::endian::write32le(length, header.size());
  file.append(length, major == 1 ? 2 : 4);
  return file + header.str() + std::string(bytes, '\1');
}

static std::string errorOf(const std::string &file) {
  llvm::Expected<Array> array = parseNpy(file, "x.npy");
  return array ? "read" : llvm::toString(array.takeError());
}

static const char *kSound = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

TEST(Npy, ReadsAllVersions) {
  for (int major : {1, 2, 3}) {
    llvm::Expected<Array> array = parseNpy(makeFile(kSound, 24, major), "x.npy");
    ASSERT_TRUE(bool(array)) << llvm::toString(array.takeError());
    EXPECT_EQ(array->dtype, DLC_FLOAT32);
    EXPECT_THAT(array->shape, ElementsAre(2, 3));
    EXPECT_EQ(array->bytes().size(), 24u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(array->begin()) % 64, 0u);
  }
}

TEST(Npy, ReadsHeadersOfAnyStyle) {
  EXPECT_EQ(errorOf(makeFile(R"({"shape":(6L,),"fortran_order":False,"descr":"|u1"})", 6)), "read");
  EXPECT_EQ(errorOf(makeFile("{'descr': '<i8', 'fortran_order': False, 'shape': ()}", 8)), "read");
  EXPECT_EQ(errorOf(makeFile("{'descr': '<i4', 'fortran_order': False, 'shape': (0, 4)}", 0)),
            "read");
}

TEST(Npy, KeepsTypesThatNoModelTakes) {
  llvm::Expected<Array> array =
      parseNpy(makeFile("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", 8), "x.npy");
  ASSERT_TRUE(bool(array));
  EXPECT_EQ(array->dtype, 0);
  EXPECT_EQ(array->type, "float64");
}

TEST(Npy, RefusesWhatIsNoNpy) {
  EXPECT_THAT(errorOf(""), HasSubstr("empty"));
  EXPECT_THAT(errorOf("hello, this is text"), HasSubstr("not an .npy file"));
  EXPECT_THAT(errorOf(makeFile(kSound, 24, 9)), HasSubstr("version 9"));
  std::string file = makeFile(kSound, 24);
  for (size_t size = 6; size < 10 + StringRef(kSound).size(); ++size)
    EXPECT_THAT(errorOf(file.substr(0, size)), HasSubstr("ends within its header")) << size;
}

TEST(Npy, RefusesOtherLayouts) {
  EXPECT_THAT(errorOf(makeFile("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}", 24)),
              HasSubstr("np.ascontiguousarray(x)"));
  EXPECT_THAT(errorOf(makeFile("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)}", 24)),
              HasSubstr("big-endian float32"));
  EXPECT_THAT(errorOf(makeFile("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", 24)),
              HasSubstr("Python objects"));
  EXPECT_THAT(
      errorOf(makeFile("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", 8)),
      HasSubstr("records"));
  EXPECT_THAT(errorOf(makeFile("{'descr': '<U7', 'fortran_order': False, 'shape': (2,)}", 8)),
              HasSubstr("'<U7'"));
}

TEST(Npy, RefusesShapesThatLie) {
  EXPECT_THAT(errorOf(makeFile(kSound, 23)), HasSubstr("needs 24 bytes of data, it has 23"));
  EXPECT_THAT(errorOf(makeFile(kSound, 25)), HasSubstr("1 bytes too many"));
  for (const char *shape :
       {"(4611686018427387904, 8)", "(9223372036854775807,)", "(3037000500, 3037000500)"})
    EXPECT_THAT(
        errorOf(makeFile(
            "{'descr': '<f4', 'fortran_order': False, 'shape': " + std::string(shape) + "}", 24)),
        HasSubstr("larger than any memory"));
  for (const char *shape :
       {"(-2, 3)", "(18446744073709551616,)", "(2.0,)", "(2 3)", "[2, 3]", "(2, 3"})
    EXPECT_THAT(
        errorOf(makeFile(
            "{'descr': '<f4', 'fortran_order': False, 'shape': " + std::string(shape) + "}", 24)),
        HasSubstr("not a sound .npy file"))
        << shape;
}

TEST(Npy, RefusesBrokenHeaders) {
  for (const char *header :
       {"", "{", "{}", "((((", "{'descr': '<f4'}", "{'descr' '<f4'}", "{'descr': '<f4",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} and more"})
    EXPECT_THAT(errorOf(makeFile(header, 24)), HasSubstr("not a sound .npy file")) << header;
}

// Any byte of a sound file may be wrong: an error or an array, never anything else.
TEST(Npy, SurvivesSpoiltFiles) {
  const std::string sound = makeFile(kSound, 24);
  for (size_t i = 0; i < sound.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string spoilt = sound;
      spoilt[i] ^= char(1 << bit);
      errorOf(spoilt);
    }
}

TEST(Npy, ReadsWhatItWrites) {
  for (std::vector<int64_t> shape :
       {std::vector<int64_t>{}, {5}, {2, 3, 4}, {1, 1, 1, 1, 1, 1, 1, 9}})
    for (int32_t dtype : {DLC_FLOAT32, DLC_UINT8, DLC_INT32, DLC_INT64}) {
      llvm::Expected<Array> array = makeArray("y", dtype, shape);
      ASSERT_TRUE(bool(array));
      for (size_t i = 0; i < array->bytes().size(); ++i)
        array->begin()[i] = char(i * 7);
      std::string file;
      llvm::raw_string_ostream os(file);
      writeNpy(os, *array);
      EXPECT_EQ((file.size() - array->bytes().size()) % 64, 0u);
      llvm::Expected<Array> again = parseNpy(file, "y.npy");
      ASSERT_TRUE(bool(again)) << llvm::toString(again.takeError());
      EXPECT_EQ(again->dtype, dtype);
      EXPECT_EQ(again->shape, shape);
      EXPECT_EQ(again->bytes(), array->bytes());
    }
}

TEST(Npy, RefusesShapesBeyondMemory) {
  llvm::Expected<Array> array = makeArray("y", DLC_FLOAT32, {int64_t(1) << 40, int64_t(1) << 40});
  ASSERT_FALSE(bool(array));
  EXPECT_THAT(llvm::toString(array.takeError()), HasSubstr("larger than any memory"));
}
