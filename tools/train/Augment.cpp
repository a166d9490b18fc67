//===- Augment.cpp - random changes of images while training ------------------------===//
//
// One table: each change is a row with its fields and a function. Names and defaults are those of
// Keras's layers; RandomCrop, ColorJitter and Grayscale those of torchvision's transforms.
//
//===------------------------------------------------------------------------------===//

#include "tools/train/Augment.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

using Values = ArrayRef<double>;

namespace {

struct AugmentField {
  StringRef name, fallback; ///< no fallback: required
  double low, high;
  StringRef choices = ""; ///< words with | between; the value is the word's index

  Expected<double> parse(StringRef type, StringRef text) const;
};

// Where the numbers of a call go: an image, and a copy of it as it was.
struct Canvas {
  const Image &image;
  std::vector<float> &scratch;

  Image before() const {
    scratch.assign(image.data, image.data + image.size());
    return {scratch.data(), image.height, image.width, image.channels, image.white};
  }
};

} // namespace

struct train::AugmentKind {
  StringRef name;
  std::vector<AugmentField> fields;
  void (*apply)(Canvas canvas, Values values, Counter &random);
};

//===----------------------------------------------------------------------===//
// Moving pixels
//===----------------------------------------------------------------------===//

// Indices of the words in the table.
static constexpr double kHorizontal = 0, kVertical = 1;

static void flip(Canvas canvas, Values values, Counter &random) {
  const Image &image = canvas.image;
  bool vertically = random.chance(0.5) && values[0] != kHorizontal;
  bool horizontally = random.chance(0.5) && values[0] != kVertical;
  if (vertically)
    for (int64_t row = 0; row < image.height / 2; ++row)
      std::swap_ranges(&image.at(row, 0, 0), &image.at(row, 0, 0) + image.width * image.channels,
                       &image.at(image.height - 1 - row, 0, 0));
  if (horizontally)
    for (int64_t row = 0; row < image.height; ++row)
      for (int64_t column = 0; column < image.width / 2; ++column)
        std::swap_ranges(&image.at(row, column, 0), &image.at(row, column, 0) + image.channels,
                         &image.at(row, image.width - 1 - column, 0));
}

// Zeros around the image, of which a part of its own size is cut.
static void crop(Canvas canvas, Values values, Counter &random) {
  const Image &image = canvas.image;
  Image before = canvas.before();
  int64_t padding = values[0];
  int64_t down = int64_t(random.below(2 * padding + 1)) - padding;
  int64_t right = int64_t(random.below(2 * padding + 1)) - padding;
  for (int64_t row = 0; row < image.height; ++row)
    for (int64_t column = 0; column < image.width; ++column) {
      int64_t i = row + down, j = column + right;
      bool inside = i >= 0 && i < image.height && j >= 0 && j < image.width;
      for (int64_t c = 0; c < image.channels; ++c)
        image.at(row, column, c) = inside ? before.at(i, j, c) : 0.0f;
    }
}

static constexpr int kConstant = 1, kNearest = 2;

// The index within [0, size) that stands for one outside, or -1 for nothing.
static int64_t indexFor(int64_t index, int64_t size, int fill) {
  if (index >= 0 && index < size)
    return index;
  if (fill == kConstant)
    return -1;
  if (fill == kNearest)
    return index < 0 ? 0 : size - 1;
  int64_t turn = ((index % (2 * size)) + 2 * size) % (2 * size);
  return turn < size ? turn : 2 * size - 1 - turn;
}

static float sample(const Image &image, double row, double column, int64_t channel, int fill) {
  double i = std::floor(row), j = std::floor(column), sum = 0;
  for (int di : {0, 1})
    for (int dj : {0, 1}) {
      double weight = (di ? row - i : 1 - (row - i)) * (dj ? column - j : 1 - (column - j));
      int64_t y = indexFor(int64_t(i) + di, image.height, fill);
      int64_t x = indexFor(int64_t(j) + dj, image.width, fill);
      if (weight > 0 && y >= 0 && x >= 0)
        sum += weight * image.at(y, x, channel);
    }
  return sum;
}

