//===-- PreparedTest.cpp - Files of prepared weights -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/Prepared.h"
#include "ToyModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <unistd.h>

using namespace dlc::rt;
using testing::HasSubstr;
using toy::CountingAllocator;
using toy::Instance;

namespace {

/// A path of its own that ends with its scope.
struct Path {
  const std::string name = testing::TempDir() + "dlc_prepared_test." + std::to_string(getpid()) +
                           "." + std::to_string(++count);
  static inline int count = 0;
  ~Path() { std::remove(name.c_str()); }
  const char *c_str() const { return name.c_str(); }

  std::string read() const {
    std::ifstream file(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string &bytes) const { std::ofstream(name, std::ios::binary) << bytes; }
};

/// What toy::weights(scale, b) become.
std::string prepared(float scale = 2, float b = 5, const dlc_options &options = {}) {
  const Path path;
  Instance toy(options);
  EXPECT_EQ(toy.load(toy::weights(scale, b)), DLC_OK);
  EXPECT_EQ(dlc_rt_save_prepared(toy.m, path.c_str()), DLC_OK) << dlc_rt_error(toy.m);
  return path.read();
}

void expectRuns(Instance &toy, float scale, float b) {
  std::vector<float> out;
  ASSERT_EQ(toy.run({1, 2, 3}, out), DLC_OK);
  EXPECT_EQ(out, toy::expected({1, 2, 3}, scale, b));
}

/// The file with a changed header whose checksum is right again.
std::string edited(std::string bytes, const std::function<void(PreparedHeader &)> &edit) {
  PreparedHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  edit(header);
  header.checksum = checksum(&header, offsetof(PreparedHeader, checksum));
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

} // namespace

TEST(Prepared, MappedAndCopied) {
  const Path path;
  const std::string bytes = prepared();
  EXPECT_EQ(bytes.size(), sizeof(PreparedHeader) + 64);
  path.write(bytes);
  Instance mapped, copied;
  ASSERT_EQ(dlc_rt_load(mapped.m, path.c_str()), DLC_OK) << dlc_rt_error(mapped.m);
  expectRuns(mapped, 2, 5);
  {
    const std::string passing = bytes;
    ASSERT_EQ(copied.load(passing), DLC_OK) << dlc_rt_error(copied.m);
  }
  expectRuns(copied, 2, 5);
}

TEST(Prepared, SavesTheSameBytesFromEitherKind) {
  const Path path;
  const std::string bytes = prepared();
  EXPECT_EQ(prepared(), bytes);
  CountingAllocator poisoning;
  dlc_options options = {};
  poisoning.install(options);
  EXPECT_EQ(prepared(2, 5, options), bytes) << "what lies between values is in the file";
  path.write(bytes);
  Instance toy;
  ASSERT_EQ(dlc_rt_load(toy.m, path.c_str()), DLC_OK);
  // Over the file that is mapped.
  ASSERT_EQ(dlc_rt_save_prepared(toy.m, path.c_str()), DLC_OK);
  EXPECT_EQ(path.read(), bytes);
  expectRuns(toy, 2, 5);
}

TEST(Prepared, MappedWeightsTakeNoMemory) {
  const Path path;
  path.write(prepared());
  CountingAllocator counting;
  dlc_options options = {};
  counting.install(options);
  Instance toy(options);
  const int64_t calls = counting.calls;
  ASSERT_EQ(dlc_rt_load(toy.m, path.c_str()), DLC_OK);
  EXPECT_EQ(counting.calls, calls);
}

TEST(Prepared, EitherKindReplacesTheOther) {
  const Path path;
  path.write(prepared(3, 1));
  CountingAllocator counting;
  dlc_options options = {};
  counting.install(options);
  {
    Instance toy(options);
    const int64_t live = counting.live;
    for (int i = 0; i < 2; ++i) {
      ASSERT_EQ(toy.load(toy::weights(2, 5)), DLC_OK);
      expectRuns(toy, 2, 5);
      ASSERT_EQ(dlc_rt_load(toy.m, path.c_str()), DLC_OK);
      expectRuns(toy, 3, 1);
      EXPECT_EQ(counting.live, live) << "the weights before are given back";
    }
  }
  EXPECT_EQ(counting.live, 0);
}

TEST(Prepared, NoMemoryForACopyLeavesTheWeights) {
  CountingAllocator counting;
  dlc_options options = {};
  counting.install(options);
  Instance toy(options);
  ASSERT_EQ(toy.load(toy::weights(2, 5)), DLC_OK);
  counting.failAt = counting.calls;
  EXPECT_EQ(toy.load(prepared(9, 9)), DLC_ERROR_RESOURCE);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("no memory"));
  expectRuns(toy, 2, 5);
}

TEST(Prepared, EveryTruncationIsAnError) {
  const Path path;
  const std::string bytes = prepared();
  Instance toy;
  ASSERT_EQ(toy.load(toy::weights(1, 7)), DLC_OK);
  for (size_t size = 0; size < bytes.size();
       size += size < 64 || size + 70 > bytes.size() ? 1 : 61) {
    EXPECT_EQ(toy.load(bytes.substr(0, size)), DLC_ERROR_FORMAT) << size;
    path.write(bytes.substr(0, size));
    EXPECT_EQ(dlc_rt_load(toy.m, path.c_str()), DLC_ERROR_FORMAT) << size;
  }
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("cut off, get it again"));
  expectRuns(toy, 1, 7);
}

