//===- Progress.h - what a training run tells ---------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_PROGRESS_H
#define DLC_TOOLS_TRAIN_PROGRESS_H

#include "tools/common/Timing.h"
#include "tools/train/History.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>

namespace dlc::tools::train {

/// A file of JSON lines, each written at once.
class Log {
public:
  /// Appends where a run resumes, else begins anew. An empty path: a log that goes nowhere.
  static llvm::Expected<Log> open(llvm::StringRef path, bool append);
  /// `{"event": ..., ...}`; `fill` writes the rest. Does nothing after a failure.
  void line(llvm::StringRef event, llvm::function_ref<void(llvm::json::OStream &)> fill);
  /// Why lines were lost, if any were.
  llvm::Error finish();

private:
  std::unique_ptr<llvm::raw_fd_ostream> file;
  std::string path;
};

/// The figures of an epoch as members of the JSON object being written.
void writeRecord(llvm::json::OStream &json, const EpochRecord &record,
                 llvm::ArrayRef<std::string> metrics);

/// Prints a bar while an epoch runs (terminals only) and a line after it.
class Progress {
public:
  Progress(llvm::raw_ostream &os, bool hasBar, Log &log, std::vector<std::string> metrics)
      : os(os), hasBar(hasBar), log(log), metrics(std::move(metrics)) {}

  void begin(int64_t epoch, int64_t epochs, int64_t firstSample, int64_t samples);
  /// After a step: how many samples of the epoch are done, and their mean loss.
  void step(int64_t done, double loss);
  void end(const EpochRecord &record, bool isBest);
  /// A sentence between the lines.
  void say(const llvm::Twine &text);

private:
  void clear();
  void draw(int64_t done, double loss);

  llvm::raw_ostream &os;
  const bool hasBar;
  Log &log;
  const std::vector<std::string> metrics;
  int64_t epoch = 0, epochs = 0, first = 0, samples = 0;
  Stopwatch watch;
  double drawn = 0;
  bool isDrawn = false;
  std::string last; ///< figures of the epoch before, for the bar
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_PROGRESS_H
