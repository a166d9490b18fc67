//===- LibraryNetwork.h - a compiled model as a network that learns -----*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_LIBRARYNETWORK_H
#define DLC_TOOLS_TRAIN_LIBRARYNETWORK_H

#include "tools/common/OpenModel.h"
#include "tools/train/Network.h"

namespace dlc::tools::train {

/// An instance of a library that was compiled with training. The library outlives it.
class LibraryNetwork : public Network {
public:
  static llvm::Expected<std::unique_ptr<LibraryNetwork>> create(const Library &library,
                                                                const InstanceOptions &options);

  std::string name() const override { return library.info().name; }
  Signature signature() const override {
    return {library.inputs(), library.outputs(), library.targets()};
  }
  std::vector<std::string> metrics() const override {
    return {library.metrics().begin(), library.metrics().end()};
  }
  llvm::Error differentiate(int64_t first, int64_t batch, llvm::ArrayRef<dlc_in> inputs,
                            llvm::ArrayRef<dlc_in> targets, float &loss, BatchPart *part) override {
    return instance.differentiate(first, batch, inputs, targets, loss, part);
  }
  std::vector<llvm::MutableArrayRef<float>> gradients() override { return instance.gradients(); }
  llvm::Error update() override { return instance.update(); }
  llvm::Error evaluate(int64_t batch, llvm::ArrayRef<dlc_in> inputs, llvm::ArrayRef<dlc_in> targets,
                       llvm::MutableArrayRef<double> metrics) override {
    return instance.evaluate(batch, inputs, targets, metrics);
  }
  llvm::Error forward(int64_t batch, llvm::ArrayRef<dlc_in> inputs,
                      llvm::ArrayRef<dlc_out> outputs) override {
    return instance.forward(batch, inputs, outputs);
  }
  int64_t step() const override { return instance.step(); }
  double learningRate() const override { return instance.learningRate(); }
  llvm::Error load(llvm::StringRef weights) override { return instance.load(weights); }
  llvm::Error save(llvm::StringRef weights) override { return instance.save(weights); }
  llvm::Error loadState(llvm::StringRef path) override { return instance.loadState(path); }
  llvm::Error saveState(llvm::StringRef path) override { return instance.saveState(path); }

private:
  LibraryNetwork(const Library &library, Instance instance)
      : library(library), instance(std::move(instance)) {}

  const Library &library;
  Instance instance;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_LIBRARYNETWORK_H
