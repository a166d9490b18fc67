//===-- LibraryTest.cpp - Libraries, as their users see them -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaleModel.h"

#include "compiler/emit/Link.h"
#include "runtime/dlc_runtime.h"

#include "llvm/Support/FileSystem.h"
#include "gmock/gmock.h"

#include <csignal>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>

using namespace llvm;
using namespace dlc::emit;
using namespace dlc::emit::test;
using testing::HasSubstr;
using testing::Not;

static const std::string source = DLC_TEST_SOURCE;
static const std::string tools = DLC_LLVM_TOOLS "/";
static const std::string strict = " -Wall -Wextra -Werror -pedantic ";

static Error emitScale(const std::string &folder, StringRef name = "scale") {
  LLVMContext context;
  Options options;
  options.outputDir = folder;
  return emitLibrary(scaleModel(context, name), options).takeError();
}

/// What any program around a scale model prints.
static const std::string expected = "scale 3 scale/w 1280: 1 2 3 4 2 6 12 20\n";

TEST(EmitLibrary, SharedLibraryRuns) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitScale(folder.path)), "");
  EXPECT_EQ(shell(tools + "clang -std=c99" + strict + "-I" + folder.path + " " + source +
                  "/UseScale.c -L" + folder.path + " -lscale -Wl,-rpath," + folder.path + " -o " +
                  folder / "use" + " && " + folder / "use"),
            expected);
}

TEST(EmitLibrary, ArchiveRuns) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitScale(folder.path)), "");
  EXPECT_EQ(shell(tools + "clang -std=c99" + strict + "-I" + folder.path + " " + source +
                  "/UseScale.c " + folder / "libscale.a" + " -lm -lpthread -o " + folder / "use" +
                  " && " + folder / "use"),
            expected);
}

TEST(EmitLibrary, HeaderIsCleanCxx) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitScale(folder.path)), "");
  for (const char *dialect : {"c++11", "c++20"})
    EXPECT_EQ(shell(tools + "clang++ -fsyntax-only -std=" + dialect + strict + "-x c++ " +
                    folder / "scale.h" + " -Wno-pragma-once-outside-header -Wno-unused-function"),
              "");
}

TEST(EmitLibrary, ExportsOnlyWhatIsDocumented) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitScale(folder.path)), "");
  const std::string functions = "scale_create\nscale_destroy\nscale_error\nscale_forward\n"
                                "scale_info\nscale_load\nscale_load_memory\nscale_save_prepared\n";
  EXPECT_EQ(shell(tools + "llvm-nm -D -j --defined-only " + folder / "libscale.so"),
            "dlc_model_entry\n" + functions + "scale_variant\n");
  // The other global symbols are hidden and named for the model.
  std::string symbols = shell(tools + "llvm-readelf -s " + folder / "libscale.a" +
                              " | awk '$5 == \"GLOBAL\" && $7 != \"UND\" {print $6, $8}' | sort");
  EXPECT_EQ(shell("echo '" + symbols + "' | sed -n 's/^DEFAULT //p'"),
            functions + "scale_variant\n");
  EXPECT_EQ(shell("echo '" + symbols + "' | grep '^HIDDEN' | grep -v '^HIDDEN scale[._]'"),
            "exit 1");
}

TEST(EmitLibrary, NeedsTheCLibraryOnly) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitScale(folder.path)), "");
  std::string dynamic = shell(tools + "llvm-readelf -d -l -V " + folder / "libscale.so");
  EXPECT_THAT(dynamic, HasSubstr("[libc.so.6]"));
  EXPECT_THAT(dynamic, HasSubstr("[libscale.so]"));
  EXPECT_THAT(dynamic, Not(HasSubstr("libm.so")));
  EXPECT_THAT(dynamic, HasSubstr("GNU_RELRO"));
  EXPECT_THAT(dynamic, HasSubstr("NOW"));
  EXPECT_THAT(dynamic, HasSubstr("GLIBC_2.14")) << "memcpy has its version";
}

TEST(EmitLibrary, BytesAreTheSameTwice) {
  TemporaryFolder a, b;
  ASSERT_EQ(toString(emitScale(a.path)), "");
  ASSERT_EQ(toString(emitScale(b.path)), "");
  for (const char *file : {"libscale.so", "libscale.a", "scale.h", "dlc_runtime.h"}) {
    std::string bytes = readFile(a / file);
    EXPECT_FALSE(bytes.empty()) << file;
    EXPECT_TRUE(bytes == readFile(b / file)) << file;
  }
}

TEST(EmitLibrary, TwoModelsLiveInOneProgram) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitScale(folder.path)), "");
  ASSERT_EQ(toString(emitScale(folder.path, "other")), "");
  EXPECT_EQ(shell(tools + "clang -std=c99" + strict + "-I" + folder.path + " " + source +
                  "/TwoModels.c " + folder / "libscale.a" + " " + folder / "libother.a" +
                  " -lm -lpthread -o " + folder / "use" + " && " + folder / "use"),
            "scale other\n");
}

