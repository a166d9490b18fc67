//===- Session.cpp - what dlc train was asked for, and doing it ---------------------===//

#include "tools/train/Session.h"
#include "compiler/WriteFile.h"
#include "tools/common/Errors.h"
#include "tools/train/Pictures.h"
#include "tools/train/Transfer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

template <typename T> static void override(T &value, const std::optional<T> &given) {
  if (given)
    value = *given;
}

Error Session::cutBatches(Settings &to) const {
  to.shards = request.shards.value_or(group.size());
  if (Error error = checkShards(to.shards, to.batchSize, group.size()))
    return error;
  if (to.shards > 1 && request.options.isFor(Target::Cuda))
    return createStringError("--target cuda computes whole batches in one process, and not " +
                             Twine(to.shards) +
                             " shards; leave out --shards and mpirun, or train "
                             "on CPUs");
  if (to.joinsStatistics && to.shards > group.size())
    return createStringError("\"sync_batch_norm\" joins the statistics of processes, and each of " +
                             Twine(to.shards) + " shards on " + Twine(group.size()) +
                             (group.size() == 1 ? " process" : " processes") +
                             " has its own; say false in the model, or give as many --shards as "
                             "processes");
  return Error::success();
}

// The model's words, then the command line's.
Error Session::readSettings(const ModelFile &file, Settings &to) const {
  if (Error error = file.readSettings(to))
    return error;
  override(to.epochs, request.epochs);
  override(to.batchSize, request.batchSize);
  if (Error error = cutBatches(to))
    return error;
  override(to.seed, request.seed);
  override(to.validationSplit, request.validationSplit);
  override(to.stopping.patience, request.patience);
  override(to.stopping.minDelta, request.minDelta);
  if (!request.monitor.empty())
    to.stopping.monitor = request.monitor;
  if (request.keepsOrder)
    to.shuffle = false;
  if (!request.augment.empty())
    to.augment = {};
  for (const std::string &text : request.augment) {
    if (text == "none")
      continue;
    Expected<AugmentText> parsed = AugmentText::parse(text);
    if (!parsed)
      return parsed.takeError();
    if (Error error = to.augment.add(*parsed))
      return createStringError("--augment '" + printable(text) +
                               "': " + toString(std::move(error)));
  }
  return Error::success();
}

// A test set that comes with the data is what it is for, unless the user says otherwise.
Error Session::readData() {
  Expected<DataParts> parts = train::readData(request.data, request.csv);
  if (!parts)
    return parts.takeError();
  trainingData = std::move(parts->train);
  if (request.validation.empty()) {
    if (settings.validationSplit != 0 || !parts->test)
      return Error::success();
    validationData = std::move(*parts->test);
    return matchClasses(*trainingData, *validationData);
  }
  settings.validationSplit = 0;
  Expected<DataParts> apart = train::readData(request.validation, request.csv);
  if (!apart)
    return apart.takeError();
  validationData = apart->test ? std::move(*apart->test) : std::move(apart->train);
  return matchClasses(*trainingData, *validationData);
}

// "auto": as if every class had as many samples.
Error Session::weighClasses() {
  if (request.classWeights.empty())
    return Error::success();
  std::vector<double> weights;
  if (request.classWeights == "auto") {
    std::vector<int64_t> counts = countLabels(*trainingData);
    if (counts.empty())
      return inputError(trainingData->place, "its targets are no class labels, which "
                                             "--class-weight auto counts");
    Expected<int64_t> classes = model->countClasses(request.options);
    if (!classes)
      return classes.takeError();
    counts.resize(std::max<size_t>(counts.size(), *classes));
    for (auto [label, count] : enumerate(counts)) {
      if (!count)
        return inputError(trainingData->place, "no sample has the label " + Twine(label) +
                                                   ": --class-weight auto has no weight for it");
      weights.push_back(double(trainingData->samples()) / (double(counts.size()) * count));
    }
    return model->setClassWeights(weights);
  }
  for (StringRef part : llvm::split(request.classWeights, ',')) {
    double weight;
    if (part.trim().getAsDouble(weight) || !(weight >= 0) || std::isinf(weight))
      return createStringError("--class-weight takes auto, or a number of at least 0 for each "
                               "class: '" +
                               printable(part) + "' is none");
    weights.push_back(weight);
  }
  return model->setClassWeights(weights);
}

