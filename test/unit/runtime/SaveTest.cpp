//===-- SaveTest.cpp - Writing weights files -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyModel.h"
#include "runtime/Safetensors.h"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace dlc::rt;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

class Save : public testing::Test {
protected:
  fs::path folder =
      fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
  std::string path = folder / "w.safetensors";
  char error[512] = "";

  void SetUp() override {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  dlc_status save(const std::vector<dlc_tensor> &tensors) {
    return dlc_rt_save(path.c_str(), tensors.data(), static_cast<int64_t>(tensors.size()), error,
                       sizeof error);
  }
  std::string contents() {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  int64_t filesInFolder() {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
  }
};

float floats[] = {1, 2, 3, 4, 5, 6};
uint8_t byte = 9;
int64_t wide = -1;

} // namespace

TEST_F(Save, RoundTrip) {
  ASSERT_EQ(save({{{"u8", DLC_UINT8, 0, {}}, &byte},
                  {{"z", DLC_FLOAT32, 2, {3, 2}}, floats},
                  {{"a\"\\\n\xc3\xa9", DLC_FLOAT32, 1, {2}}, floats + 4},
                  {{"i64", DLC_INT64, 1, {1}}, &wide},
                  {{"none", DLC_FLOAT32, 1, {0}}, nullptr}}),
            DLC_OK)
      << error;
  EXPECT_EQ(filesInFolder(), 1);

  const Message message{error, sizeof error};
  Source source;
  Safetensors file;
  ASSERT_EQ(source.open(path.c_str(), message), DLC_OK);
  ASSERT_EQ(file.open(source, systemAllocator(), message), DLC_OK) << error;
  ASSERT_EQ(file.size(), 5);
  const FileTensor *z = file.find("z");
  ASSERT_NE(z, nullptr);
  EXPECT_EQ(z->shape[0], 3);
  float back[6];
  ASSERT_EQ(file.read(*z, back, message), DLC_OK);
  EXPECT_EQ(std::memcmp(back, floats, sizeof back), 0);
  ASSERT_NE(file.find("a\"\\\n\xc3\xa9"), nullptr);
  for (const FileTensor &tensor : file)
    EXPECT_EQ(tensor.begin % dlc_dtype_bytes(tensor.dtype), 0);
  EXPECT_EQ((8 + static_cast<unsigned char>(contents()[0]) +
             256 * static_cast<unsigned char>(contents()[1])) %
                64,
            0);
}

TEST_F(Save, OrderOfTheListDoesNotMatter) {
  const dlc_tensor a = {{"a", DLC_FLOAT32, 1, {2}}, floats},
                   b = {{"b", DLC_FLOAT32, 1, {2}}, floats + 2};
  ASSERT_EQ(save({a, b}), DLC_OK);
  const std::string first = contents();
  ASSERT_EQ(save({b, a}), DLC_OK);
  EXPECT_EQ(contents(), first);
}

TEST_F(Save, NoTensors) {
  ASSERT_EQ(save({}), DLC_OK);
  EXPECT_EQ(contents().substr(8, 2), "{}");
}

TEST_F(Save, LoadsIntoAModel) {
  float bias[] = {1, 1};
  ASSERT_EQ(save({{{"d/bias", DLC_FLOAT32, 1, {2}}, bias},
                  {{"d/kernel", DLC_FLOAT32, 2, {3, 2}}, floats}}),
            DLC_OK);
  toy::Instance toy;
  EXPECT_EQ(dlc_rt_load(toy.m, path.c_str()), DLC_OK) << dlc_rt_error(toy.m);
}

TEST_F(Save, BadTensors) {
  EXPECT_EQ(dlc_rt_save(nullptr, nullptr, 0, error, sizeof error), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_rt_save(path.c_str(), nullptr, 1, nullptr, 0), DLC_ERROR_ARGUMENT);
  auto expectError = [&](const dlc_tensor &tensor, const char *text) {
    EXPECT_EQ(save({tensor}), DLC_ERROR_ARGUMENT);
    EXPECT_THAT(error, HasSubstr(text));
  };
  expectError({{nullptr, DLC_FLOAT32, 1, {1}}, floats}, "a tensor has no name");
  expectError({{"a\xff", DLC_FLOAT32, 1, {1}}, floats}, "not UTF-8");
  expectError({{"__metadata__", DLC_FLOAT32, 1, {1}}, floats}, "keeps this name");
  expectError({{"a", 99, 1, {1}}, floats}, "its dtype is no dlc_dtype");
  expectError({{"a", DLC_FLOAT32, 9, {1}}, floats}, "its rank is not within");
  expectError({{"a", DLC_FLOAT32, 1, {-1}}, floats}, "a negative extent");
  expectError({{"a", DLC_FLOAT32, 2, {INT64_MAX, 2}}, floats}, "too large a product");
  expectError({{"a", DLC_FLOAT32, 1, {1}}, nullptr}, "its data are NULL");
  const dlc_tensor twice = {{"a", DLC_FLOAT32, 1, {1}}, floats};
  EXPECT_EQ(save({twice, twice}), DLC_ERROR_ARGUMENT);
  EXPECT_THAT(error, HasSubstr("tensor \"a\" is there twice"));
  EXPECT_EQ(filesInFolder(), 0);
}

TEST_F(Save, AFailureLeavesTheOldFile) {
  const dlc_tensor good = {{"a", DLC_FLOAT32, 1, {2}}, floats};
  ASSERT_EQ(save({good}), DLC_OK);
  const std::string before = contents();
  // The disk is full after 64 KiB.
  std::vector<float> large(1 << 20);
  const dlc_tensor bad = {{"b", DLC_FLOAT32, 1, {1 << 20}}, large.data()};
  rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small = {1 << 16, limit.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_EQ(save({good, bad}), DLC_ERROR_IO);
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_THAT(error, HasSubstr("w.safetensors: cannot be written: File too large"));
  EXPECT_EQ(contents(), before);
  EXPECT_EQ(filesInFolder(), 1);
}

// Left by a process of the same number that was killed while it saved.
TEST_F(Save, ForeignTemporaryFilesAreNoHindrance) {
  const std::string left = path + "." + std::to_string(getpid()) + ".0.tmp";
  std::ofstream(left) << "half a file";
  ASSERT_EQ(save({{{"a", DLC_FLOAT32, 1, {2}}, floats}}), DLC_OK) << error;
  EXPECT_THAT(contents(), HasSubstr("\"a\""));
  EXPECT_EQ(filesInFolder(), 2);
}

TEST_F(Save, NoSuchFolder) {
  path = folder / "none" / "w.safetensors";
  EXPECT_EQ(save({}), DLC_ERROR_IO);
  EXPECT_THAT(error, HasSubstr("No such file or directory; check the folder"));
}
