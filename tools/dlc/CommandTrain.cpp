//===- CommandTrain.cpp - dlc train -------------------------------------------------===//

#include "tools/common/Errors.h"
#include "tools/dlc/Commands.h"
#include "tools/train/Session.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

// What a shell reports of a program that Ctrl-C ended.
static constexpr int kInterrupted = 130;

static void printTable(const SearchResult &result) {
  size_t width = 6;
  for (const Parameter &parameter : result.parameters)
    width = std::max(width, parameter.path.size());
  outs() << "\n rank  trial";
  for (const Parameter &parameter : result.parameters)
    outs() << "  " << right_justify(parameter.path, width);
  outs() << "  " << result.figure << "\n";
  for (auto [index, entry] : enumerate(result.entries)) {
    outs() << right_justify(std::to_string(index + 1), 5)
           << right_justify(std::to_string(entry.trial + 1), 7);
    for (const std::string &value : entry.values)
      outs() << "  " << right_justify(value, width);
    outs() << "  " << (entry.score ? spellFigure(*entry.score) : entry.failure) << "\n";
  }
}

static void printJson(const SearchResult &result) {
  json::OStream json(outs(), 2);
  json.object([&] {
    json.attribute("figure", result.figure);
    json.attributeArray("trials", [&] {
      for (const SearchResult::Entry &entry : result.entries)
        json.object([&] {
          json.attribute("trial", int64_t(entry.trial + 1));
          json.attributeObject("parameters", [&] {
            for (auto [parameter, value] : zip_equal(result.parameters, entry.values)) {
              json.attributeBegin(parameter.path);
              json.rawValue(value);
              json.attributeEnd();
            }
          });
          json.attribute("epochs", int64_t(entry.epochs));
          if (entry.score)
            json.attribute("score", *entry.score);
          else
            json.attribute("failure", entry.failure);
        });
    });
  });
  outs() << "\n";
}

static void printJson(const Session &session, const Result &result) {
  static constexpr StringLiteral ends[] = {"finished", "stopped early", "interrupted"};
  json::OStream json(outs(), 2);
  json.object([&] {
    json.attribute("end", ends[int(result.end)]);
    json.attribute("epochs", int64_t(result.history.size()));
    if (!result.history.empty()) {
      json.attribute("best_epoch", int64_t(result.best + 1));
      json.attributeObject(
          "best", [&] { writeRecord(json, result.history[result.best], session.metrics()); });
    }
    json.attribute("weights", session.weightsPath());
  });
  outs() << "\n";
}

static Expected<int> runSearch(Session &session, bool json) {
  Expected<SearchResult> result = session.search();
  if (!result)
    return result.takeError();
  json ? printJson(*result) : printTable(*result);
  bool isFound = !result->entries.empty() && result->entries.front().score;
  if (!json && isFound)
    outs() << "\nthe weights of the first are in '" << session.weightsPath() << "'\n";
  return result->isInterrupted ? kInterrupted : isFound ? 0 : 1;
}

static Expected<int> runTraining(Session &session, bool json, bool isFirst) {
  Expected<Result> result = session.train();
  if (!result)
    return result.takeError();
  if (json && isFirst)
    printJson(session, *result);
  if (result->end != End::Interrupted)
    return 0;
  if (isFirst)
    errs() << "interrupted; the same command with --checkpoint '" << session.checkpointPath()
           << "' --resume goes on from here\n";
  return kInterrupted;
}

std::string tools::augmentationsText() { return describeAugmentations(); }

// What is wrong with the command, the model or the data is so in every process: one tells. The code
// to end with, or 0.
static Expected<int> prepare(Session &session, Group &group, bool isSearch) {
  Error error = isSearch && group.size() > 1
                    ? createStringError("--search trains in one process; run it without mpirun")
                    : session.prepare();
  std::vector<double> failed(group.size());
  failed[group.rank()] = bool(error);
  group.combine(failed);
  int64_t first = find(failed, 1.0) - failed.begin();
  if (first == group.rank())
    return error;
  consumeError(std::move(error));
  return first < group.size();
}

static Expected<int> trainIn(Group &group, TrainArgs args) {
  bool isSearch = args.request.strategy.has_value();
  if (isSearch != !args.request.parameters.empty())
    return createStringError(isSearch ? "--search needs at least one --param"
                                      : "--param is for --search; --set sets a number");
  // With JSON on standard output, what is told while training goes elsewhere.
  raw_ostream &told = args.json ? errs() : outs();
  Session session(std::move(args.request), told, told.is_displayed(), group);
  if (Expected<int> code = prepare(session, group, isSearch); !code || *code)
    return code;
  if (isSearch)
    return runSearch(session, args.json);
  return runTraining(session, args.json, group.isFirst());
}

int tools::trainCommand(TrainArgs args) {
  Expected<std::unique_ptr<Group>> group = Group::join();
  if (!group)
    return report(group.takeError());
  Expected<int> code = trainIn(**group, std::move(args));
  if (code)
    return *code;
  // The others may be waiting for this process.
  int failure = report(code.takeError());
  (*group)->abort(failure);
  return failure;
}