TEST(Prepared, EveryDamagedBitOfTheHeaderIsAnError) {
  const std::string bytes = prepared();
  Instance toy;
  ASSERT_EQ(toy.load(toy::weights(1, 7)), DLC_OK);
  for (size_t bit = 0; bit < 8 * sizeof(PreparedHeader); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    ASSERT_EQ(toy.load(damaged), DLC_ERROR_FORMAT) << bit;
    ASSERT_STRNE(dlc_rt_error(toy.m), "");
  }
  expectRuns(toy, 1, 7);
}

namespace {

/// Headers that are not damaged, but lie, or are of another library.
struct Case {
  const char *name;
  void (*edit)(PreparedHeader &);
  dlc_status status;
  const char *message;

  friend std::ostream &operator<<(std::ostream &out, const Case &c) { return out << c.name; }
};

class Header : public testing::TestWithParam<Case> {};

} // namespace

TEST_P(Header, IsAnErrorThatLeavesTheWeights) {
  Instance toy;
  ASSERT_EQ(toy.load(toy::weights(1, 7)), DLC_OK);
  EXPECT_EQ(toy.load(edited(prepared(), GetParam().edit)), GetParam().status);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr(GetParam().message));
  expectRuns(toy, 1, 7);
}

INSTANTIATE_TEST_SUITE_P(
    Prepared, Header,
    testing::Values(
        Case{"Version", [](PreparedHeader &h) { h.version = 2; }, DLC_ERROR_FORMAT,
             "of format 2, this library reads format 1; prepare them again"},
        Case{"SmallHeader", [](PreparedHeader &h) { h.headerBytes = 64; }, DLC_ERROR_FORMAT,
             "damaged"},
        Case{"LargeHeader", [](PreparedHeader &h) { h.headerBytes = UINT32_MAX; }, DLC_ERROR_FORMAT,
             "damaged"},
        Case{"EndlessModel", [](PreparedHeader &h) { std::memset(h.model, 'x', sizeof h.model); },
             DLC_ERROR_FORMAT, "damaged"},
        Case{"EndlessVariant",
             [](PreparedHeader &h) { std::memset(h.variant, 'x', sizeof h.variant); },
             DLC_ERROR_FORMAT, "damaged"},
        Case{"Model", [](PreparedHeader &h) { std::strcpy(h.model, "to\ny"); }, DLC_ERROR_MISMATCH,
             "prepared weights of model \"to?y\", this is \"toy\""},
        Case{"Variant", [](PreparedHeader &h) { std::strcpy(h.variant, "base"); },
             DLC_ERROR_MISMATCH, "prepared for CPU variant \"base\", this instance runs \"fast\""},
        Case{"Identity", [](PreparedHeader &h) { h.identity[1] ^= 1; }, DLC_ERROR_MISMATCH,
             "prepared for another compilation of model \"toy\"; prepare them again"},
        Case{"FewBytes", [](PreparedHeader &h) { h.dataBytes = 0; }, DLC_ERROR_MISMATCH,
             "another compilation"},
        Case{"ManyBytes", [](PreparedHeader &h) { h.dataBytes = UINT64_MAX - 4095; },
             DLC_ERROR_MISMATCH, "another compilation"}),
    [](const auto &test) { return test.param.name; });

TEST(Prepared, NothingMayFollow) {
  Instance toy;
  EXPECT_EQ(toy.load(prepared() + "x"), DLC_ERROR_FORMAT);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("4161 bytes long, where these prepared weights take "
                                             "4160; it is followed by something else"));
}

TEST(Prepared, AnotherVariantOfTheSameLibrary) {
  dlc_options options = {};
  options.cpu_variant = "base";
  Instance toy(options);
  EXPECT_EQ(toy.load(prepared()), DLC_ERROR_MISMATCH);
  EXPECT_EQ(toy.load(prepared(2, 5, options)), DLC_OK);
  expectRuns(toy, 2, 5);
}

TEST(Prepared, SavingIntoTheVoid) {
  Instance toy;
  EXPECT_EQ(dlc_rt_save_prepared(nullptr, "x"), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_rt_save_prepared(toy.m, nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_rt_save_prepared(toy.m, "/tmp/x"), DLC_ERROR_NOT_READY);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("call load or load_memory first"));
  ASSERT_EQ(toy.load(toy::weights()), DLC_OK);
  EXPECT_EQ(dlc_rt_save_prepared(toy.m, "/no/such/folder/x"), DLC_ERROR_IO);
  EXPECT_THAT(dlc_rt_error(toy.m), HasSubstr("/no/such/folder/x: cannot be written"));
}

TEST(Prepared, OfAModelWithoutParameters) {
  const Path path;
  Instance toy({}, toy::weightlessDesc());
  ASSERT_EQ(dlc_rt_save_prepared(toy.m, path.c_str()), DLC_OK);
  EXPECT_EQ(path.read().size(), sizeof(PreparedHeader));
  EXPECT_EQ(dlc_rt_load(toy.m, path.c_str()), DLC_OK);
}
