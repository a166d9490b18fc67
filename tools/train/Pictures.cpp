//===- Pictures.cpp - learning curves and confusion matrices ------------------------===//

#include "tools/train/Pictures.h"
#include "tools/common/Library.h"
#include "tools/common/Picture.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

static constexpr StringLiteral kStyle = R"css(
svg { background: #ffffff; font: 13px system-ui, "DejaVu Sans", sans-serif; }
.label { fill: #667085; } .strong { fill: #1c2330; font-weight: 600; } .inverse { fill: #ffffff; }
.grid { stroke: #e9ecf1; } polyline { fill: none; }
.training, .validation { stroke-width: 2.2; }
.training { stroke: #2f6fde; } .validation { stroke: #d9730d; } .cell { fill: #2f6fde; }
)css";

//===----------------------------------------------------------------------===//
// Learning curves
//===----------------------------------------------------------------------===//

static constexpr double kPanel = 300;

namespace {

struct Curve {
  std::string name, style;
  std::vector<double> values;
};

} // namespace

static std::vector<Curve> curvesOf(const History &history, size_t metric, StringRef name) {
  Curve training{name.str(), "training", {}}, validation{("val_" + name).str(), "validation", {}};
  for (const EpochRecord &record : history) {
    training.values.push_back(record.training[metric]);
    if (!record.validation.empty())
      validation.values.push_back(record.validation[metric]);
  }
  if (validation.values.empty())
    return {training};
  return {training, validation};
}

// 1, 2 or 5 times a power of ten, so that a range gets at least three lines.
static double stepOf(double range) {
  double decade = std::pow(10, std::floor(std::log10(range / 3)));
  for (double step : {5 * decade, 2 * decade})
    if (step <= range / 3)
      return step;
  return decade;
}

static void drawGrid(Picture &picture, const Scale &x, const Scale &y, size_t epochs) {
  double range = y.high - y.low, step = stepOf(range);
  for (double k = std::ceil(y.low / step); k * step <= y.high; ++k) {
    picture.line(x.from, y(k * step), x.to, y(k * step), "grid");
    std::string text;
    raw_string_ostream(text) << format("%.6g", k * step + 0.0); // no -0
    picture.text(x.from - 8, y(k * step) + 4, "end", text);
  }
  size_t stride = std::max<size_t>(1, (epochs + 11) / 12);
  for (size_t epoch = 1; epoch <= epochs; epoch += stride)
    picture.text(x(epoch), y.from + 20, "middle", Twine(epoch));
  picture.text((x.from + x.to) / 2, y.from + 40, "middle", "epoch");
}

static void drawPanel(Picture &picture, double top, ArrayRef<Curve> curves, size_t epochs) {
  double low = INFINITY, high = -INFINITY;
  for (const Curve &curve : curves)
    for (double value : curve.values)
      if (std::isfinite(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
  if (!(low <= high))
    return;
  double room = std::max((high - low) * 0.06, std::max(std::abs(high), 1e-6) * 1e-3);
  // Most figures cannot be below 0.
  double bottom = low >= 0 ? std::max(low - room, 0.0) : low - room;
  Scale y{bottom, high + room, top + kPanel - 50, top + 24, false};
  Scale x{1, double(std::max<size_t>(epochs, 2)), 80, Picture::kWidth - 130, false};
  drawGrid(picture, x, y, epochs);
  double nameRow = y.to + 10;
  for (const Curve &curve : curves) {
    std::vector<std::pair<double, double>> points;
    for (auto [index, value] : enumerate(curve.values))
      if (std::isfinite(value))
        points.emplace_back(x(index + 1), y(value));
    picture.lines(points, curve.style);
    picture.line(x.to + 12, nameRow - 4, x.to + 26, nameRow - 4, curve.style);
    picture.text(x.to + 32, nameRow, "start", curve.name, "strong");
    nameRow += 20;
  }
}

void train::drawCurves(raw_ostream &os, const History &history, ArrayRef<std::string> metrics) {
  Picture picture(os, kPanel * metrics.size(), "Learning curves", kStyle);
  for (auto [index, name] : enumerate(metrics))
    drawPanel(picture, kPanel * index, curvesOf(history, index, name), history.size());
}

//===----------------------------------------------------------------------===//
// Confusion
//===----------------------------------------------------------------------===//

namespace {

// Which output and target tell a class.
struct Classes {
  size_t output;
  int64_t count;
  bool areLabels; ///< else one-hot
};

} // namespace

static std::optional<Classes> classesOf(const Signature &signature) {
  const dlc_tensor_info &target = signature.targets.front();
  int64_t count = signature.classesOf(target);
  bool areLabels = target.dtype == DLC_INT32 && elementsPerSample(target) == 1;
  bool areOneHot = target.dtype == DLC_FLOAT32 && elementsPerSample(target) == count;
  for (auto [index, output] : enumerate(signature.outputs))
    if (StringRef(output.name) == target.name && output.dtype == DLC_FLOAT32 &&
        elementsPerSample(output) == count && count > 1 && (areLabels || areOneHot))
      return Classes{index, count, areLabels};
  return std::nullopt;
}

static int64_t largest(const float *values, int64_t count) {
  return std::max_element(values, values + count) - values;
}

Expected<std::optional<Confusion>> train::confusionOf(Network &network, const View &view,
                                                      int64_t batchSize) {
  Signature signature = network.signature();
  std::optional<Classes> classes = classesOf(signature);
  if (!classes)
    return std::nullopt;
  Expected<Batches> batches = Batches::make(signature, batchSize);
  if (!batches)
    return batches.takeError();
  Expected<std::vector<Array>> outputs = makeArrays(signature.outputs, batchSize);
  if (!outputs)
    return outputs.takeError();
  std::vector<dlc_out> to;
  for (Array &array : *outputs)
    to.push_back({array.begin(), array.dtype});
  int64_t count = classes->count;
  Confusion confusion{count, std::vector<int64_t>(count * count)};
  const float *scores = reinterpret_cast<const float *>((*outputs)[classes->output].begin());
  for (int64_t first = 0; first < view.size(); first += batchSize) {
    ArrayRef<int64_t> chosen = view.slice(first, std::min(batchSize, view.size() - first));
    batches->fill(*view.samples, chosen);
    if (Error error = network.forward(chosen.size(), batches->getInputs(), to))
      return error;
    const void *targets = batches->getTargets().front().data;
    for (size_t i = 0; i < chosen.size(); ++i) {
      int64_t actual = classes->areLabels
                           ? static_cast<const int32_t *>(targets)[i]
                           : largest(static_cast<const float *>(targets) + i * count, count);
      ++confusion.at(actual, largest(scores + i * count, count));
    }
  }
  return confusion;
}

// As much of a name as there is room for; the tips tell all of it.
static std::string shortened(std::string name, double room) {
  constexpr double kLetter = 7.6;
  size_t most = std::max<size_t>(2, room / kLetter);
  if (name.size() <= most)
    return name;
  for (--most; most && (name[most] & 0xc0) == 0x80;)
    --most; // not within a character
  return name.substr(0, most) + "\u2026";
}

// Names stand for classes as far as there is room for them.
void train::drawConfusion(raw_ostream &os, const Confusion &confusion,
                          ArrayRef<std::string> classes) {
  constexpr double kSide = 760, kLeft = 170, kTop = 60;
  constexpr double kLine = 14, kColumn = 30; // what a name needs
  constexpr int64_t kMostNumbers = 24;
  int64_t count = confusion.classes;
  double cell = kSide / count;
  int64_t rowStep = std::ceil(kLine / cell), columnStep = std::ceil(kColumn / cell);
  auto nameOf = [&](int64_t i) {
    return size_t(i) < classes.size() ? classes[i] : std::to_string(i);
  };
  Picture picture(os, kTop + kSide + 70, "Confusion matrix", kStyle);
  for (int64_t actual = 0; actual < count; ++actual) {
    int64_t total = 0;
    for (int64_t i = 0; i < count; ++i)
      total += confusion.at(actual, i);
    double y = kTop + cell * actual;
    if (actual % rowStep == 0)
      picture.text(kLeft - 10, y + cell / 2 + 4, "end", shortened(nameOf(actual), kLeft - 10));
    for (int64_t predicted = 0; predicted < count; ++predicted) {
      int64_t samples = confusion.at(actual, predicted);
      double share = total ? double(samples) / total : 0, x = kLeft + cell * predicted;
      picture.rect(x, y, cell, cell, "cell",
                   nameOf(actual) + " taken for " + nameOf(predicted) + ": " + Twine(samples),
                   0.04 + 0.96 * share);
      if (count <= kMostNumbers && samples)
        picture.text(x + cell / 2, y + cell / 2 + 4, "middle", Twine(samples),
                     share > 0.5 ? "inverse" : "label");
    }
  }
  for (int64_t i = 0; i < count; i += columnStep)
    picture.text(kLeft + cell * (i + 0.5), kTop + kSide + 20, "middle",
                 shortened(nameOf(i), cell * columnStep));
  picture.text(kLeft + kSide / 2, kTop + kSide + 48, "middle", "predicted", "strong");
  picture.text(kLeft, kTop - 20, "start", "actual classes by row; shades are shares of a row",
               "strong");
}