TEST(EmitLibrary, ReplacesFilesAndMakesFolders) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitScale(folder / "a/b")), "");
  ASSERT_EQ(toString(emitScale(folder / "a/b")), "");
  EXPECT_EQ(shell("ls -A " + folder / "a/b"), "dlc_runtime.h\nlibscale.a\nlibscale.so\nscale.h\n");
}

TEST(EmitLibrary, TakesRelativeFolders) {
  TemporaryFolder folder;
  SmallString<128> before;
  ASSERT_FALSE(sys::fs::current_path(before));
  ASSERT_FALSE(sys::fs::set_current_path(folder.path));
  ASSERT_EQ(toString(emitScale("here")), "");
  ASSERT_EQ(toString(emitScale(".")), "");
  ASSERT_FALSE(sys::fs::set_current_path(before));
  EXPECT_EQ(shell("ls -A " + folder.path),
            "dlc_runtime.h\nhere\nlibscale.a\nlibscale.so\nscale.h\n");
}

TEST(EmitLibrary, ToolsFindTheEntryByName) {
  TemporaryFolder folder;
  ASSERT_EQ(toString(emitScale(folder.path)), "");
  void *library = dlopen((folder / "libscale.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  auto getEntry = reinterpret_cast<dlc_model_entry_fn>(dlsym(library, "dlc_model_entry"));
  ASSERT_NE(getEntry, nullptr);
  const dlc_entry *entry = getEntry();
  EXPECT_EQ(entry->size, sizeof(dlc_entry));
  EXPECT_EQ(entry->version, uint64_t(DLC_RUNTIME_VERSION));
  const dlc_model_info *info = entry->info();
  EXPECT_EQ(info->size, sizeof(dlc_model_info));
  EXPECT_EQ(info->static_batch, 0);
  ASSERT_EQ(info->num_inputs, 1);
  EXPECT_STREQ(info->inputs[0].name, "image");
  EXPECT_EQ(info->inputs[0].rank, 2);
  EXPECT_EQ(info->inputs[0].shape[0], -1);
  EXPECT_EQ(info->inputs[0].shape[1], 4);
  EXPECT_EQ(info->inputs[0].shape[2], 0);
  EXPECT_STREQ(info->variants[2], "x86-64");
  dlc_model *model = nullptr;
  ASSERT_EQ(entry->create(nullptr, &model), DLC_OK);
  EXPECT_EQ(entry->load(model, "/nowhere"), DLC_ERROR_IO);
  EXPECT_THAT(entry->error(model), HasSubstr("/nowhere"));
  entry->destroy(model);
  dlclose(library);
}

TEST(EmitLibrary, LeavesNothingBehindAfterAFailure) {
  TemporaryFolder folder;
  LLVMContext context;
  Model model = scaleModel(context, "scale");
  model.variants[1].module->getFunction("forward")->setName("backward");
  Options options;
  options.outputDir = folder / "new/one";
  Error error = emitLibrary(std::move(model), options).takeError();
  EXPECT_TRUE(error.isA<Fault>());
  EXPECT_EQ(toString(std::move(error)), "CPU variant \"x86-64-v3\" does not define "
                                        "@forward(ptr, i64, ptr, ptr, ptr, ptr)");
  EXPECT_EQ(shell("ls -A " + folder.path), "");
}

TEST(EmitLibrary, SaysWhyItCannotWrite) {
  TemporaryFolder folder;
  shell("touch " + folder / "file; mkdir " + folder / "scale.h");
  std::string message = toString(emitScale(folder / "file/sub"));
  EXPECT_THAT(message, HasSubstr("Not a directory; choose another output folder"));
  EXPECT_THAT(toString(emitScale(folder.path)), HasSubstr("scale.h\": Is a directory"));
  EXPECT_EQ(shell("ls -A " + folder.path), "file\nscale.h\n");
}

TEST(EmitLibrary, SaysWhatIsMissingOfDlc) {
  TemporaryFolder folder;
  LLVMContext context;
  Options options;
  options.outputDir = folder.path;
  options.resourceDir = folder / "nowhere";
  EXPECT_THAT(toString(emitLibrary(scaleModel(context, "scale"), options).takeError()),
              HasSubstr("runtime-x86_64.bc\"; reinstall dlc"));
}

TEST(EmitLibrary, CodeThatCallsTheUnknownIsAFault) {
  TemporaryFolder folder;
  LLVMContext context;
  Model model = scaleModel(context, "scale");
  for (Variant &variant : model.variants)
    variant.module->getFunction("dlc_rt_parallel_for")->setName("mystery");
  Options options;
  options.outputDir = folder.path;
  Error error = emitLibrary(std::move(model), options).takeError();
  EXPECT_TRUE(error.isA<Fault>());
  EXPECT_THAT(toString(std::move(error)), HasSubstr("undefined symbol: mystery"));
}

TEST(EmitStages, EachVariantIsCompiledForItsCpu) {
  LLVMContext context;
  std::string text;
  raw_string_ostream os(text);
  ASSERT_EQ(toString(emitLlvm(scaleModel(context, "scale"), {}, os)), "");
  EXPECT_THAT(text, HasSubstr("@scale.forward.x86_64_v4("));
  EXPECT_THAT(text, HasSubstr("@kernel.x86_64_v3("));
  EXPECT_THAT(text, HasSubstr("\"prefer-vector-width\"=\"512\" \"target-cpu\"=\"x86-64-v4\""));
  text.clear();
  ASSERT_EQ(toString(emitAssembly(scaleModel(context, "scale"), {}, os)), "");
  EXPECT_THAT(text, HasSubstr("kernel.x86_64_v4:"));
  EXPECT_THAT(text, HasSubstr("vfmadd"));
  EXPECT_THAT(text, HasSubstr("scale_create:"));
}

static std::vector<std::string> filesOf(const std::string &folder) {
  std::vector<std::string> files;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path().filename().string());
  return files;
}

static Expected<Library> emitWithWeights(const std::string &folder, const std::string &weights) {
  LLVMContext context;
  Options options;
  options.outputDir = folder;
  options.weights = weights;
  return emitLibrary(scaleModel(context, "scale"), options);
}

TEST(EmitLibrary, CopiesTheWeights) {
  TemporaryFolder folder;
  std::ofstream(folder / "w") << "weights";
  for (const std::string &weights : {folder / "w", folder / "scale.safetensors"}) {
    Expected<Library> library = emitWithWeights(folder.path, weights);
    ASSERT_TRUE(static_cast<bool>(library)) << toString(library.takeError());
    EXPECT_EQ(library->weights, folder / "scale.safetensors");
    EXPECT_EQ(readFile(library->weights), "weights");
  }
}

TEST(EmitLibrary, WritesNothingWithoutTheWeights) {
  TemporaryFolder folder;
  EXPECT_THAT(toString(emitWithWeights(folder.path, folder / "gone").takeError()),
              HasSubstr("cannot copy the weights"));
  EXPECT_THAT(filesOf(folder.path), testing::IsEmpty());
  // Nor where the weights alone cannot go to their place.
  std::filesystem::create_directory(folder / "scale.safetensors");
  std::ofstream(folder / "w") << "weights";
  EXPECT_THAT(toString(emitWithWeights(folder.path, folder / "w").takeError()),
              HasSubstr("directory"));
  EXPECT_THAT(filesOf(folder.path), testing::UnorderedElementsAre("w", "scale.safetensors"));
}

namespace {

/// As a disk that is full after so many bytes of a file.
class FileLimit {
public:
  explicit FileLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit limit = {bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { setrlimit(RLIMIT_FSIZE, &before); }

private:
  rlimit before;
};

} // namespace

TEST(EmitLibrary, AFullDiskIsNoFaultAndLeavesNothing) {
  TemporaryFolder whole;
  ASSERT_EQ(toString(emitScale(whole.path)), "");
  uint64_t largest = 0;
  for (const std::string &file : filesOf(whole.path))
    largest = std::max<uint64_t>(largest, std::filesystem::file_size(whole / file));
  // The archive, its object, a part of that, a header.
  for (uint64_t bytes : {largest - 1, largest - largest / 50, largest / 2, uint64_t{1000}}) {
    TemporaryFolder folder;
    std::string message;
    {
      FileLimit limit(bytes);
      Error error = emitScale(folder.path);
      EXPECT_FALSE(error.isA<Fault>()) << bytes;
      message = toString(std::move(error));
    }
    EXPECT_THAT(message, HasSubstr("File too large")) << bytes;
    EXPECT_THAT(filesOf(folder.path), testing::IsEmpty()) << bytes;
  }
}

/// The object of the scale model in `path`.
static void writeObject(const std::string &path) {
  LLVMContext context;
  std::error_code code;
  raw_fd_ostream os(path, code);
  ASSERT_EQ(toString(emitObject(scaleModel(context, "scale"), Options(), os)), "");
}

TEST(EmitLink, AnUnwritableOutputIsNoFault) {
  TemporaryFolder folder;
  writeObject(folder / "a.o");
  Error error = linkObjects({folder / "a.o"}, folder / "gone/x.o");
  EXPECT_FALSE(error.isA<Fault>());
  EXPECT_EQ(toString(std::move(error)), "cannot write \"" + folder / "gone/x.o" +
                                            "\": No such file or directory; choose another "
                                            "output folder or free this one");
  {
    FileLimit limit(1000);
    error = linkObjects({folder / "a.o"}, folder / "x.o");
  }
  EXPECT_FALSE(error.isA<Fault>());
  EXPECT_THAT(toString(std::move(error)), HasSubstr("x.o\": File too large; choose"));
}

TEST(EmitLink, AnythingElseIsAFault) {
  TemporaryFolder folder;
  std::ofstream(folder / "bad.o") << "no object";
  Error error = linkObjects({folder / "bad.o"}, folder / "x.o");
  EXPECT_TRUE(error.isA<Fault>());
  EXPECT_THAT(toString(std::move(error)), HasSubstr("cannot link x.o: "));
}
