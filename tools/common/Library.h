//===- Library.h - a generated library in this process ------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_LIBRARY_H
#define DLC_TOOLS_COMMON_LIBRARY_H

#include "runtime/dlc_runtime.h"
#include "tools/common/Npy.h"

namespace dlc::tools {

/// A lib<name>.so, loaded. Outlives its instances.
class Library {
public:
  /// Loads the file of that path; refuses what is not a library of this dlc's ABI.
  static llvm::Expected<std::unique_ptr<Library>> open(llvm::StringRef path);
  ~Library();
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;

  const dlc_model_info &info() const { return *entry->info(); }
  llvm::ArrayRef<dlc_tensor_info> inputs() const {
    return {info().inputs, size_t(info().num_inputs)};
  }
  llvm::ArrayRef<dlc_tensor_info> outputs() const {
    return {info().outputs, size_t(info().num_outputs)};
  }
  llvm::ArrayRef<dlc_tensor_info> params() const {
    return {info().params, size_t(info().num_params)};
  }
  /// None in libraries that were compiled for inference, as with metrics.
  llvm::ArrayRef<dlc_tensor_info> targets() const {
    return {info().targets, size_t(info().num_targets)};
  }
  llvm::ArrayRef<const char *> metrics() const {
    return {info().metrics, size_t(info().num_metrics)};
  }
  bool isTrainable() const { return entry->train_step; }
  llvm::ArrayRef<const char *> variants() const {
    return {info().variants, size_t(info().num_variants)};
  }

  /// Where code that was compiled to be measured looks for whom it tells; null in other libraries.
  using Marker = void (*)(int64_t index);
  Marker *marker() const;

  const std::string path;

private:
  friend class Instance;
  explicit Library(llvm::StringRef path) : path(path) {}

  void *handle = nullptr;
  const dlc_entry *entry = nullptr;
};

/// Takes part in a differentiation while it goes on, for a batch whose other parts are computed
/// elsewhere.
class BatchPart {
public:
  virtual ~BatchPart() = default;
  /// This gradient is complete. It may be read and changed from here on, by other threads too.
  virtual void takeGradient(llvm::MutableArrayRef<float> gradient) = 0;
  /// Replaces values by their means over all parts, each weighted by its share of the samples.
  virtual void joinMeans(llvm::MutableArrayRef<float> values) = 0;
};

/// How to create an instance.
struct InstanceOptions {
  int64_t maxBatch = 1;
  int32_t threads = 0; ///< 0: one for each core
  std::string variant{}; ///< of CPUs; empty: the best that this one runs
  bool isTraining = false;
  uint64_t seed = 0; ///< of the first parameters and of Dropout
  dlc_target target = DLC_TARGET_ONLY;
  int32_t device = 0; ///< of CUDA
  bool isPart = false; ///< differentiates parts of batches for a BatchPart
};

/// An instance of a library's model.
class Instance {
public:
  static llvm::Expected<Instance> create(const Library &library, const InstanceOptions &options);
  ~Instance();
  Instance(Instance &&other)
      : library(other.library), model(std::exchange(other.model, nullptr)),
        part(std::move(other.part)) {}

  llvm::Error load(llvm::StringRef safetensors);
  llvm::Error loadMemory(llvm::ArrayRef<char> safetensors);
  /// Runs `batch` samples; the pointers are those of whole arrays or of parts of them.
  llvm::Error forward(int64_t batch, llvm::ArrayRef<dlc_in> inputs,
                      llvm::ArrayRef<dlc_out> outputs);
  /// The same on whole arrays, in the library's order.
  llvm::Error forward(int64_t batch, llvm::MutableArrayRef<Array> inputs,
                      llvm::MutableArrayRef<Array> outputs);

  // Of trainable instances.
  /// Sets the gradients to those of samples `first` and following of a larger batch. `part` is told
  /// of each, in an order that is always the same; null, or of an instance that is no part: nobody.
  llvm::Error differentiate(int64_t first, int64_t batch, llvm::ArrayRef<dlc_in> inputs,
                            llvm::ArrayRef<dlc_in> targets, float &loss, BatchPart *part = nullptr);
  /// Where the gradients lie.
  std::vector<llvm::MutableArrayRef<float>> gradients() const;
  llvm::Error update();
  llvm::Error evaluate(int64_t batch, llvm::ArrayRef<dlc_in> inputs, llvm::ArrayRef<dlc_in> targets,
                       llvm::MutableArrayRef<double> metrics);
  llvm::Error save(llvm::StringRef safetensors);
  llvm::Error saveState(llvm::StringRef path);
  llvm::Error loadState(llvm::StringRef path);
  double learningRate() const { return library.entry->learning_rate(model); }
  int64_t step() const { return library.entry->step(model); }

  llvm::StringRef variant() const { return library.entry->variant(model); }

private:
  explicit Instance(const Library &library) : library(library) {}
  llvm::Error check(dlc_status status) const;

  const Library &library;
  dlc_model *model = nullptr;
  std::unique_ptr<BatchPart *> part; ///< of the present call; where the model's callbacks find it
};

/// The shape with `batch` in place of the first extent.
std::vector<int64_t> shapeOf(const dlc_tensor_info &info, int64_t batch);

/// Elements of one sample of an input or output.
int64_t elementsPerSample(const dlc_tensor_info &info);

/// Arrays for all outputs (or inputs) and `batch` samples.
llvm::Expected<std::vector<Array>> makeArrays(llvm::ArrayRef<dlc_tensor_info> infos, int64_t batch);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_LIBRARY_H
