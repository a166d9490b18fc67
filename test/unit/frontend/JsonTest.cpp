//===- JsonTest.cpp - the located reader --------------------------------------------===//

#include "compiler/frontend/Json.h"
#include "TestModel.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace dlc::frontend;
using namespace dlc::frontend::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

// A text read alone, with the places of its values.
struct Read {
  explicit Read(std::string text) {
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "t.json"), {});
    sources.setDiagHandler(
        [](const llvm::SMDiagnostic &message, void *self) {
          static_cast<Read *>(self)->message = std::to_string(message.getLineNo()) + ":" +
                                               std::to_string(message.getColumnNo() + 1) + ": " +
                                               message.getMessage().str();
        },
        this);
    Messages messages(sources);
    if (auto value = json::read(messages, 1); mlir::succeeded(value))
      root = std::move(*value), ok = true;
  }
  std::string at(const json::Value &value) {
    auto [line, column] = sources.getLineAndColumn(value.loc);
    return std::to_string(line) + ":" + std::to_string(column);
  }
  llvm::SourceMgr sources;
  json::Value root;
  std::string message;
  bool ok = false;
};

TEST(Json, EveryTokenKnowsItsPlace) {
  Read r("{\"a\": [1, -2.5 ,true],\n  \"b\" : {\"c\":null,\"d\":12},\n \"e\": \"x\\u0041\"}");
  ASSERT_TRUE(r.ok) << r.message;
  EXPECT_EQ(r.at(r.root), "1:1");
  const json::Value &a = *r.root.find("a"), &b = *r.root.find("b"), &e = *r.root.find("e");
  EXPECT_EQ(r.at(a), "1:7");
  EXPECT_EQ(r.at(a.elements[0]), "1:8");
  EXPECT_EQ(r.at(a.elements[1]), "1:11");
  EXPECT_EQ(a.elements[1].text, "-2.5");
  EXPECT_EQ(r.at(a.elements[2]), "1:17");
  EXPECT_EQ(r.at(b), "2:9");
  EXPECT_EQ(r.at(*b.find("c")), "2:14");
  EXPECT_EQ(r.at(*b.find("d")), "2:23");
  EXPECT_EQ(b.find("d")->integer, 12);
  EXPECT_EQ(r.at(e), "3:7");
  EXPECT_EQ(e.text, "xA");
}

TEST(Json, ANumberMayEndTheText) {
  Read r(" 42");
  ASSERT_TRUE(r.ok);
  EXPECT_EQ(r.root.integer, 42);
  EXPECT_EQ(r.at(r.root), "1:2");
}

TEST(Json, HugeIntegersAreNotIntegers) {
  Read r("[9223372036854775807, 9223372036854775808, 99999999999999999999]");
  ASSERT_TRUE(r.ok);
  EXPECT_EQ(r.root.elements[0].kind, json::Kind::Integer);
  EXPECT_EQ(r.root.elements[1].kind, json::Kind::Real);
  EXPECT_EQ(r.root.elements[2].text, "99999999999999999999");
}

TEST(Json, PrintsWhatItRead) {
  std::string text = R"({"a": [1, 2.50, null, true], "b": {"c": "x\ny"}})", printed;
  Read r(text);
  llvm::raw_string_ostream os(printed);
  json::print(os, r.root);
  EXPECT_EQ(printed, text);
}

TEST(Json, BrokenTextIsShownWhereItBreaks) {
  EXPECT_EQ(Read("{\"a\": 1,\n \"b\" 2}").message,
            "2:6: broken JSON: unexpected number literal; expected ':'");
  EXPECT_THAT(Read("").message, HasSubstr("1:1: broken JSON: unexpected end of input"));
  EXPECT_THAT(Read("[1, 2").message, HasSubstr("1:6: broken JSON: unexpected end of input"));
  EXPECT_THAT(Read("{\"a\": tru }").message, HasSubstr("broken JSON: invalid literal"));
  EXPECT_THAT(Read("{} {}").message, HasSubstr("1:4: broken JSON: unexpected '{'"));
  EXPECT_THAT(Read("[01]").message, HasSubstr("1:3: broken JSON: unexpected number literal"));
  EXPECT_THAT(Read("[\"a\nb\"]").message, HasSubstr("control character"));
}

TEST(Json, DuplicateKeys) {
  EXPECT_EQ(Read("{\"a\": 1, \"b\": {\"a\": 1},\n\"a\": 2}").message, "2:1: duplicate key \"a\"");
}

TEST(Json, NumbersOutOfRange) {
  EXPECT_EQ(Read("[1e3, 1e999]").message, "1:7: the number is too large for 64-bit floating point");
}

TEST(Json, OtherEncodings) {
  EXPECT_THAT(Read("\xEF\xBB\xBF{}").message,
              HasSubstr("1:1: the file begins with a byte order mark"));
  EXPECT_THAT(Read(std::string("\xFF\xFE{\0}\0", 6)).message, HasSubstr("is UTF-16"));
  EXPECT_THAT(Read("[\"\xC3\x28\"]").message, HasSubstr("ill-formed UTF-8"));
  EXPECT_THAT(Read("[\"\xFF\"]").message, HasSubstr("ill-formed UTF-8"));
}

TEST(Json, DepthIsBounded) {
  EXPECT_EQ(Read(std::string(200000, '[')).message, "1:65: nested deeper than 64 levels");
  std::string objects;
  for (int i = 0; i < 200000; ++i)
    objects += "{\"a\":";
  EXPECT_THAT(Read(objects).message, HasSubstr("nested deeper than 64 levels"));
}

TEST(Json, CountIsBounded) {
  std::string zeros = "[0";
  for (size_t i = 0; i < json::kMaxValues; ++i)
    zeros += ",0";
  EXPECT_THAT(Read(zeros + "]").message, HasSubstr("more than 1048576 values in one file"));
}

} // namespace
