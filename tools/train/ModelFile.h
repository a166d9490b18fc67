//===- ModelFile.h - a model file as training sees it -------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_MODELFILE_H
#define DLC_TOOLS_TRAIN_MODELFILE_H

#include "compiler/Options.h"
#include "compiler/frontend/Json.h"
#include "tools/train/Loop.h"

namespace dlc::tools::train {

/// The text of a model file, and changes of it: lines and columns stay, so that messages of the
/// compiler are about the user's file.
class ModelFile {
public:
  /// Reads and parses the file; what is wrong with it is printed.
  static llvm::Expected<ModelFile> read(llvm::StringRef path);

  const std::string &getText() const { return text; }

  /// The number at a path like optimizer.learning_rate (in "train", where that has it, else in the
  /// model) or layers.c1.filters (of the layer of that name, or by index).
  llvm::Expected<double> get(llvm::StringRef where) const;
  llvm::Error set(llvm::StringRef where, llvm::StringRef number);

  /// Weights of the classes in the compiled loss, which must have none.
  llvm::Error setClassWeights(llvm::ArrayRef<double> weights);

  /// How many classes the only output tells apart, by the extent of its last dimension; 0 where
  /// there are several outputs.
  llvm::Expected<int64_t> countClasses(const Options &options) const;

  /// What "train" says to the loop; fields that are not there stay as they are.
  llvm::Error readSettings(Settings &settings) const;

private:
  llvm::Error parse();
  llvm::Expected<const frontend::json::Value *> find(llvm::StringRef where) const;
  size_t offsetOf(const frontend::json::Value &value) const;
  llvm::Error replace(size_t from, size_t size, const llvm::Twine &with);

  std::string path, text;
  std::shared_ptr<llvm::SourceMgr> sources; ///< what the locations of `root` point into
  frontend::json::Value root;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_MODELFILE_H