// Before anything takes time.
Error Session::checkPlaces() {
  places.weights = request.out;
  if (places.weights.empty())
    places.weights = (sys::path::stem(request.options.model) + ".safetensors").str();
  places.checkpoint = request.checkpoint;
  places.keepsCheckpoints = !request.checkpoint.empty();
  places.resumes = request.resumes;
  if (places.checkpoint.empty()) {
    SmallString<256> beside(places.weights);
    sys::path::replace_extension(beside, "checkpoint");
    places.checkpoint = beside.str().str();
  }
  if (!group.isFirst()) {
    request.log.clear();
    request.plots.clear();
    return Error::success();
  }
  if (sys::fs::exists(places.checkpoint) && !sys::fs::is_directory(places.checkpoint))
    return cannotWrite("the checkpoint", places.checkpoint, "it is a file, not a folder",
                       "--checkpoint");
  // A rename would replace a device or a pipe.
  if (sys::fs::exists(places.weights) && !sys::fs::is_regular_file(places.weights) &&
      !sys::fs::is_directory(places.weights))
    return cannotWrite("the weights", places.weights, "it is not a file", "--out");
  if (Error error = checkPlace("the weights", places.weights, "--out"))
    return error;
  if (!request.plots.empty()) {
    std::error_code failure = sys::fs::create_directories(request.plots);
    if (failure || !sys::fs::is_directory(request.plots))
      return cannotWrite("the pictures", request.plots,
                         failure ? failure.message() : "it is a file, not a folder", "--plots");
  }
  return checkPlace("the log", request.log, "--log");
}

Error Session::prepare() {
  Expected<ModelFile> file = ModelFile::read(request.options.model);
  if (!file)
    return file.takeError();
  model.emplace(std::move(*file));
  for (const std::string &text : request.assignments) {
    auto [where, number] = StringRef(text).split('=');
    double value;
    if (number.empty() || number.getAsDouble(value) || !std::isfinite(value))
      return createStringError("--set '" + printable(text) +
                               "' must be like optimizer.learning_rate=0.01");
    if (Error error = model->set(where, number))
      return error;
  }
  if (Error error = readSettings(*model, settings))
    return error;
  if (Error error = checkPlaces())
    return error;
  if (Error error = readData())
    return error;
  return weighClasses();
}

//===----------------------------------------------------------------------===//
// Compiling and fitting
//===----------------------------------------------------------------------===//

Expected<Session::Compiled> Session::compileModel(const ModelFile &file, const Settings &with) {
  Options options = request.options;
  options.text = file.getText();
  options.train = true;
  options.weights.clear();
  Expected<OpenedModel> opened = openModel(std::move(options));
  if (!opened)
    return opened.takeError();
  InstanceOptions instance{with.shardSize(), request.threads, "", /*isTraining=*/true,
                           uint64_t(with.seed)};
  instance.target = targetOf(request.options);
  instance.device = request.device;
  instance.isPart = group.size() > 1;
  Expected<std::unique_ptr<LibraryNetwork>> network =
      LibraryNetwork::create(*opened->library, instance);
  if (!network)
    return network.takeError();
  return Compiled{std::move(*opened), std::move(*network)};
}

static std::vector<int64_t> shapesOf(const Signature &signature) {
  std::vector<int64_t> extents;
  for (ArrayRef<dlc_tensor_info> infos : {signature.inputs, signature.targets})
    for (const dlc_tensor_info &info : infos)
      extents.insert(extents.end(), info.shape, info.shape + info.rank);
  for (const dlc_tensor_info &info : signature.targets)
    extents.push_back(signature.classesOf(info));
  return extents;
}

// Once: the trials of a search share the samples.
Error Session::fitData(const Signature &signature, const Settings &with) {
  std::vector<int64_t> shape = shapesOf(signature);
  if (trainingSamples)
    return shape == fittedShape
               ? Error::success()
               : createStringError("a search cannot change the model's inputs and targets");
  fittedShape = std::move(shape);
  Expected<Samples> samples = fit(std::move(*trainingData), signature, request.fit);
  if (!samples)
    return samples.takeError();
  trainingSamples = std::move(*samples);
  if (!with.augment.empty() &&
      none_of(trainingSamples->inputs, [](const Column &column) { return column.isImage(); }))
    return createStringError("augmentation is for images, [height, width, channels] with 1 or 3 "
                             "channels, and no input of the model is one");
  training = viewOf(*trainingSamples);
  if (validationData) {
    Expected<Samples> apart = fit(std::move(*validationData), signature, request.fit);
    if (!apart)
      return apart.takeError();
    validationSamples = std::move(*apart);
    validation = viewOf(*validationSamples);
  } else if (with.validationSplit > 0) {
    auto parts = split(*trainingSamples, with.validationSplit, with.seed);
    if (!parts)
      return parts.takeError();
    std::tie(training, validation) = std::move(*parts);
  }
  return Error::success();
}