// Every pixel takes its value from where rotation about the centre and a shift lead.
static void warp(Canvas canvas, double angle, double down, double right, int fill) {
  const Image &image = canvas.image;
  Image before = canvas.before();
  double cosine = std::cos(angle), sine = std::sin(angle);
  double middleRow = (image.height - 1) / 2.0, middleColumn = (image.width - 1) / 2.0;
  for (int64_t row = 0; row < image.height; ++row)
    for (int64_t column = 0; column < image.width; ++column) {
      double y = row - middleRow, x = column - middleColumn;
      double fromRow = cosine * y + sine * x + middleRow - down;
      double fromColumn = cosine * x - sine * y + middleColumn - right;
      for (int64_t c = 0; c < image.channels; ++c)
        image.at(row, column, c) = sample(before, fromRow, fromColumn, c, fill);
    }
}

static void translate(Canvas canvas, Values values, Counter &random) {
  double down = random.uniform(-values[0], values[0]) * canvas.image.height;
  double right = random.uniform(-values[1], values[1]) * canvas.image.width;
  warp(canvas, 0, down, right, values[2]);
}

static void rotate(Canvas canvas, Values values, Counter &random) {
  constexpr double kTurn = 6.283185307179586;
  warp(canvas, kTurn * random.uniform(-values[0], values[0]), 0, 0, values[1]);
}

//===----------------------------------------------------------------------===//
// Changing colours
//===----------------------------------------------------------------------===//

// ITU-R BT.601's luma.
static float greyOf(const Image &image, int64_t pixel) {
  const float *at = image.data + pixel * image.channels;
  return image.channels == 3 ? 0.299f * at[0] + 0.587f * at[1] + 0.114f * at[2] : at[0];
}

static void blend(const Image &image, int64_t pixel, float other, float factor) {
  float *at = image.data + pixel * image.channels;
  for (int64_t c = 0; c < image.channels; ++c) {
    float value = other + factor * (at[c] - other);
    at[c] = std::isinf(image.white) ? value : std::clamp(value, 0.0f, float(image.white));
  }
}

static double factorFor(double strength, Counter &random) {
  return random.uniform(std::max(0.0, 1 - strength), 1 + strength);
}

// Brightness against black, contrast against the mean grey, saturation against the pixel's grey.
static void jitter(Canvas canvas, Values values, Counter &random) {
  const Image &image = canvas.image;
  int64_t pixels = image.height * image.width;
  double brightness = factorFor(values[0], random), contrast = factorFor(values[1], random),
         saturation = factorFor(values[2], random);
  double mean = 0;
  for (int64_t i = 0; i < pixels; ++i) {
    blend(image, i, 0, brightness);
    mean += greyOf(image, i);
  }
  mean /= pixels;
  for (int64_t i = 0; i < pixels; ++i) {
    blend(image, i, mean, contrast);
    blend(image, i, greyOf(image, i), saturation);
  }
}

