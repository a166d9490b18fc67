//===- Loop.cpp - the training loop -------------------------------------------------===//

#include "tools/train/Loop.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

// Measuring on all training samples would take a good part of training's time: a validation set's
// worth of them says as much.
static constexpr int64_t kMeasuredSamples = 1000;

// The metrics' means over the first `count` samples. The processes take batches in turns, and all
// add up the figures of all batches in their order.
Expected<std::vector<double>> Trainer::measure(const View &view, int64_t count) {
  int64_t size = settings.shardSize(), metrics = network.metrics().size();
  std::vector<double> figures(divideCeil(count, size) * metrics), sums(metrics);
  std::vector<ArrayRef<int64_t>> series;
  for (int64_t i = group.rank(); i * size < count; i += group.size())
    series.push_back(view.slice(i * size, std::min(size, count - i * size)));
  Feed feed(*batches, *view.samples, series);
  for (auto [turn, chosen] : enumerate(series)) {
    const Batches &batch = feed.next();
    MutableArrayRef<double> means =
        MutableArrayRef(figures).slice((group.rank() + turn * group.size()) * metrics, metrics);
    if (Error error = network.evaluate(chosen.size(), batch.getInputs(), batch.getTargets(), means))
      return error;
    for (double &mean : means)
      mean *= chosen.size();
  }
  group.combine(figures);
  for (auto [index, figure] : enumerate(figures))
    sums[index % metrics] += figure;
  for (double &sum : sums)
    sum /= count;
  return sums;
}

// What two runs of one model on one data set may differ in; the number of epochs may change.
Identity Trainer::identity() const {
  return {{"model", network.name()},
          {"metrics", join(network.metrics(), " ")},
          {"optimizer", settings.optimizer},
          {"training samples", std::to_string(training.size())},
          {"validation samples", std::to_string(validation.size())},
          {"batch size", std::to_string(settings.batchSize)},
          {"number of shards", std::to_string(settings.shards)},
          {"seed", std::to_string(settings.seed)},
          {"shuffling", settings.shuffle ? "on" : "off"},
          {"augmentation", settings.augment.spell()}};
}

// Processes that do not would wait for each other forever.
Error Trainer::checkAgreement() {
  std::string all = std::to_string(settings.epochs) + " " + std::to_string(network.step()) + " " +
                    std::to_string(position.sample);
  for (const auto &[name, value] : identity())
    all += " " + value;
  if (group.isSame(uint32_t(xxh3_64bits(all))))
    return Error::success();
  return createStringError("the processes do not agree on what they train: give all of them the "
                           "same model, data, checkpoint and options");
}

Error Trainer::begin() {
  Expected<BatchPair> made = makeBatchPair(network.signature(), settings.shardSize());
  if (!made)
    return made.takeError();
  batches.emplace(std::move(*made));
  Expected<Monitor> watched =
      Monitor::make(settings.stopping.monitor, network.metrics(), validation.size() > 0);
  if (!watched)
    return watched.takeError();
  monitor = *watched;
  if (!places.resumes)
    return checkAgreement();
  Expected<Position> saved = Checkpoint(places.checkpoint, identity()).load(network);
  if (!saved)
    return saved.takeError();
  position = std::move(*saved);
  progress.say("resumed after " + Twine(position.epoch) + " epochs" +
               (position.sample ? " and " + std::to_string(position.sample) + " samples" : ""));
  return checkAgreement();
}

// The runtime names a sample by its place in the batch.
Error Trainer::explain(Error error, ArrayRef<int64_t> chosen) const {
  std::string kept = "none was finished before";
  if (!position.history.empty() && !places.weights.empty())
    kept = "'" + places.weights + "' keeps those of epoch " +
           std::to_string(bestEpoch(position.history, monitor) + 1);
  return createStringError(toString(std::move(error)) + " (epoch " + Twine(position.epoch + 1) +
                           ", after " + Twine(position.sample) +
                           " samples; the batch begins with sample " + Twine(chosen.front()) +
                           " of the data set). The weights of this epoch are not kept: " + kept);
}

