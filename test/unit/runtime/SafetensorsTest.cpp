//===-- SafetensorsTest.cpp - Headers that lie -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/Safetensors.h"
#include "ToyModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace dlc::rt;
using testing::HasSubstr;

namespace {

/// Opens `image` and keeps the outcome.
struct Opened {
  char error[512] = "";
  Source source;
  Safetensors file;
  dlc_status status;

  explicit Opened(const std::string &image) {
    const Message message{error, sizeof error};
    // An exact copy, so that a sanitizer sees a read past the end.
    copy.assign(image.begin(), image.end());
    status = source.open(copy.empty() ? "" : copy.data(), copy.size(), message);
    if (!status)
      status = file.open(source, systemAllocator(), message);
  }

private:
  std::vector<char> copy;
};

std::string tensor(const char *fields) { return std::string("{\"t\":{") + fields + "}}"; }

struct Lie {
  const char *name;
  std::string header;
  size_t dataBytes;
  const char *message;

  friend std::ostream &operator<<(std::ostream &out, const Lie &lie) { return out << lie.name; }
};

class Lies : public testing::TestWithParam<Lie> {};

} // namespace

TEST_P(Lies, AreFormatErrors) {
  Opened opened(toy::file(GetParam().header, std::string(GetParam().dataBytes, '\0')));
  EXPECT_EQ(opened.status, DLC_ERROR_FORMAT);
  EXPECT_THAT(opened.error, HasSubstr(GetParam().message));
  EXPECT_THAT(opened.error, HasSubstr("(weights in memory): "));
}

static const Lie kLies[] = {
    // The layout of the data.
    {"Overlap",
     R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
     R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
     6, "tensor \"b\": its data begin at byte 2, where 4 is due: they overlap"},
    {"Hole",
     R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
     R"("b":{"dtype":"U8","shape":[4],"data_offsets":[6,10]}})",
     10, "tensor \"b\": its data begin at byte 6, where 4 is due: there is a hole"},
    {"HoleAtStart", tensor(R"("dtype":"U8","shape":[4],"data_offsets":[1,5])"), 5,
     "there is a hole before them"},
    {"TrailingBytes", tensor(R"("dtype":"U8","shape":[4],"data_offsets":[0,4])"), 7,
     "3 bytes follow the last tensor's data"},
    {"BeyondTheFile", tensor(R"("dtype":"U8","shape":[4],"data_offsets":[0,4])"), 3,
     "tensor \"t\": its data end at byte 4, the file's at 3; the file is cut off"},
    {"Backwards", tensor(R"("dtype":"U8","shape":[4],"data_offsets":[4,0])"), 4,
     "its data end before they begin"},
    {"WrongBytes", tensor(R"("dtype":"F32","shape":[2,2],"data_offsets":[0,4])"), 4,
     "shape [2, 2] of float32 takes 16 bytes, its data_offsets hold 4"},
    {"DuplicateName",
     R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
     R"("\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
     2, "tensor \"a\": the name appears twice"},
    // Numbers.
    {"Negative", tensor(R"("dtype":"U8","shape":[-4],"data_offsets":[0,4])"), 4,
     "a negative number"},
    {"Fraction", tensor(R"("dtype":"U8","shape":[4.0],"data_offsets":[0,4])"), 4, "a fraction"},
    {"Exponent", tensor(R"("dtype":"U8","shape":[4e0],"data_offsets":[0,4])"), 4, "a fraction"},
    {"LeadingZero", tensor(R"("dtype":"U8","shape":[04],"data_offsets":[0,4])"), 4,
     "a leading zero"},
    {"Huge", tensor(R"("dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,4])"), 4,
     "a number beyond 63 bits"},
    {"Product", tensor(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0])"), 0,
     "its shape's product is beyond 63 bits"},
    {"ProductBesideZero",
     tensor(R"("dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0])"), 0,
     "its shape's product is beyond 63 bits"},
    {"Rank", tensor(R"("dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1])"), 1,
     "a shape of more than 8 dimensions"},
    // Fields.
    {"Dtype", tensor(R"("dtype":"BF16","shape":[2],"data_offsets":[0,4])"), 4,
     "dtype \"BF16\" is not one of F32, I32, I64, U8; convert"},
    {"MissingField", tensor(R"("dtype":"U8","shape":[4])"), 4,
     "one of dtype, shape and data_offsets is missing"},
    {"FieldTwice", tensor(R"("dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4])"), 4,
     "a key appears twice"},
    {"UnknownField", tensor(R"("dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1)"), 4,
     "a key that is not dtype, shape or data_offsets"},
    {"ThreeOffsets", tensor(R"("dtype":"U8","shape":[4],"data_offsets":[0,4,4])"), 4,
     "']' is due here"},
    {"NullTensor", R"({"t":null})", 0, "'{' is due here"},
    {"EmptyTensor", R"({"t":{}})", 0, "a string in double quotes is due"},
    // JSON.
    {"NotJson", "hello", 0, "the header does not begin with '{'"},
    {"EmptyHeader", "", 0, "the header does not begin with '{'"},
    {"SpaceInFront", " {}", 0, "the header does not begin with '{'"},
    {"TrailingComma", R"({"__metadata__":{},})", 0, "a string in double quotes is due"},
    {"TextAfter", "{} {}", 0, "something follows the header's closing brace"},
    {"ZeroAfter", std::string("{}\0", 3), 0, "something follows"},
    {"Unclosed", R"({"t":{"dtype":"U8","shape":[4)", 0, "',' or ']' is due here"},
    {"OpenString", R"({"t)", 0, "the header ends inside a string"},
    {"OpenEscape", R"({"t\)", 0, "the header ends inside a string"},
    {"OpenUnicode", R"({"\u00)", 0, "the header ends inside a string"},
    {"MetadataTwice", R"({"__metadata__":{},"__metadata__":{}})", 0, "__metadata__ appears twice"},
    {"MetadataNumber", R"({"__metadata__":{"a":1}})", 0, "a string in double quotes is due"},
    {"NestedArrays", std::string(200000, '['), 0, "the header does not begin with '{'"},
    {"NestedShape",
     R"({"t":{"dtype":"U8","shape":)" + std::string(200000, '[') + std::string(200000, ']') + "}}",
     0, "a whole number is due here"},
    {"NestedObjects",
     [] {
       std::string text;
       for (int i = 0; i < 200000; ++i)
         text += "{\"a\":";
       return text;
     }(),
     0, "a key that is not dtype"},
    // Strings.
    {"Control", "{\"a\nb\":{}}", 0, "a control character in a string"},
    {"Escape", R"({"\x":{}})", 0, "an unknown escape"},
    {"HalfSurrogate", R"({"\ud800":{}})", 0, "half a surrogate pair"},
    {"LoneLowSurrogate", R"({"\udc00":{}})", 0, "half a surrogate pair"},
    {"WrongSurrogate", R"({"\ud800\u0041":{}})", 0, "half a surrogate pair"},
    {"BadHex", R"({"\u00g0":{}})", 0, "four hexadecimal digits"},
    {"Latin1", "{\"caf\xe9\":{}}", 0, "not UTF-8"},
    {"Overlong", "{\"\xc0\xaf\":{}}", 0, "not UTF-8"},
    {"OverlongThree", "{\"\xe0\x80\xaf\":{}}", 0, "not UTF-8"},
    {"Surrogate", "{\"\xed\xa0\x80\":{}}", 0, "not UTF-8"},
    {"BeyondUnicode", "{\"\xf4\x90\x80\x80\":{}}", 0, "not UTF-8"},
    {"CutUtf8", "{\"\xe2\x82", 0, "not UTF-8"},
};