static void makeGrey(Canvas canvas, Values values, Counter &random) {
  const Image &image = canvas.image;
  if (!random.chance(values[0]))
    return;
  for (int64_t i = 0, pixels = image.height * image.width; i < pixels; ++i)
    std::fill_n(image.data + i * image.channels, image.channels, greyOf(image, i));
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static const std::vector<AugmentKind> &kinds() {
  static const AugmentField fill{"fill_mode", "reflect", 0, 2, "reflect|constant|nearest"};
  static const std::vector<AugmentKind> table = {
      {"RandomFlip",
       {{"mode", "horizontal_and_vertical", 0, 2, "horizontal|vertical|horizontal_and_vertical"}},
       flip},
      {"RandomCrop", {{"padding", "", 1, 4096}}, crop},
      {"RandomTranslation",
       {{"height_factor", "", 0, 1}, {"width_factor", "", 0, 1}, fill},
       translate},
      {"RandomRotation", {{"factor", "", 0, 1}, fill}, rotate},
      {"ColorJitter",
       {{"brightness", "0", 0, 10}, {"contrast", "0", 0, 10}, {"saturation", "0", 0, 10}},
       jitter},
      {"Grayscale", {{"probability", "1", 0, 1}}, makeGrey}};
  return table;
}

Expected<double> AugmentField::parse(StringRef type, StringRef text) const {
  auto refuse = [&](const Twine &wanted) {
    return createStringError(type + ": \"" + name + "\" must be " + wanted + ", not " +
                             (text.empty() ? "missing" : printable(text)));
  };
  if (!choices.empty()) {
    SmallVector<StringRef> words;
    choices.split(words, '|');
    auto *found = find(words, text);
    if (found == words.end())
      return refuse("one of " + join(words, ", "));
    return found - words.begin();
  }
  double value;
  bool isWhole = name == "padding";
  if (text.getAsDouble(value) || !(value >= low && value <= high) ||
      (isWhole && value != std::floor(value)))
    return refuse(Twine(isWhole ? "an integer" : "a number") + " from " + Twine(int64_t(low)) +
                  " to " + Twine(int64_t(high)));
  return value;
}

Expected<AugmentText> AugmentText::parse(StringRef text) {
  AugmentText result;
  auto [type, rest] = text.split(':');
  result.type = type.str();
  while (!rest.empty()) {
    StringRef entry;
    std::tie(entry, rest) = rest.split(',');
    auto [name, value] = entry.split('=');
    if (name.empty() || value.empty())
      return createStringError("'" + printable(text) +
                               "' is no augmentation; write it like RandomCrop:padding=4");
    result.values.emplace_back(name.str(), value.str());
  }
  return result;
}

Error Augment::add(const AugmentText &text) {
  auto names = [](const auto &list) {
    return join(map_range(list, [](const auto &entry) { return entry.name; }), ", ");
  };
  auto kind = find_if(kinds(), [&](const AugmentKind &k) { return k.name == text.type; });
  if (kind == kinds().end())
    return createStringError("there is no augmentation \"" + printable(text.type) +
                             "\"; there are " + names(kinds()));
  for (const auto &[name, value] : text.values)
    if (none_of(kind->fields, [&, name = name](const AugmentField &f) { return f.name == name; }))
      return createStringError(kind->name + " has no field \"" + printable(name) + "\"; it has " +
                               names(kind->fields));
  Step step{&*kind, {}};
  for (const AugmentField &field : kind->fields) {
    auto given = find_if(text.values, [&](const auto &v) { return v.first == field.name; });
    Expected<double> value =
        field.parse(kind->name, given == text.values.end() ? field.fallback : given->second);
    if (!value)
      return value.takeError();
    step.values.push_back(*value);
  }
  steps.push_back(std::move(step));
  return Error::success();
}

void Augment::apply(const Image &image, Counter random, std::vector<float> &scratch) const {
  for (const Step &step : steps)
    step.kind->apply({image, scratch}, step.values, random);
}

std::string Augment::spell() const {
  std::string text;
  raw_string_ostream os(text);
  for (const Step &step : steps) {
    os << (text.empty() ? "" : " ") << step.kind->name;
    for (double value : step.values)
      os << " " << value;
  }
  return text;
}

std::string train::describeAugmentations() {
  std::string text;
  raw_string_ostream os(text);
  for (const AugmentKind &kind : kinds()) {
    os << "  " << kind.name << ": ";
    interleave(
        kind.fields, os,
        [&](const AugmentField &field) {
          os << field.name;
          if (!field.choices.empty())
            os << "=" << field.choices;
          if (!field.fallback.empty())
            os << " (" << field.fallback << ")";
        },
        ", ");
    os << "\n";
  }
  return text;
}
