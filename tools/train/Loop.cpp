//===- Loop.cpp - the training loop -------------------------------------------------===//

#include "tools/train/Loop.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

// Measuring on all training samples would take a good part of training's time: a validation set's
// worth of them says as much.
static constexpr int64_t kMeasuredSamples = 1000;

Expected<std::vector<double>> Trainer::measure(Network &network, Batches &batches, const View &view,
                                               int64_t batchSize, int64_t count) {
  std::vector<double> sums(network.metrics().size()), means(sums.size());
  for (int64_t first = 0; first < count; first += batchSize) {
    ArrayRef<int64_t> chosen = view.slice(first, std::min(batchSize, count - first));
    batches.fill(*view.samples, chosen);
    if (Error error =
            network.evaluate(chosen.size(), batches.getInputs(), batches.getTargets(), means))
      return error;
    for (auto [sum, mean] : zip_equal(sums, means))
      sum += mean * chosen.size();
  }
  for (double &sum : sums)
    sum /= count;
  return sums;
}

// Everything that the bits of a run depend on, but for the number of epochs.
Identity Trainer::identity() const {
  return {{"model", network.name()},
          {"metrics", join(network.metrics(), " ")},
          {"training samples", std::to_string(training.size())},
          {"validation samples", std::to_string(validation.size())},
          {"batch size", std::to_string(settings.batchSize)},
          {"seed", std::to_string(settings.seed)},
          {"shuffling", settings.shuffle ? "on" : "off"},
          {"augmentation", settings.augment.spell()}};
}

Error Trainer::begin() {
  Expected<Batches> made = Batches::make(network.signature(), settings.batchSize);
  if (!made)
    return made.takeError();
  batches.emplace(std::move(*made));
  Expected<Monitor> watched =
      Monitor::make(settings.stopping.monitor, network.metrics(), validation.size() > 0);
  if (!watched)
    return watched.takeError();
  monitor = *watched;
  if (!places.resumes)
    return Error::success();
  Expected<Position> saved = Checkpoint(places.checkpoint, identity()).load(network);
  if (!saved)
    return saved.takeError();
  position = std::move(*saved);
  progress.say("resumed after " + Twine(position.epoch) + " epochs" +
               (position.sample ? " and " + std::to_string(position.sample) + " samples" : ""));
  return Error::success();
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
  while (position.sample < samples && !Interrupts::isRequested()) {
    int64_t batch = std::min(settings.batchSize, samples - position.sample);
    ArrayRef<int64_t> chosen = ArrayRef<int64_t>(order).slice(position.sample, batch);
    batches->fill(*training.samples, chosen, settings.augment.empty() ? nullptr : &random);
    float loss;
    if (Error error = network.trainStep(batch, batches->getInputs(), batches->getTargets(), loss))
      return explain(std::move(error), chosen);
    position.sample += batch;
    position.lossSum += double(loss) * batch;
    position.seconds = before + watch.seconds();
    progress.step(position.sample, position.lossSum / position.sample);
  }
  return Error::success();
}

Error Trainer::saveBest() {
  if (places.weights.empty())
    return Error::success();
  return replaceFile(places.weights, [&](StringRef path) { return network.save(path); });
}

// The loss is the mean of those that the epoch's steps saw; the other figures are measured after
// it, without augmentation.
Error Trainer::finishEpoch() {
  EpochRecord record;
  int64_t count = training.size();
  if (validation.size())
    count = std::min(count, std::max(validation.size(), kMeasuredSamples));
  Expected<std::vector<double>> measured =
      measure(network, *batches, training, settings.batchSize, count);
  if (!measured)
    return measured.takeError();
  record.training = std::move(*measured);
  record.training.front() = position.lossSum / position.sample;
  if (validation.size()) {
    Expected<std::vector<double>> apart =
        measure(network, *batches, validation, settings.batchSize, validation.size());
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
  while (!isDone()) {
    if (Error error = runEpoch())
      return error;
    if (position.sample == training.size())
      if (Error error = finishEpoch())
        return error;
    bool ends = Interrupts::isRequested();
    if (!places.checkpoint.empty() && (ends || places.keepsCheckpoints))
      if (Error error = checkpoint.save(network, position))
        return error;
    if (ends) {
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
