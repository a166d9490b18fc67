//===- Model.h - a model file after reading and checking ----------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_MODEL_H
#define DLC_COMPILER_FRONTEND_MODEL_H

#include "compiler/frontend/LayerTable.h"
#include <optional>

namespace dlc::frontend {

/// A node of the graph: inputs come first, then layers in the order of the file.
using Node = unsigned;

struct Input {
  std::string name;
  llvm::SMLoc loc;
  std::vector<int64_t> shape; ///< of one sample
  std::string dtype;          ///< float32, uint8, int32 or int64
};

struct Layer {
  const LayerType *type = nullptr;
  std::string name;
  llvm::SMLoc loc;
  std::vector<FieldValue> fields; ///< one for each of the type's, in its order
  std::vector<Node> from;
  llvm::SMLoc fromLoc;
  std::optional<Node> share; ///< the layer that owns the weights
  llvm::SMLoc shareLoc;
  bool trainable = true;
};

/// Repetitions and blocks are expanded, names are resolved, defaults are filled in.
struct Model {
  std::string name;
  std::vector<Input> inputs;
  std::vector<Layer> layers;
  std::vector<Node> outputs;
  std::string weights; ///< as written; empty if not given
  json::Value train;   ///< null if not given
  NamedValue training; ///< the same, decoded

  bool isInput(Node node) const { return node < inputs.size(); }
  Layer &layer(Node node) { return layers[node - inputs.size()]; }
  const Layer &layer(Node node) const { return layers[node - inputs.size()]; }
  llvm::StringRef nameOf(Node node) const {
    return isInput(node) ? inputs[node].name : layer(node).name;
  }
};

/// Reads the main buffer of `sources`; prints what is wrong with it.
mlir::FailureOr<Model> readModel(llvm::SourceMgr &sources);

/// The model as canonical JSON: defaults filled in, repetitions expanded.
std::string printModel(const Model &model);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_MODEL_H
