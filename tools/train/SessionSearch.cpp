//===- SessionSearch.cpp - dlc train --search ---------------------------------------===//

#include "tools/common/Errors.h"
#include "tools/train/Session.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

static void logTrial(Log &log, const SearchResult &all, const SearchResult::Entry &entry) {
  log.line("trial", [&](json::OStream &json) {
    json.attribute("trial", int64_t(entry.trial + 1));
    for (auto [parameter, value] : zip_equal(all.parameters, entry.values)) {
      json.attributeBegin(parameter.path);
      json.rawValue(value);
      json.attributeEnd();
    }
    if (entry.score)
      json.attribute(all.figure, *entry.score);
    else
      json.attribute("failure", entry.failure);
  });
}

// The newest one.
static std::string spellEntry(const SearchResult &all) {
  const SearchResult::Entry &entry = all.entries.back();
  std::string line;
  for (auto [parameter, value] : zip_equal(all.parameters, entry.values))
    line += "  " + parameter.path + " " + value;
  return line + "  " + (entry.score ? all.figure + " " + spellFigure(*entry.score) : entry.failure);
}

// The best first; what failed comes last.
static void sortEntries(std::vector<SearchResult::Entry> &entries, ArrayRef<Trial> trials) {
  auto key = [&](const SearchResult::Entry &entry) {
    const std::optional<double> &score = trials[entry.trial].score;
    return std::tuple(!score, score.value_or(0), entry.trial);
  };
  llvm::sort(entries, [&](const auto &a, const auto &b) { return key(a) < key(b); });
}

// One trial. A training that fails, say because its loss grew without bound, is a result as well.
Error Session::tryOnce(const Point &point, ArrayRef<Parameter> parameters, size_t index, Log &log,
                       SearchResult &all, Trial &trial) {
  ModelFile file = *model;
  SearchResult::Entry entry;
  entry.trial = index;
  for (auto [parameter, place] : zip_equal(parameters, point)) {
    entry.values.push_back(parameter.at(place));
    if (Error error = file.set(parameter.path, entry.values.back()))
      return error;
  }
  Settings with;
  if (Error error = readSettings(file, with))
    return error;
  with.validationSplit = settings.validationSplit;
  Places where = places;
  where.weights = places.weights + ".trial";
  where.checkpoint.clear();
  Log silent;
  Expected<Trained> trained = runOnce(file, with, where, nulls(), false, silent);
  if (!trained) {
    // What the compiler or the data refuse, they refuse in every trial.
    Error error = trained.takeError();
    if (!trainingSamples || error.isA<ReportedError>() || error.isA<InputError>())
      return error;
    entry.failure = toString(std::move(error));
  } else if (!trained->result.history.empty()) {
    const Result &result = trained->result;
    double score = trained->monitor.of(result.history[result.best]);
    all.figure = trained->monitor.name;
    entry.epochs = result.history.size();
    if (std::isfinite(score)) {
      entry.score = score;
      trial.score = trained->monitor.isMaximised ? -score : score;
    } else {
      entry.failure = all.figure + " is not finite";
    }
  } else {
    entry.failure = "interrupted before the end of its first epoch";
  }
  logTrial(log, all, entry);
  all.entries.push_back(std::move(entry));
  return Error::success();
}

Expected<SearchResult> Session::search() {
  SearchResult all;
  for (const std::string &text : request.parameters) {
    Expected<Parameter> parameter = Parameter::parse(text);
    if (!parameter)
      return parameter.takeError();
    if (Expected<double> value = model->get(parameter->path); !value)
      return value.takeError();
    if (StringRef(parameter->path).ends_with("validation_split"))
      return createStringError("validation_split cannot be searched: all trials share their "
                               "samples, or their figures would not compare");
    all.parameters.push_back(std::move(*parameter));
  }
  Expected<Log> log = Log::open(request.log, false);
  if (!log)
    return log.takeError();
  Interrupts interrupts;
  Searcher searcher(*request.strategy, all.parameters, request.trials, settings.seed);
  std::vector<Trial> trials;
  std::optional<double> best;
  std::string candidate = places.weights + ".trial";
  for (int64_t i = 0; i < searcher.trials(); ++i) {
    Trial trial{searcher.propose(trials), std::nullopt};
    Error error = tryOnce(trial.point, all.parameters, i, *log, all, trial);
    if (!error && trial.score && (!best || *trial.score < *best)) {
      best = trial.score;
      if (std::error_code failure = sys::fs::rename(candidate, places.weights))
        error = cannotWrite("the weights", places.weights, failure.message(), "--out");
    }
    sys::fs::remove(candidate);
    if (error)
      return error;
    say("trial " + Twine(i + 1) + "/" + Twine(searcher.trials()) + spellEntry(all));
    trials.push_back(std::move(trial));
    if ((all.isInterrupted = Interrupts::isRequested()))
      break;
  }
  sortEntries(all.entries, trials);
  if (Error error = log->finish())
    return error;
  return all;
}
