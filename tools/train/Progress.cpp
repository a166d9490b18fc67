//===- Progress.cpp - what a training run tells -------------------------------------===//

#include "tools/train/Progress.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

//===----------------------------------------------------------------------===//
// Log
//===----------------------------------------------------------------------===//

Expected<Log> Log::open(StringRef path, bool append) {
  Log log;
  log.path = path.str();
  if (path.empty())
    return log;
  std::error_code failure;
  log.file = std::make_unique<raw_fd_ostream>(
      path, failure, append ? sys::fs::OF_Append | sys::fs::OF_Text : sys::fs::OF_Text);
  if (failure) {
    log.file->clear_error();
    return cannotWrite("the log", path, failure.message(), "--log");
  }
  return log;
}

void Log::line(StringRef event, function_ref<void(json::OStream &)> fill) {
  if (!file || file->has_error())
    return;
  json::OStream json(*file);
  json.object([&] {
    json.attribute("event", event);
    fill(json);
  });
  json.flush();
  *file << "\n";
  file->flush();
}

Error Log::finish() {
  if (!file || !file->has_error())
    return Error::success();
  std::string reason = file->error().message();
  file->clear_error();
  return cannotWrite("the log", path, reason, "--log");
}

// JSON has no infinities.
static json::Value numberOf(double value) {
  return std::isfinite(value) ? json::Value(value) : json::Value(nullptr);
}

void train::writeRecord(json::OStream &json, const EpochRecord &record,
                        ArrayRef<std::string> metrics) {
  for (auto [name, value] : zip(metrics, record.training))
    json.attribute(name, numberOf(value));
  for (auto [name, value] : zip(metrics, record.validation))
    json.attribute("val_" + name, numberOf(value));
  json.attribute("learning_rate", numberOf(record.learningRate));
  json.attribute("seconds", numberOf(record.seconds));
}

//===----------------------------------------------------------------------===//
// Progress
//===----------------------------------------------------------------------===//

void Progress::begin(int64_t theEpoch, int64_t theEpochs, int64_t firstSample, int64_t theSamples) {
  epoch = theEpoch;
  epochs = theEpochs;
  first = firstSample;
  samples = theSamples;
  watch = Stopwatch();
  drawn = 0;
}

static std::string spellSeconds(double seconds) {
  std::string text;
  raw_string_ostream os(text);
  int64_t whole = std::llround(seconds);
  if (whole >= 3600)
    os << whole / 3600 << " h " << whole % 3600 / 60 << " min";
  else if (whole >= 60)
    os << whole / 60 << " min " << whole % 60 << " s";
  else
    os << format("%.1f s", seconds);
  return text;
}

void Progress::clear() {
  if (isDrawn)
    os << "\r\x1b[K";
  isDrawn = false;
}

void Progress::draw(int64_t done, double loss) {
  constexpr int kWidth = 24;
  double seconds = watch.seconds(), rate = (done - first) / std::max(seconds, 1e-9);
  int full = double(done) / samples * kWidth;
  clear();
  os << "epoch " << epoch << "/" << epochs << " [" << std::string(full, '=')
     << std::string(kWidth - full, ' ') << "] loss " << spellFigure(loss) << last
     << format("  %.0f samples/s  ", rate) << spellSeconds((samples - done) / std::max(rate, 1e-9))
     << " left";
  os.flush();
  isDrawn = true;
}

// Ten times a second are enough for eyes.
void Progress::step(int64_t done, double loss) {
  if (!hasBar || (watch.seconds() - drawn < 0.1 && drawn != 0))
    return;
  drawn = watch.seconds();
  draw(done, loss);
}

void Progress::end(const EpochRecord &record, bool isBest) {
  clear();
  double rate = (samples - first) / std::max(watch.seconds(), 1e-9);
  os << "epoch " << epoch << "/" << epochs;
  for (auto [name, value] : zip(metrics, record.training))
    os << "  " << name << " " << spellFigure(value);
  last.clear();
  for (auto [index, name] : enumerate(metrics)) {
    bool isValidated = !record.validation.empty();
    if (isValidated)
      os << "  val_" << name << " " << spellFigure(record.validation[index]);
    if (index > 0)
      last += "  " + std::string(isValidated ? "val_" : "") + name + " " +
              spellFigure((isValidated ? record.validation : record.training)[index]);
  }
  os << "  rate " << format("%.3g", record.learningRate) << format("  %.0f samples/s  ", rate)
     << spellSeconds(record.seconds) << (isBest ? "  best\n" : "\n");
  os.flush();
  log.line("epoch", [&](json::OStream &json) {
    json.attribute("epoch", epoch);
    writeRecord(json, record, metrics);
    json.attribute("samples_per_second", rate);
    json.attribute("best", isBest);
  });
}

void Progress::say(const Twine &text) {
  clear();
  os << text << "\n";
  os.flush();
}