Error Session::loadWeights(Network &network) {
  if (!request.options.weights.empty())
    if (Error error = network.load(request.options.weights))
      return inputError(request.options.weights, toString(std::move(error)));
  if (request.transfer.empty())
    return Error::success();
  std::vector<std::string> left;
  if (Error error = transferWeights(network, request.transfer, left))
    return error;
  if (!left.empty())
    say("not in '" + request.transfer +
        "', or of another shape, and so as they begin: " + join(left, ", "));
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

Error Session::drawPictures(Network &network, const Settings &with, const Result &result) {
  if (request.plots.empty() || result.history.empty())
    return Error::success();
  auto write = [&](StringRef name, function_ref<void(raw_ostream &)> draw) -> Error {
    SmallString<256> path(request.plots);
    sys::path::append(path, name);
    Error error = writeFile(path, [&](raw_ostream &to) {
      draw(to);
      return Error::success();
    });
    return error ? cannotWrite("the picture", path, toString(std::move(error)), "--plots")
                 : Error::success();
  };
  if (Error error = write("curves.svg", [&](raw_ostream &to) {
        drawCurves(to, result.history, network.metrics());
      }))
    return error;
  const View &shown = validation.size() ? validation : training;
  Expected<std::optional<Confusion>> confusion = confusionOf(network, shown, with.shardSize());
  if (!confusion)
    return confusion.takeError();
  if (!*confusion)
    return Error::success();
  return write("confusion.svg",
               [&](raw_ostream &to) { drawConfusion(to, **confusion, shown.samples->classes); });
}

Expected<Session::Trained> Session::runOnce(const ModelFile &file, const Settings &with,
                                            const Places &where, raw_ostream &to, bool bar,
                                            Log &log) {
  Expected<Compiled> compiled = compileModel(file, with);
  if (!compiled)
    return compiled.takeError();
  Network &network = *compiled->network;
  figures = network.metrics();
  if (Error error = fitData(network.signature(), with))
    return error;
  if (!where.resumes)
    if (Error error = loadWeights(network))
      return error;
  to << training.size() << " samples to train on, " << validation.size()
     << " to validate with, batches of " << with.batchSize;
  if (with.shards > 1)
    to << " in " << with.shards << " shards";
  if (group.size() > 1)
    to << " on " << group.size() << " processes";
  to << "\n";
  Progress progress(to, bar, log, network.metrics());
  Expected<Result> result =
      Trainer(network, with, where, training, validation, progress, group).run();
  if (!result)
    return result.takeError();
  Expected<Monitor> monitor =
      Monitor::make(with.stopping.monitor, network.metrics(), validation.size() > 0);
  if (!monitor)
    return monitor.takeError();
  if (result->end != End::Interrupted && !where.weights.empty() && !result->history.empty()) {
    // The pictures are those of the weights that are kept.
    if (!request.plots.empty())
      if (Error error = network.load(where.weights))
        return error;
    if (Error error = drawPictures(network, with, *result))
      return error;
  }
  return Trained{std::move(*result), std::move(*monitor)};
}

Expected<Result> Session::train() {
  Expected<Log> log = Log::open(request.log, request.resumes);
  if (!log)
    return log.takeError();
  Interrupts interrupts;
  Expected<Trained> trained = runOnce(*model, settings, places, os, hasBar, *log);
  if (!trained)
    return trained.takeError();
  Result &result = trained->result;
  if (result.end == End::Stopped)
    say("stopped early: " + trained->monitor.name + " has not become better for " +
        Twine(settings.stopping.patience) + " epochs");
  if (!result.history.empty())
    say("best: epoch " + Twine(result.best + 1) + ", " + trained->monitor.name + " " +
        spellFigure(trained->monitor.of(result.history[result.best])) + "; its weights are in '" +
        places.weights + "'");
  log->line("end", [&](json::OStream &json) {
    json.attribute("end", result.end == End::Finished  ? "finished"
                          : result.end == End::Stopped ? "stopped early"
                                                       : "interrupted");
    json.attribute("epochs", int64_t(result.history.size()));
    if (!result.history.empty())
      json.attribute("best_epoch", int64_t(result.best + 1));
    json.attribute("weights", places.weights);
  });
  if (Error error = log->finish())
    return error;
  return std::move(result);
}
