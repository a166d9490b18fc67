//===- OpenModel.h - MODEL.json or LIB.so, ready to be created ----------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_OPENMODEL_H
#define DLC_TOOLS_COMMON_OPENMODEL_H

#include "compiler/Compile.h"
#include "tools/common/Library.h"

namespace dlc::tools {

/// A new folder for temporary files; its destructor removes it with all it holds.
class TemporaryFolder {
public:
  static llvm::Expected<TemporaryFolder> create();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder &&other) : path(std::exchange(other.path, {})) {}
  TemporaryFolder &operator=(TemporaryFolder &&other) {
    std::swap(path, other.path);
    return *this;
  }

  std::string file(llvm::StringRef name) const;
  const std::string &folder() const { return path; }

private:
  TemporaryFolder() = default;
  std::string path;
};

/// A library, and where its weights are. The library of a model file lives in a temporary folder.
struct OpenedModel {
  std::unique_ptr<TemporaryFolder> folder; ///< null: the library is the user's
  std::unique_ptr<Library> library;
  std::string weights;   ///< empty: none known
  Artifacts artifacts;   ///< of a model file
  bool areNamed = false; ///< by the user

  /// The weights to load: those that the user named, else those prepared for the instance's CPU
  /// variant, where they lie beside the library, else `weights`.
  std::string weightsFor(const Instance &instance) const;
};

/// Files of weights beside the library that were prepared for it, one for a CPU variant at most.
std::vector<std::string> preparedBeside(const Library &library);

/// Whether the path is meant as a library: by its ending, or by its first bytes.
bool isLibrary(llvm::StringRef path);

/// The target that the user named, for an instance.
dlc_target targetOf(const Options &options);

/// Loads the library options.model, or compiles the model file and loads that. Weights are
/// options.weights, else the model file's own, else those that lie beside the library.
llvm::Expected<OpenedModel> openModel(Options options);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_OPENMODEL_H
