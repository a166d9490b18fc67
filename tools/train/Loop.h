//===- Loop.h - the training loop ---------------------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_LOOP_H
#define DLC_TOOLS_TRAIN_LOOP_H

#include "tools/train/Checkpoint.h"
#include "tools/train/Interrupts.h"
#include "tools/train/JointStep.h"
#include "tools/train/Progress.h"

namespace dlc::tools::train {

/// How to train; what the model's "train" section and the command line say.
struct Settings {
  int64_t epochs = 10, batchSize = 32;
  std::string optimizer; ///< its type and form, which say what a state means
  double validationSplit = 0;
  bool shuffle = true;
  int64_t seed = 0;
  Augment augment;
  EarlyStopping stopping;
  int64_t shards = 1;           ///< parts that a batch is cut into
  bool joinsStatistics = false; ///< those of all processes, which have one shard each then

  /// Samples that a network gets at once.
  int64_t shardSize() const { return (batchSize + shards - 1) / shards; }
};

/// What a run reads and writes.
struct Places {
  std::string weights;           ///< of the best epoch; empty: not kept
  std::string checkpoint;        ///< the folder
  bool keepsCheckpoints = false; ///< after each epoch, not when interrupted only
  bool resumes = false;
};

enum class End {
  Finished,    ///< all epochs
  Stopped,     ///< early
  Interrupted, ///< and saved
};

struct Result {
  End end = End::Finished;
  History history;
  size_t best = 0; ///< an index into history; no meaning if that is empty
};

/// Trains on the samples of one view, measures on another's after each epoch (on its own, where
/// that is empty), and keeps the weights of the best epoch. The processes of a group share the
/// work; the first one writes.
class Trainer {
public:
  Trainer(Network &network, const Settings &settings, const Places &places, const View &training,
          const View &validation, Progress &progress, Group &group)
      : network(network), settings(settings), places(places), training(training),
        validation(validation), progress(progress), group(group) {}

  llvm::Expected<Result> run();

private:
  Identity identity() const;
  llvm::Error begin();
  llvm::Error checkAgreement();
  llvm::Expected<std::vector<double>> measure(const View &view, int64_t count);
  llvm::Error runEpoch();
  View measuredPart() const;
  llvm::Error finishEpoch();
  llvm::Error saveBest();
  llvm::Error explain(llvm::Error error, llvm::ArrayRef<int64_t> chosen) const;
  bool isDone() const;

  Network &network;
  const Settings &settings;
  const Places &places;
  const View &training, &validation;
  Progress &progress;
  Group &group;
  bool isInterrupted = false; ///< all processes agree on it
  std::optional<BatchPair> batches;
  Monitor monitor;
  Position position;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_LOOP_H
