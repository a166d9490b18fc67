//===- ReadCifar.cpp - the binary version of CIFAR-10 and CIFAR-100 -----------------===//
//
// Records as A. Krizhevsky's page of the data sets describes them: a label (CIFAR-100: coarse, then
// fine), then 1024 red, 1024 green and 1024 blue values, row by row.
//
//===------------------------------------------------------------------------------===//

#include "runtime/dlc_runtime.h"
#include "tools/common/Errors.h"
#include "tools/train/DataSet.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

static constexpr size_t kPixels = 32 * 32, kImage = 3 * kPixels;

namespace {

struct Layout {
  size_t labels, classes; ///< labels of a record; the last one counts
  size_t record() const { return labels + kImage; }
};

} // namespace

static constexpr Layout kLayouts[] = {{1, 10}, {2, 100}};

static bool fits(StringRef content, const Layout &layout) {
  if (content.empty() || content.size() % layout.record())
    return false;
  for (size_t at = 0; at < content.size(); at += layout.record())
    if (uint8_t(content[at + layout.labels - 1]) >= layout.classes)
      return false;
  return true;
}

// The first sample of CIFAR-10 whose label is none, or -1 if the file has no whole records.
static Error explain(StringRef content, StringRef file) {
  for (const Layout &layout : kLayouts) {
    if (content.empty() || content.size() % layout.record())
      continue;
    for (size_t at = 0, sample = 0; at < content.size(); at += layout.record(), ++sample)
      if (uint8_t label = content[at + layout.labels - 1]; label >= layout.classes)
        return inputError(file, "sample " + Twine(sample) + " has the label " + Twine(int(label)) +
                                    "; CIFAR-" + Twine(layout.classes) + " has labels below " +
                                    Twine(layout.classes));
  }
  return inputError(file, "not a CIFAR binary, or cut off: its " + Twine(content.size()) +
                              " bytes are no whole number of records (CIFAR-10: 3073 bytes, "
                              "CIFAR-100: 3074)");
}

Expected<train::DataSet> train::parseCifar(ArrayRef<StringRef> contents,
                                           ArrayRef<std::string> files) {
  const Layout *layout = find_if(kLayouts, [&](const Layout &l) {
    return all_of(contents, [&](StringRef c) { return fits(c, l); });
  });
  if (layout == std::end(kLayouts)) {
    for (auto [content, file] : zip_equal(contents, files))
      if (none_of(kLayouts, [&, content = content](const Layout &l) { return fits(content, l); }))
        return explain(content, file);
    return inputError(files.front(), "CIFAR-10 and CIFAR-100 files cannot be mixed");
  }
  int64_t samples = 0;
  for (StringRef content : contents)
    samples += content.size() / layout->record();
  Expected<Array> images = arrayOf(files.front(), DLC_UINT8, {samples, 32, 32, 3});
  if (!images)
    return images.takeError();
  Expected<Array> labels = arrayOf(files.front(), DLC_UINT8, {samples});
  if (!labels)
    return labels.takeError();
  char *image = images->begin(), *label = labels->begin();
  for (StringRef content : contents)
    for (size_t at = 0; at < content.size(); at += layout->record(), image += kImage) {
      *label++ = content[at + layout->labels - 1];
      const char *planes = content.data() + at + layout->labels;
      for (size_t i = 0; i < kImage; ++i)
        image[i] = planes[i % 3 * kPixels + i / 3];
    }
  DataSet data;
  data.inputs.push_back(std::move(*images));
  data.targets.push_back(std::move(*labels));
  if (layout->classes == 10)
    data.classes = {"airplane", "automobile", "bird",  "cat",  "deer",
                    "dog",      "frog",       "horse", "ship", "truck"};
  return data;
}
