//===- Session.h - what dlc train was asked for, and doing it -----------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_SESSION_H
#define DLC_TOOLS_TRAIN_SESSION_H

#include "tools/train/LibraryNetwork.h"
#include "tools/train/ModelFile.h"
#include "tools/train/Request.h"
#include "tools/train/Search.h"

namespace dlc::tools::train {

/// How the trials of a search went, the best first.
struct SearchResult {
  struct Entry {
    std::vector<std::string> values; ///< one for each parameter
    std::optional<double> score;     ///< of the figure that is watched; none: it failed
    std::string failure;
    size_t trial = 0, epochs = 0;
  };
  std::vector<Parameter> parameters;
  std::string figure;
  std::vector<Entry> entries;
  bool isInterrupted = false;
};

/// The model, the data, and runs on them.
class Session {
public:
  /// Of a group only the first process says and writes anything, and draws no bar: mpirun gives it
  /// a terminal even where its own output is a file.
  Session(Request request, llvm::raw_ostream &os, bool hasBar, Group &group)
      : request(std::move(request)), os(group.isFirst() ? os : llvm::nulls()),
        hasBar(hasBar && group.size() == 1), group(group) {}

  /// Reads the model and the data. The other calls need it.
  llvm::Error prepare();

  /// Trains once; says what it does, and in the end where the weights are.
  llvm::Expected<Result> train();
  llvm::Expected<SearchResult> search();

  /// Names of the figures, after a training.
  llvm::ArrayRef<std::string> metrics() const { return figures; }
  const std::string &weightsPath() const { return places.weights; }
  const std::string &checkpointPath() const { return places.checkpoint; }

private:
  struct Compiled {
    OpenedModel opened;
    std::unique_ptr<LibraryNetwork> network;
  };
  struct Trained {
    Result result;
    Monitor monitor;
  };

  llvm::Error readSettings(const ModelFile &model, Settings &to) const;
  llvm::Error readData();
  llvm::Error weighClasses();
  llvm::Error checkPlaces();
  llvm::Error cutBatches(Settings &to) const;
  llvm::Expected<Compiled> compileModel(const ModelFile &model, const Settings &with);
  llvm::Error loadWeights(Network &network);
  llvm::Error fitData(const Signature &signature, const Settings &with);
  llvm::Expected<Trained> runOnce(const ModelFile &model, const Settings &with, const Places &where,
                                  llvm::raw_ostream &to, bool bar, Log &log);
  llvm::Error drawPictures(Network &network, const Settings &with, const Result &result);
  llvm::Error tryOnce(const Point &point, llvm::ArrayRef<Parameter> parameters, size_t index,
                      Log &log, SearchResult &all, Trial &trial);
  void say(const llvm::Twine &text) { os << text << "\n", os.flush(); }

  Request request;
  llvm::raw_ostream &os;
  bool hasBar;
  Group &group;
  std::optional<ModelFile> model;
  Settings settings;
  Places places;
  std::optional<DataSet> trainingData, validationData; ///< until they are fitted
  std::optional<Samples> trainingSamples, validationSamples;
  View training, validation;
  std::vector<std::string> figures;
  std::vector<int64_t> fittedShape; ///< extents of all inputs and targets
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_SESSION_H