INSTANTIATE_TEST_SUITE_P(Safetensors, Lies, testing::ValuesIn(kLies),
                         [](const auto &test) { return test.param.name; });

TEST(Safetensors, HeaderLengthBeyondTheFile) {
  std::string image = toy::file("{}", "");
  image[0] = 3;
  Opened opened(image);
  EXPECT_EQ(opened.status, DLC_ERROR_FORMAT);
  EXPECT_THAT(opened.error, HasSubstr("its header would be 3 bytes, but the file ends after 2"));
}

TEST(Safetensors, HeaderLengthBeyondTheCap) {
  for (const char *length : {"\x01\xe1\xf5\x05\0\0\0\0", "\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    Opened opened(std::string(length, 8) + "{}");
    EXPECT_EQ(opened.status, DLC_ERROR_FORMAT);
    EXPECT_THAT(opened.error, HasSubstr("more than the format's 100000000"));
  }
}

TEST(Safetensors, EveryTruncationIsAnError) {
  const std::string whole = toy::weights();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(Opened(whole.substr(0, size)).status, DLC_ERROR_FORMAT) << size;
  EXPECT_EQ(Opened(whole).status, DLC_OK);
}

TEST(Safetensors, EveryChangedByteIsSurvived) {
  const std::string whole = toy::weights();
  for (size_t at = 0; at < whole.size() - 32; ++at)
    for (int value = 0; value < 256; ++value) {
      std::string image = whole;
      image[at] = static_cast<char>(value);
      Opened opened(image);
      EXPECT_TRUE(opened.status == DLC_OK || opened.status == DLC_ERROR_FORMAT);
    }
}

TEST(Safetensors, ReadsWhatIsThere) {
  Opened opened(
      toy::file(R"({"__metadata__":{"format":"pt","\"":"{[\\"}, "z\u00e9\ud83d\ude00\/" : )"
                "{\"shape\":[2,3], \"data_offsets\" : [8,32],\n\t\"dtype\":\"I32\"},"
                R"("a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                R"("empty":{"dtype":"F32","shape":[0,7],"data_offsets":[32,32]}}    )",
                std::string(32, '\1')));
  ASSERT_EQ(opened.status, DLC_OK) << opened.error;
  ASSERT_EQ(opened.file.size(), 3);
  EXPECT_EQ(opened.file.find("missing"), nullptr);
  const FileTensor *a = opened.file.find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->rank, 0);
  EXPECT_EQ(a->dtype, DLC_INT64);
  const FileTensor *z = opened.file.find("z\xc3\xa9\xf0\x9f\x98\x80/");
  ASSERT_NE(z, nullptr);
  EXPECT_EQ(z->shape[1], 3);
  int64_t value = 0;
  ASSERT_EQ(opened.file.read(*a, &value, {}), DLC_OK);
  EXPECT_EQ(value, 0x0101010101010101);
}

TEST(Safetensors, MessagesShowNoControlCharacters) {
  Opened opened(toy::file(R"({"a\n\u0000)" + std::string(300, 'x') + R"(":{"dtype":"Q"}})", ""));
  EXPECT_EQ(opened.status, DLC_ERROR_FORMAT);
  EXPECT_THAT(opened.error, HasSubstr("\"a??xxx"));
  EXPECT_THAT(opened.error, HasSubstr("xxx...\": dtype"));
}
