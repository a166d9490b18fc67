//===- ReadImages.cpp - a folder of images for each class ---------------------------===//

#include "runtime/dlc_runtime.h"
#include "tools/common/Errors.h"
#include "tools/train/DataSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <climits>

#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_FAILURE_STRINGS
#define STBI_MAX_DIMENSIONS (1 << 15)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#include <stb_image.h>
#pragma clang diagnostic pop

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

namespace {

struct ImageFile {
  std::string path;
  int32_t label;
  int width = 0, height = 0;
  bool hasColour = false;
};

} // namespace

static bool isImage(StringRef path) {
  StringRef end = sys::path::extension(path);
  return end.equals_insensitive(".png") || end.equals_insensitive(".jpg") ||
         end.equals_insensitive(".jpeg");
}

// The entries of a folder by name, so that labels and order are the same everywhere.
static Expected<std::vector<std::string>> listFolder(StringRef folder, bool folders) {
  std::vector<std::string> paths;
  std::error_code failure;
  for (sys::fs::directory_iterator entry(folder, failure), end; entry != end && !failure;
       entry.increment(failure))
    if (StringRef name = sys::path::filename(entry->path()); !name.starts_with("."))
      if (sys::fs::is_directory(entry->path()) == folders && (folders || isImage(name)))
        paths.push_back(entry->path());
  if (failure)
    return inputError(folder, "cannot read it: " + failure.message());
  llvm::sort(paths);
  return paths;
}

static bool fitsInt(size_t size) { return size <= INT_MAX; }

// The sizes of all images are known before memory for them is asked for.
static Error readSize(ImageFile &file, const ImageFile &first) {
  Expected<std::unique_ptr<MemoryBuffer>> content = readFile(file.path);
  if (!content)
    return content.takeError();
  StringRef bytes = (*content)->getBuffer();
  int channels = 0;
  if (!fitsInt(bytes.size()) ||
      !stbi_info_from_memory(reinterpret_cast<const stbi_uc *>(bytes.data()), bytes.size(),
                             &file.width, &file.height, &channels))
    return inputError(file.path, "not a PNG or JPEG image that can be read");
  file.hasColour = channels >= 3;
  if (first.width && (file.width != first.width || file.height != first.height))
    return inputError(file.path, "an image of " + Twine(file.width) + "x" + Twine(file.height) +
                                     " pixels, where '" + first.path + "' has " +
                                     Twine(first.width) + "x" + Twine(first.height) +
                                     "; all images of a data set must have one size");
  return Error::success();
}

static Error decode(const ImageFile &file, int channels, char *to) {
  Expected<std::unique_ptr<MemoryBuffer>> content = readFile(file.path);
  if (!content)
    return content.takeError();
  StringRef bytes = (*content)->getBuffer();
  int width, height, found;
  stbi_uc *pixels = fitsInt(bytes.size())
                        ? stbi_load_from_memory(reinterpret_cast<const stbi_uc *>(bytes.data()),
                                                bytes.size(), &width, &height, &found, channels)
                        : nullptr;
  if (!pixels || width != file.width || height != file.height) {
    stbi_image_free(pixels);
    return inputError(file.path, "the image is damaged or cut off");
  }
  std::copy_n(pixels, size_t(width) * height * channels, to);
  stbi_image_free(pixels);
  return Error::success();
}

static Expected<std::vector<ImageFile>> listImages(StringRef folder,
                                                   std::vector<std::string> &classes) {
  Expected<std::vector<std::string>> folders = listFolder(folder, /*folders=*/true);
  if (!folders)
    return folders.takeError();
  std::vector<ImageFile> images;
  for (const std::string &path : *folders) {
    Expected<std::vector<std::string>> files = listFolder(path, /*folders=*/false);
    if (!files)
      return files.takeError();
    if (files->empty())
      return inputError(path, "no PNG or JPEG image is in the folder of this class");
    for (const std::string &file : *files)
      images.push_back({file, int32_t(classes.size())});
    classes.push_back(sys::path::filename(path).str());
  }
  if (images.empty())
    return inputError(folder, "the data set is empty: a folder of images needs one folder of PNG "
                              "or JPEG files for each class");
  return images;
}

Expected<DataSet> train::readImageFolder(StringRef folder) {
  DataSet data;
  Expected<std::vector<ImageFile>> files = listImages(folder, data.classes);
  if (!files)
    return files.takeError();
  for (ImageFile &file : *files)
    if (Error error = readSize(file, files->front()))
      return error;
  int channels = any_of(*files, [](const ImageFile &file) { return file.hasColour; }) ? 3 : 1;
  const ImageFile &first = files->front();
  int64_t samples = files->size();
  Expected<Array> images =
      arrayOf(folder, DLC_UINT8, {samples, first.height, first.width, channels});
  if (!images)
    return images.takeError();
  Expected<Array> labels = arrayOf(folder, DLC_INT32, {samples});
  if (!labels)
    return labels.takeError();
  size_t bytes = size_t(first.height) * first.width * channels;
  for (auto [index, file] : enumerate(*files)) {
    if (Error error = decode(file, channels, images->begin() + index * bytes))
      return error;
    reinterpret_cast<int32_t *>(labels->begin())[index] = file.label;
  }
  data.inputs.push_back(std::move(*images));
  data.targets.push_back(std::move(*labels));
  return data;
}