Error Trainer::runEpoch() {
  std::vector<int64_t> order = training.order;
  if (settings.shuffle)
    order = shuffled(std::move(order), settings.seed, position.epoch);
  Batches::Random random{&settings.augment, uint64_t(settings.seed), uint64_t(position.epoch)};
  int64_t samples = training.size();
  progress.begin(position.epoch + 1, settings.epochs, position.sample, samples);
  Stopwatch watch;
  double before = position.seconds;
  Feed feed(*batches, *training.samples,
            ownShards(order, position.sample, settings.batchSize, settings.shards, group),
            settings.augment.empty() ? nullptr : &random);
  JointStep step(network, group, feed, settings.shards);
  while (position.sample < samples && !isInterrupted) {
    int64_t batch = std::min(settings.batchSize, samples - position.sample);
    ArrayRef<int64_t> chosen = ArrayRef<int64_t>(order).slice(position.sample, batch);
    Expected<JointStep::Result> done = step.run(chosen);
    if (!done)
      return explain(done.takeError(), step.present());
    position.sample += batch;
    position.lossSum += done->loss * batch;
    isInterrupted = done->stops;
    position.seconds = before + watch.seconds();
    progress.step(position.sample, position.lossSum / position.sample);
  }
  return Error::success();
}

Error Trainer::saveBest() {
  if (!group.isFirst() || places.weights.empty())
    return Error::success();
  return network.save(places.weights);
}

// Some of the training samples, chosen by the seed: the first ones of a data set are often of one
// class.
View Trainer::measuredPart() const {
  int64_t count = std::max(validation.size(), kMeasuredSamples);
  if (!validation.size() || count >= training.size())
    return training;
  View part{training.samples, shuffled(training.order, settings.seed, ~uint64_t(0))};
  part.order.resize(count);
  return part;
}

// The loss is the mean of those that the epoch's steps saw; the other figures are measured after
// it, without augmentation.
Error Trainer::finishEpoch() {
  EpochRecord record;
  View part = measuredPart();
  Expected<std::vector<double>> measured = measure(part, part.size());
  if (!measured)
    return measured.takeError();
  record.training = std::move(*measured);
  record.training.front() = position.lossSum / position.sample;
  if (validation.size()) {
    Expected<std::vector<double>> apart = measure(validation, validation.size());
    if (!apart)
      return apart.takeError();
    record.validation = std::move(*apart);
  }
  record.learningRate = network.learningRate();
  record.seconds = position.seconds;
  position.history.push_back(std::move(record));
  ++position.epoch;
  position.sample = 0;
  position.lossSum = position.seconds = 0;
  bool isBest = bestEpoch(position.history, monitor) == position.history.size() - 1;
  progress.end(position.history.back(), isBest);
  return isBest ? saveBest() : Error::success();
}

bool Trainer::isDone() const {
  return position.epoch >= settings.epochs || isStuck(position.history, monitor, settings.stopping);
}

Expected<Result> Trainer::run() {
  if (Error error = begin())
    return error;
  Checkpoint checkpoint(places.checkpoint, identity());
  Result result;
  isInterrupted = group.isAny(Interrupts::isRequested());
  while (!isDone()) {
    if (Error error = runEpoch())
      return error;
    if (position.sample == training.size())
      if (Error error = finishEpoch())
        return error;
    isInterrupted = group.isAny(isInterrupted || Interrupts::isRequested());
    if (group.isFirst() && !places.checkpoint.empty() && (isInterrupted || places.keepsCheckpoints))
      if (Error error = checkpoint.save(network, position))
        return error;
    if (isInterrupted) {
      result.end = End::Interrupted;
      break;
    }
  }
  if (result.end == End::Finished && position.epoch < settings.epochs)
    result.end = End::Stopped;
  result.history = std::move(position.history);
  if (!result.history.empty())
    result.best = bestEpoch(result.history, monitor);
  return result;
}
